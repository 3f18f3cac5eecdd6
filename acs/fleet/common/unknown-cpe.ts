// The record of a CPE that informed without good credentials.

import type { DeviceIdentity } from '../../device/row.ts';

export interface UnknownCpe {
  /** Absent in the record of an older process. */
  identity?: DeviceIdentity;
  device: string;
  address: string;
  first: number;
  last: number;
  count: number;
  /** The judgement of its last login: `missing`, `wrong`, …; absent in the record of an older process. */
  reason?: string;
}
