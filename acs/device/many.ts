// One operation on many devices: what is common to them once, and of each its id and what differs. It looks at a part of a row only, and
// changes nothing but the position in a rollout.
import type { DeviceOperations } from './operation-types.ts';
import type { RolloutPosition } from './rollout-position.ts';
import { assign, type PlacedRow, verdict } from './rollout-transitions.ts';

type Many = 'rolloutAssigned' | 'rolloutJudged';
type Args<N extends Many> = DeviceOperations[N]['args'];

/** Plain data, as the arguments of a single operation are. */
export type ManyOperation =
  | {
      name: 'rolloutAssigned';
      common: Omit<Args<'rolloutAssigned'>, 'wave' | 'zone'>;
      devices: [id: string, wave: number, zone: string][];
    }
  | { name: 'rolloutJudged'; common: Args<'rolloutJudged'>; devices: [id: string][] };

/** The fields of a device's new position that an event carries, or the reason why there is none. */
export type Moved = Pick<RolloutPosition, 'state' | 'wave' | 'reason'> | 'elsewhere' | 'gone' | 'stale';

export type SingleOperation = { id: string } & { [N in Many]: { name: N; args: Args<N> } }[Many];

/** The result of an operation, and the new position where it changes. */
export interface Move<N extends Many = Many> {
  position?: RolloutPosition;
  result: DeviceOperations[N]['result'];
}

/** The same as single operations. */
export function singlesOf(many: ManyOperation): SingleOperation[] {
  if (many.name === 'rolloutJudged') {
    const { name, common: args } = many;
    return many.devices.map(([id]) => ({ id, name, args }));
  }
  const { name, common } = many;
  return many.devices.map(([id, wave, zone]) => ({ id, name, args: { ...common, wave, zone } }));
}

export const moveOf = (row: PlacedRow | undefined, single: SingleOperation): Move =>
  single.name === 'rolloutAssigned' ? assigned(row, single.args) : judged(row, single.args);

export function assigned(row: PlacedRow | undefined, args: Args<'rolloutAssigned'>): Move<'rolloutAssigned'> {
  if (!row) return { result: 'gone' };
  if (row.rollout?.id === args.id) return { result: row.rollout };
  const position = assign(row, args);
  return position === 'elsewhere' ? { result: position } : { position, result: position };
}

export function judged(row: PlacedRow | undefined, args: Args<'rolloutJudged'>): Move<'rolloutJudged'> {
  if (row?.rollout?.id !== args.id) return { result: 'stale' };
  const position = verdict(row.rollout, args);
  return position === row.rollout ? { result: 'stale' } : { position, result: position };
}

/** @param result of the single operation */
export function movedOf(result: Move['result']): Moved {
  if (typeof result === 'string') return result;
  const { state, wave, reason } = result;
  return reason === undefined ? { state, wave } : { state, wave, reason };
}
