// A part of the page that has nothing to show, with the reason and what can be done.
import type { ComponentChildren, JSX } from 'preact';

export interface EmptyProps {
  title: string;
  text?: string | undefined;
  /** Links or buttons that lead on. */
  children?: ComponentChildren;
}

export const Empty = ({ title, text, children }: EmptyProps): JSX.Element => (
  <div class="empty">
    <h2>{title}</h2>
    {text && <p>{text}</p>}
    {children && <div class="row">{children}</div>}
  </div>
);
