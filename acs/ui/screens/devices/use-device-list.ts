// The list that a search stands for, in pages; read again by itself after a failure that may pass.
import { useEffect } from 'preact/hooks';
import { type DeviceEntry, listDevices } from '../../api/devices.ts';
import { after } from '../../state/clock.ts';
import { type PagedList, usePages } from '../../state/pages.ts';
import type { Search } from './search.ts';

/** Answers of a server that is busy, away or restarting; 0 for none at all. */
const passing = new Set([0, 429, 502, 503, 504]);
const AGAIN_MS = 8000;

export function useDeviceList({ filter, sort, fields, at }: Search): PagedList<DeviceEntry> {
  const list = usePages(
    JSON.stringify([filter, sort, fields]),
    async ({ offset, cursor, count }, signal) =>
      await listDevices(
        {
          filter: filter || undefined,
          sort,
          fields,
          limit: 100,
          ...(cursor === undefined ? { offset: offset || undefined } : { cursor }),
          ...(count ? { count } : {}),
        },
        signal,
      ),
    at,
  );
  const { problem, reload } = list;
  useEffect(() => (problem && passing.has(problem.status) ? after(AGAIN_MS, reload) : undefined), [problem]);
  return list;
}
