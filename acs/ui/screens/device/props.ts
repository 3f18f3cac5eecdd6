// Properties of all parts of the screen of a device.
import type { Device } from '../../api/shapes.ts';
import type { DeviceLine } from '../../state/device-line.ts';

export interface TabProps {
  /** As it was last read: a newer one comes with each change. */
  device: Device;
  /** Live events of the device. */
  line: DeviceLine;
  /** Reads the device again. */
  reload: () => void;
}
