// Live changes of the rows on screen: cells change in place, rows that match no more stay and turn grey, new matches wait.
import { useEffect, useRef, useState } from 'preact/hooks';
import { countDevices, type DeviceEntry } from '../../api/devices.ts';
import { isAborted } from '../../api/problem.ts';
import { after, every } from '../../state/clock.ts';
import type { PagedList } from '../../state/pages.ts';
import type { Search } from './search.ts';

/** Rows are followed once the list stands still. */
const SETTLE_MS = 400;
const FLASH_MS = 1300;
const COUNT_MS = 10_000;

export interface Live {
  isGone: (entry: DeviceEntry) => boolean;
  isNew: (entry: DeviceEntry, column: string) => boolean;
  /** Devices that match and are not in the list as it is shown. */
  fresh: number;
}

export function useLive(search: Search, list: PagedList<DeviceEntry>, seen: { first: number; last: number }): Live {
  const [gone, setGone] = useState<ReadonlySet<string>>(new Set());
  const [flashes, setFlashes] = useState<ReadonlySet<string>>(new Set());
  const matching = useMatching(search.filter, list);
  const current = useRef({ search, list });
  current.current = { search, list };
  const rows = Array.from({ length: Math.max(0, seen.last - seen.first + 1) }, (_, nth) =>
    list.itemAt(seen.first + nth),
  );
  const ids = rows.flatMap(row => row?.id ?? []).join(',');
  useEffect(() => {
    if (ids === '') return;
    let isOver = false;
    let end = (): void => undefined;
    const follow = async (): Promise<void> => {
      const { followRows } = await import('./layers.ts');
      if (isOver) return;
      end = followRows(ids, {
        current: () => current.current,
        onRead: (dirty, fits) =>
          setGone(
            before => new Set([...[...before].filter(id => !dirty.includes(id)), ...dirty.filter(id => !fits.has(id))]),
          ),
        onChanged: cells => {
          setFlashes(new Set(cells));
          after(FLASH_MS, () => setFlashes(new Set()));
        },
      });
    };
    const endWait = after(SETTLE_MS, () => void follow());
    return () => {
      isOver = true;
      endWait();
      end();
    };
  }, [ids]);
  useEffect(() => setGone(new Set()), [list.key, list.at]);
  return {
    isGone: ({ id = '' }) => gone.has(id),
    isNew: ({ id }, column) => flashes.has(`${id} ${column}`),
    fresh: matching === undefined ? 0 : Math.max(0, matching - (list.total - gone.size)),
  };
}

/** The number of devices that match by now; undefined before it was counted again. */
function useMatching(filter: string, { key, at }: PagedList<DeviceEntry>): number | undefined {
  const [matching, setMatching] = useState<number | undefined>(undefined);
  useEffect(() => {
    setMatching(undefined);
    if (at === undefined) return;
    const stop = new AbortController();
    const count = async (): Promise<void> => {
      try {
        setMatching(await countDevices(filter, stop.signal));
      } catch (error) {
        // The number is of no use any more, the list itself says what is wrong.
        if (!isAborted(error)) setMatching(undefined);
      }
    };
    const end = every(COUNT_MS, () => void count());
    return () => {
      stop.abort();
      end();
    };
  }, [key, at]);
  return matching;
}
