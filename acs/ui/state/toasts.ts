// Short messages at the edge of the page: what was begun, with a link to it, and what went wrong.
import { signal } from '@preact/signals';
import { after } from './clock.ts';

export interface Toast {
  number: number;
  tone: 'ok' | 'busy' | 'bad';
  text: string;
  link?: { href: string; text: string };
}

const SHOWN_MS = 8000;
let last = 0;

export const toasts = signal<readonly Toast[]>([]);

export const dismiss = (number: number): void => {
  toasts.value = toasts.value.filter(toast => toast.number !== number);
};

/** Shows a message. One that tells of a failure stays until it is closed. */
export function tell(toast: Omit<Toast, 'number'>): void {
  const number = ++last;
  toasts.value = [...toasts.value.slice(-3), { ...toast, number }];
  if (toast.tone !== 'bad') after(SHOWN_MS, () => dismiss(number));
}
