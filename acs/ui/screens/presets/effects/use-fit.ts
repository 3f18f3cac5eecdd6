// The devices that the filter of a preset fits: counted some time after the last key, with one of them as an example.
import { useEffect, useState } from 'preact/hooks';
import { listDevices } from '../../../api/devices.ts';
import type { Problem } from '../../../api/problem.ts';
import { after, nowMs } from '../../../state/clock.ts';
import { useResource } from '../../../state/resource.ts';

const WAIT_MS = 600;

export interface Fit {
  count: number | undefined;
  /** Duration of the count in milliseconds. */
  ms: number | undefined;
  /** The id of one of the devices. */
  example: string | undefined;
  problem: Problem | undefined;
  /** The filter by which the devices are found. */
  filter: string;
}

export const enrolledOf = (when: string): string =>
  when.trim() === '' ? 'state = "enrolled"' : `(${when}) and state = "enrolled"`;

/** @param when undefined counts nothing */
export function useFit(when: string | undefined): Fit {
  const [asked, setAsked] = useState(when);
  useEffect(() => {
    if (when === asked) return;
    return after(WAIT_MS, () => setAsked(when));
  }, [when, asked]);
  const filter = enrolledOf(asked ?? '');
  const found = useResource(
    asked === undefined ? undefined : filter,
    async signal => {
      const begin = nowMs();
      const { items, total } = await listDevices({ filter, fields: 'id', limit: 1, count: true }, signal);
      return { count: total, example: items[0]?.id, ms: nowMs() - begin };
    },
    { keeps: true },
  );
  const isOld = found.problem !== undefined || found.isLoading;
  return {
    count: isOld ? undefined : found.value?.count,
    ms: found.value?.ms,
    example: found.value?.example,
    problem: found.problem,
    filter,
  };
}
