// Rows that are followed: those that an event names are read again, together, and compared with what is shown.
import { quotedText } from '../../../query/quote.ts';
import { type DeviceEntry, listDevices } from '../../api/devices.ts';
import { isAborted } from '../../api/problem.ts';
import { after } from '../../state/clock.ts';
import type { PagedList } from '../../state/pages.ts';
import { openStream } from '../../state/stream.ts';
import { fieldsOfColumn } from './columns.tsx';
import type { Search } from './search.ts';

const types = [
  ...['inform', 'late', 'lost', 'back', 'fault', 'faultCleared', 'drift', 'task', 'rollout', 'job'],
  ...['enrolled', 'held', 'reconciled'],
];
/** Changed rows are read together. */
const GATHER_MS = 1000;

export interface FollowedRows {
  /** As they are shown by now. */
  current: () => { search: Search; list: PagedList<DeviceEntry> };
  /** Called with the ids of rows that were read, and those among them that match still. */
  onRead: (dirty: readonly string[], fits: ReadonlySet<string>) => void;
  /** Called with cells of which the value is another one, as `id column`. */
  onChanged: (cells: readonly string[]) => void;
}

/** The device that an event is about. */
function deviceOf({ device, fault, task }: Record<string, unknown>): string | undefined {
  const named = device ?? (fault as { device?: unknown } | undefined)?.device ?? (task as { device?: unknown })?.device;
  return typeof named === 'string' ? named : undefined;
}

const inIds = (ids: readonly string[]): string => `id in (${ids.map(quotedText).join(', ')})`;

/** Cells of which a value differs, as `id column`. */
function changedCells(before: DeviceEntry, now: DeviceEntry, columns: readonly string[]): string[] {
  const differs = (field: string): boolean => JSON.stringify(before[field]) !== JSON.stringify(now[field]);
  return columns.filter(column => fieldsOfColumn(column).some(differs)).map(column => `${now.id} ${column}`);
}

async function readAgain(
  dirty: readonly string[],
  { current, onRead, onChanged }: FollowedRows,
  signal: AbortSignal,
): Promise<void> {
  const { search, list } = current();
  const within = inIds(dirty);
  const [found, fitting] = await Promise.all([
    listDevices({ filter: within, fields: search.fields, limit: 200 }, signal),
    search.filter === ''
      ? undefined
      : listDevices({ filter: `(${search.filter}) and ${within}`, fields: 'id', limit: 200 }, signal),
  ]);
  const newer = new Map(found.items.map(item => [item.id, item]));
  const changed: string[] = [];
  list.replace(item => {
    const next = newer.get(item.id);
    if (next) changed.push(...changedCells(item, next, search.columns));
    return next ?? item;
  });
  onRead(dirty, new Set((fitting ?? found).items.map(({ id = '' }) => id)));
  if (changed.length > 0) onChanged(changed);
}

/** @param ids of the rows, separated by commas @returns ends it */
export function followRows(ids: string, rows: FollowedRows): () => void {
  const stop = new AbortController();
  const dirty = new Set<string>();
  let cancel: (() => void) | undefined;
  const flush = async (): Promise<void> => {
    const now = [...dirty];
    dirty.clear();
    cancel = undefined;
    try {
      await readAgain(now, rows, stop.signal);
    } catch (error) {
      // The rows stay as they are, and are read again a moment later.
      if (!isAborted(error)) note(now);
    }
  };
  const note = (named: readonly string[]): void => {
    for (const id of named) dirty.add(id);
    cancel ??= after(GATHER_MS, () => void flush());
  };
  const onEvent = (type: string, event: Record<string, unknown>): void => {
    const device = deviceOf(event);
    if (type === 'gap') note(ids.split(','));
    else if (device !== undefined) note([device]);
  };
  const endLine = openStream({ types, query: { devices: ids, rate: 2 }, onEvent });
  return () => {
    stop.abort();
    endLine();
    cancel?.();
  };
}
