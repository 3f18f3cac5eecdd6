// The desired state of a device as its row holds it: wanted values, and what became of making them true.

export interface WantedValue {
  value: string;
  /** `xsd:…`; the model's type when absent. */
  type?: string;
}

/** A managed value, or table, that was found otherwise than wanted. Secrets are not in it. */
export interface Drift {
  path: string;
  preset: string;
  wanted: string;
  found: string;
  /** `corrected`: set right. `reported`: left as it is, as its preset asks. `fight`: left, because it was set right in vain too often. */
  state: 'corrected' | 'reported' | 'fight';
  /** Times in milliseconds; how often it was found so. */
  since: number;
  last: number;
  count: number;
  /** When it was set right, the newest last: as many as tell a fight. */
  corrections: number[];
  /** Tag of what is wanted: another one, and it is no longer left. */
  basis: string;
}

/** The device is sent to another ACS, by its wanted state. */
export interface Move {
  url: string;
  /** The URL that it had. */
  from: string;
  /** Times in milliseconds: begun; when it comes back by itself. */
  since: number;
  until: number;
  /** `waiting`: not begun, a fault says why. `confirmed`: it has arrived. `returned`: it was heard here again. */
  state: 'waiting' | 'moving' | 'confirmed' | 'returned';
  /** The Download that leads it back. */
  task?: string;
  /** When it was heard here again. */
  heard?: number;
  /** Tag of what is wanted. */
  basis: string;
}

/** Settings that the device took wait for a restart. */
export interface RestartDue {
  /** Empty: the whole unit. */
  services: string[];
  wish: 'now' | 'idle' | 'never';
  /** The preset that has the say. */
  preset?: string;
  /** Times in milliseconds. */
  since: number;
  /** Why it was not restarted when it was last looked at. */
  waits?: string;
  /** When a Reboot was asked for. */
  asked?: number;
}

/** That the wanted state of a device was found or made true. */
export interface Reconciled {
  revision: string;
  /** Preset generation and facts that it was computed from. */
  generation: number;
  facts: string;
  /** Something is wanted of the device. */
  managed?: boolean;
  /** When it is to be looked after again whether it still holds, milliseconds; absent: never. */
  auditAt?: number;
  /** Something may have touched it: in this session (`fresh`), or in one that ended before it was looked after (`standing`). */
  suspect?: 'fresh' | 'standing';
}
