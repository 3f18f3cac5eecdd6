// The properties of a group of faults as it is shown.
import type { JSX } from 'preact';
import type { FaultGroup } from '../../api/faults.ts';

export interface GroupProps {
  group: FaultGroup;
  /** None of its faults is left. */
  isGone: boolean;
  isOpen: boolean;
  /** The filter of the list that it stands in. */
  filter: string | undefined;
  /** Shows a dialog, or none. */
  onDialog: (dialog: JSX.Element | undefined) => void;
  onDone: () => void;
}
