// A fault of a device, as its row holds it.

/** Something that keeps a device from what is wanted: one per device and cause, retried with backoff. */
export interface DeviceFault {
  id: string;
  device: string;
  /** What could not be done: `preset:NAME`, `override:PATH`, `task:ID`, `reconcile`, `restart`, `move`, `drift:PRESET`, `fight:PATH`. */
  cause: string;
  code: number | string;
  message: string;
  /** The parameter at fault, where there is one. */
  parameter?: string;
  first: number;
  last: number;
  count: number;
  /** Not tried again before, unless what it rests on changes. */
  retryAt: number;
  /** Tag of what the fault rests on (wanted.ts); absent: time alone ends it. */
  basis?: string;
  /** The stored file that was taken without its effect: forgotten as taken when the fault is cleared, so that it is sent again. */
  file?: string;
}
