// The shapes of the API's answers, taken from the schemas that the server answers by.
import type { Static } from 'typebox';
import type * as access from '../../north/schemas/access.ts';
import type * as devices from '../../north/schemas/devices.ts';
import type * as faults from '../../north/schemas/faults.ts';
import type * as summaries from '../../north/schemas/monitoring/summary.ts';

export type Device = Static<typeof devices.device>;
export type Fault = Static<typeof faults.fault>;
export type Session = Static<typeof access.session>;
export type Summary = Static<typeof summaries.summary>;

/** A page of a list. */
export interface Page<T> {
  items: T[];
  next: string | null;
  /** With `count`. */
  total?: number;
  exact?: boolean;
  countedAt?: string;
}
