// A parameter of a device as the store knows it, in the tree that lies apart from the row.
import type { ParameterValue } from '../../shared/cwmp/methods.ts';

/** One known value of the parameter tree. `time`: when it was read or set, milliseconds. */
export interface KnownValue {
  path: string;
  value: string;
  type: string;
  writable?: boolean;
  notification?: number;
  time: number;
}

/** The values of a list of an RPC, as they are known from then on. */
export const knownValues = (list: readonly ParameterValue[], time: number): KnownValue[] =>
  list.map(({ Name, Value, Type }) => ({ path: Name, value: Value, type: Type, time }));
