// A fault of a device, as its row holds it.

/** An obstacle between a device and its desired state: one per device and cause, retried with backoff. */
export interface DeviceFault {
  id: string;
  device: string;
  /** The attempt that failed: `preset:NAME`, `override:PATH`, `task:ID`, `reconcile`, `restart`, `move`, `drift:PRESET`, `fight:PATH`. */
  cause: string;
  code: number | string;
  message: string;
  /** The parameter that the device refused, where it named one. */
  parameter?: string;
  first: number;
  last: number;
  count: number;
  /** Time of the next attempt, milliseconds, unless an input of the failed one changes before. */
  retryAt: number;
  /** Fingerprint of the inputs of the failed attempt; absent: time alone ends the fault. */
  basis?: string;
  /** The stored file that the device took without effect: it counts as not taken once the fault is cleared, so that it is sent again. */
  file?: string;
}
