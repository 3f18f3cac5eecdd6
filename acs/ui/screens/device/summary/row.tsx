// A line of a panel: a name, a value, its age, and the parameter that told it.
import type { ComponentChildren, JSX } from 'preact';
import { Age } from '../../../components/age.tsx';

export interface RowProps {
  name: ComponentChildren;
  children: ComponentChildren;
  at?: string | null | undefined;
}

export const Row = ({ name, children, at }: RowProps): JSX.Element => (
  <>
    <dt>{name}</dt>
    <dd>
      {at && (
        <span class="age">
          <Age at={at} />
        </span>
      )}
      {children}
    </dd>
  </>
);
