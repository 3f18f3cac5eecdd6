// Groups of devices for which an alert holds: pending at first, firing once it has held for the time of its rule.
import type { Group } from '../../store/store.ts';
import type { CompiledAlert } from './alert-rule.ts';

export type AlertState = 'ok' | 'pending' | 'firing';

export interface AlertGroup {
  key: string;
  state: 'pending' | 'firing';
  /** The times since which it holds, and since which it fires, milliseconds. */
  since: number;
  firing?: number;
  count: number;
  total: number;
  samples: string[];
}

export const isOver = ({ count, total }: Group, above: CompiledAlert['above']): boolean =>
  count > above.count && (above.share === undefined || count / total > above.share);

/** @param before the same group at the evaluation before */
export function alertGroup(
  group: Group,
  before: AlertGroup | undefined,
  { forMs, silentUntil }: Pick<CompiledAlert, 'forMs' | 'silentUntil'>,
  now: number,
): AlertGroup {
  const since = before?.since ?? now;
  const firing = before?.firing ?? (now - since >= forMs && now >= silentUntil ? now : undefined);
  return {
    ...group,
    state: firing === undefined ? 'pending' : 'firing',
    since,
    ...(firing === undefined ? {} : { firing }),
  };
}

export interface Transition {
  state: 'firing' | 'resolved';
  group: AlertGroup;
}

/** Groups that have begun to fire, and groups that have ceased to. */
export function transitions(before: readonly AlertGroup[], after: readonly AlertGroup[]): Transition[] {
  const fired = new Set(before.filter(isFiring).map(group => group.key));
  const fires = new Set(after.filter(isFiring).map(group => group.key));
  return [
    ...after
      .filter(group => isFiring(group) && !fired.has(group.key))
      .map(group => ({ state: 'firing' as const, group })),
    ...before
      .filter(group => isFiring(group) && !fires.has(group.key))
      .map(group => ({ state: 'resolved' as const, group })),
  ];
}

const isFiring = ({ state }: AlertGroup): boolean => state === 'firing';

/** The state of an alert: that of its worst group. */
export function worstState(groups: readonly AlertGroup[]): AlertState {
  if (groups.some(isFiring)) return 'firing';
  return groups.length > 0 ? 'pending' : 'ok';
}
