// A gateway of the demo.
import type { Gateway } from '../../cpe/gateway.ts';

export interface Unit {
  name: 'A' | 'B';
  /** Its id at the ACS. */
  id: string;
  user: string;
  /** Hz of the tone that it sends in a call. */
  tone: number;
  gateway: Gateway;
}
