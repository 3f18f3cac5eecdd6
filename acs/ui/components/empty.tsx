// A part of the page that has nothing to show, with the reason and what can be done.
import type { ComponentChildren, JSX } from 'preact';

export interface EmptyProps {
  title: string;
  text?: string | undefined;
  /** It is all that the page has. */
  isPage?: boolean;
  /** Links or buttons that lead on. */
  children?: ComponentChildren;
}

export const Empty = ({ title, text, isPage = false, children }: EmptyProps): JSX.Element => (
  <div class="empty">
    {isPage ? <h1>{title}</h1> : <h2>{title}</h2>}
    {text && <p>{text}</p>}
    {children && <div class="row">{children}</div>}
  </div>
);
