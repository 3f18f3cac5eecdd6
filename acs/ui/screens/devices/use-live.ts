// Live changes of the rows on screen: cells change in place, rows that match no more stay and turn grey, new matches wait.
import { useEffect, useRef, useState } from 'preact/hooks';
import { quotedText } from '../../../query/quote.ts';
import { countDevices, type DeviceEntry, listDevices } from '../../api/devices.ts';
import { isAborted } from '../../api/problem.ts';
import { after, every } from '../../state/clock.ts';
import type { PagedList } from '../../state/pages.ts';
import { openStream } from '../../state/stream.ts';
import { fieldsOfColumn } from './columns.tsx';
import type { Search } from './search.ts';

const types = [
  ...['inform', 'late', 'lost', 'back', 'fault', 'faultCleared', 'drift', 'task', 'rollout', 'job'],
  ...['enrolled', 'held', 'reconciled'],
];
/** Rows are followed once the list stands still. */
const SETTLE_MS = 400;
/** Changed rows are read together. */
const GATHER_MS = 1000;
const FLASH_MS = 1300;
const COUNT_MS = 10_000;

export interface Live {
  isGone: (entry: DeviceEntry) => boolean;
  isNew: (entry: DeviceEntry, column: string) => boolean;
  /** Devices that match and are not in the list as it is shown. */
  fresh: number;
}

/** The device that an event is about. */
function deviceOf({ device, fault, task }: Record<string, unknown>): string | undefined {
  const named = device ?? (fault as { device?: unknown } | undefined)?.device ?? (task as { device?: unknown })?.device;
  return typeof named === 'string' ? named : undefined;
}

const inIds = (ids: readonly string[]): string => `id in (${ids.map(quotedText).join(', ')})`;

/** Cells of which a value differs, as `id column`. */
function changedCells(before: DeviceEntry, after: DeviceEntry, columns: readonly string[]): string[] {
  const differs = (field: string): boolean => JSON.stringify(before[field]) !== JSON.stringify(after[field]);
  return columns.filter(column => fieldsOfColumn(column).some(differs)).map(column => `${after.id} ${column}`);
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
  const readAgain = async (dirty: readonly string[], signal: AbortSignal): Promise<void> => {
    const { search: asked, list: shown } = current.current;
    const within = inIds(dirty);
    const [found, fitting] = await Promise.all([
      listDevices({ filter: within, fields: asked.fields, limit: 200 }, signal),
      asked.filter === ''
        ? undefined
        : listDevices({ filter: `(${asked.filter}) and ${within}`, fields: 'id', limit: 200 }, signal),
    ]);
    const newer = new Map(found.items.map(item => [item.id, item]));
    const fits = new Set((fitting ?? found).items.map(({ id }) => id));
    const changed: string[] = [];
    shown.replace(item => {
      const next = newer.get(item.id);
      if (next) changed.push(...changedCells(item, next, asked.columns));
      return next ?? item;
    });
    setGone(
      before => new Set([...[...before].filter(id => !dirty.includes(id)), ...dirty.filter(id => !fits.has(id))]),
    );
    if (changed.length === 0) return;
    setFlashes(new Set(changed));
    after(FLASH_MS, () => setFlashes(new Set()));
  };
  useEffect(() => {
    if (ids === '') return;
    const stop = new AbortController();
    const dirty = new Set<string>();
    let endLine = (): void => undefined;
    let cancel: (() => void) | undefined;
    const flush = async (): Promise<void> => {
      const now = [...dirty];
      dirty.clear();
      cancel = undefined;
      try {
        await readAgain(now, stop.signal);
      } catch (error) {
        // The rows stay as they are, and are read again a moment later.
        if (!isAborted(error)) note(now);
      }
    };
    const note = (named: readonly string[]): void => {
      for (const id of named) dirty.add(id);
      cancel ??= after(GATHER_MS, () => void flush());
    };
    const open = (): void => {
      const onEvent = (type: string, event: Record<string, unknown>): void => {
        const device = deviceOf(event);
        if (type === 'gap') note(ids.split(','));
        else if (device !== undefined) note([device]);
      };
      endLine = openStream({ types, query: { devices: ids, rate: 2 }, onEvent });
    };
    const endWait = after(SETTLE_MS, open);
    return () => {
      stop.abort();
      endWait();
      endLine();
      cancel?.();
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
