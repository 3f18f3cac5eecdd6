// One operation on many devices: what is common to them once, and of each its id and what differs.
import type { DeviceOperations } from './operation-types.ts';
import type { RolloutPosition } from './rollout-position.ts';

type Args<N extends 'rolloutAssigned' | 'rolloutJudged'> = DeviceOperations[N]['args'];

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

export interface SingleOperation {
  id: string;
  name: ManyOperation['name'];
  args: Args<ManyOperation['name']>;
}

/** The same as single operations. */
export function singlesOf(many: ManyOperation): SingleOperation[] {
  const { name, common } = many;
  if (name === 'rolloutJudged') return many.devices.map(([id]) => ({ id, name, args: common }));
  return many.devices.map(([id, wave, zone]) => ({ id, name, args: { ...many.common, wave, zone } }));
}

/** @param result of the single operation */
export function movedOf(result: RolloutPosition | 'elsewhere' | 'gone' | 'stale'): Moved {
  if (typeof result === 'string') return result;
  const { state, wave, reason } = result;
  return reason === undefined ? { state, wave } : { state, wave, reason };
}
