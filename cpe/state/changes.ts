// Changes of a unit's parameters: their sources, requests and results.

/** The origin of a change. The ACS is notified of all changes but its own (TR-069 A.3.2.1). */
export type Source = 'acs' | 'script' | 'web' | 'unit';

export interface SetItem {
  /** Full TR-069 path. */
  name: string;
  value: string;
  /** xsi:type as sent (`xsd:string`), for strict type validation; absent where the source knows no types. */
  type?: string;
}

export interface Change {
  path: string;
  before: string;
  value: string;
}

/** Reports a problem of a draft. @param code CWMP fault code */
export type Problem = (path: string, code: number, message: string) => void;
