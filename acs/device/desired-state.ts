// The desired state of a device as its row holds it: wanted values, and what became of making them true.

export interface WantedValue {
  value: string;
  /** `xsd:…`; the model's type when absent. */
  type?: string;
}

/** A managed value, or table, that differs from the desired one. It holds no secrets. */
export interface Drift {
  path: string;
  preset: string;
  wanted: string;
  found: string;
  /** `corrected`: it was set again. `reported`: its preset asks to leave it. `fight`: it was set again too often in vain, and is left. */
  state: 'corrected' | 'reported' | 'fight';
  /** Times in milliseconds. */
  since: number;
  last: number;
  count: number;
  /** Times of corrections, the newest last; no more than the detection of a fight needs. */
  corrections: number[];
  /** Fingerprint of the desired value: a drift that is left is corrected again once it changes. */
  basis: string;
}

/** A move of the device to another ACS, by its desired state. */
export interface Move {
  url: string;
  /** The URL that it had. */
  from: string;
  /** Times in milliseconds: when the move began, and when the device returns by itself. */
  since: number;
  until: number;
  /** `waiting`: not begun, a fault says why. `confirmed`: it has arrived. `returned`: it informed here again. */
  state: 'waiting' | 'moving' | 'confirmed' | 'returned';
  /** The Download that leads it back. */
  task?: string;
  /** Time of its first Inform here after the move, milliseconds. */
  heard?: number;
  /** Fingerprint of the desired move. */
  basis: string;
}

/** A restart that settings which the device took wait for. */
export interface RestartDue {
  /** The services to restart; empty for the whole unit. */
  services: string[];
  wish: 'now' | 'idle' | 'never';
  /** The preset that decides `wish`. */
  preset?: string;
  /** Times in milliseconds. */
  since: number;
  /** The reason for which the last session did not restart it. */
  waits?: string;
  /** Time of the Reboot that was requested, milliseconds. */
  asked?: number;
}

/** The desired state that a device was last found in, or brought to. */
export interface Reconciled {
  revision: string;
  /** Preset generation, and fingerprint of the device's own facts, that it was computed from. */
  generation: number;
  facts: string;
  /** The desired state has at least one value. */
  managed?: boolean;
  /** Time of the next drift check, milliseconds; absent: never. */
  auditAt?: number;
  /** Managed values may have changed: in this session (`fresh`), or in one that ended before the drift check (`standing`). */
  suspect?: 'fresh' | 'standing';
}
