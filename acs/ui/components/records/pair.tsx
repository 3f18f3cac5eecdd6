// A name and its value in a list of facts.
import type { ComponentChildren, JSX } from 'preact';

export const Pair = ({ name, children }: { name: string; children: ComponentChildren }): JSX.Element => (
  <>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </>
);
