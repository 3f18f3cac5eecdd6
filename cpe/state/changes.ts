// Changes of a unit's parameters: where one comes from, what it asks for, and what it changed.

/** Who changes a value. Only changes that the ACS did not make itself are notified to it (TR-069 A.3.2.1). */
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

/** Reports what is wrong with a draft. @param code CWMP fault code */
export type Problem = (path: string, code: number, message: string) => void;
