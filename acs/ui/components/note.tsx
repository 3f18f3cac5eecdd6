// A note in a tone, with a shape that tells it apart without colour.
import type { ComponentChildren, JSX } from 'preact';
import { Icon } from './icon.tsx';

export interface NoteProps {
  tone: 'ok' | 'warn' | 'bad' | 'busy';
  children: ComponentChildren;
  /** Read out at once. */
  isAlert?: boolean;
}

export const Note = ({ tone, children, isAlert = false }: NoteProps): JSX.Element => (
  <div class={`note ${tone}`} {...(isAlert ? { role: 'alert' as const } : {})}>
    <Icon name={tone === 'ok' ? 'check' : tone === 'busy' ? 'info' : 'faults'} />
    <div>{children}</div>
  </div>
);
