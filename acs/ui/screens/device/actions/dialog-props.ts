// Properties of the dialogs of a device.
import type { TabProps } from '../props.ts';

export interface DialogProps extends TabProps {
  /** The field, path or kind that it begins with. */
  given?: string | undefined;
  onClose: () => void;
}
