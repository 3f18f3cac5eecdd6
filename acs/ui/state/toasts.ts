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

/**
 * Shows a message. One that tells of a failure stays until it is closed.
 * @param replaces the number of a message that it takes the place of, while that one is shown
 * @returns its number
 */
export function tell(toast: Omit<Toast, 'number'>, replaces?: number): number {
  const number = ++last;
  const told = { ...toast, number };
  const isShown = toasts.value.some(each => each.number === replaces);
  toasts.value = isShown
    ? toasts.value.map(each => (each.number === replaces ? told : each))
    : [...toasts.value.slice(-3), told];
  if (toast.tone !== 'bad') after(SHOWN_MS, () => dismiss(number));
  return number;
}
