// The dialog of the device screen that is open: any part of the screen opens one by its name.
import { signal } from '@preact/signals';

export type DialogName =
  | 'reboot'
  | 'reset'
  | 'forget'
  | 'tags'
  | 'site'
  | 'override'
  | 'diagnostics'
  | 'download'
  | 'upload'
  | 'swap'
  | 'hold'
  | 'approve';

export interface Opened {
  name: DialogName;
  /** The field, path or kind that it begins with. */
  given?: string | undefined;
}

export const opened = signal<Opened | undefined>(undefined);

export const openDialog = (name: DialogName, given?: string): void => {
  opened.value = { name, given };
};
