// Changes of a unit's parameters: their sources, requests and results.

/** The origin of a change. The ACS is notified of all changes but its own (TR-069 A.3.2.1). */
export type Source = 'acs' | 'script' | 'web' | 'cli' | 'snmp' | 'unit';

/** Changes that a person at the unit makes (TR-069 3.7.1.3, the Subscriber). */
export const isSubscriber = (source: Source): boolean => source === 'web' || source === 'cli' || source === 'snmp';

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
