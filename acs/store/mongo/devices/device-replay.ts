// A group of operations on one device, the document after it, and the update that makes it of the one before: pure.
import type { DeviceOperation, DeviceOperations } from '../../../device/operation-types.ts';
import { operate } from '../../../device/operations.ts';
import type { DeviceRow } from '../../../device/row.ts';
import { addressedNotices, type Subscribers } from '../../notices.ts';
import { checkedText, jsonOf, noSuchDevice } from '../../text-checks.ts';
import type { DeviceDocument, EndedTask, HeldDocument, StoredNotice } from '../collections.ts';
import { storedNotices } from '../deliveries.ts';
import type { Link } from '../link.ts';
import { type FieldUpdate, stamp } from '../versioned.ts';
import { checkSize, columnsOf, endedTaskOf } from './device-document.ts';
import type { Put } from './known-tree.ts';

export interface AnyOperation {
  name: DeviceOperation;
  args: DeviceOperations[DeviceOperation]['args'];
  /** Values that go into the device's tree with it. */
  put?: Put | undefined;
}

export type Outcome = { ok: true; value: unknown } | { ok: false; error: unknown };

/** The results of a group of operations. */
interface Replay {
  /** One for each operation that was reached: a removal ends the group. */
  outcomes: Outcome[];
  row: DeviceRow | undefined;
  /** JSON of `row`, where that is another one than before. */
  json: string;
  ended: EndedTask[];
  notices: StoredNotice[];
  puts: Put[];
}

export function replay(
  id: string,
  before: DeviceRow | undefined,
  group: readonly AnyOperation[],
  subscribers: Subscribers,
): Replay {
  const replayed: Replay = { outcomes: [], row: before, json: '', ended: [], notices: [], puts: [] };
  for (const { name, args, put } of group) {
    try {
      checkPut(id, replayed.row, put);
      const change = operate(name, id, replayed.row, args);
      const json = change.row && change.row !== replayed.row ? jsonOf(change.row) : replayed.json;
      if (change.row) checkSize(`device ${id}`, [json, ...replayed.ended.map(task => task.body)]);
      replayed.ended.push(...change.ended.map(endedTaskOf));
      if (subscribers.any)
        replayed.notices.push(...storedNotices(addressedNotices(subscribers, replayed.row, change, args)));
      replayed.puts.push(...putsOf(put));
      const isRemoved = replayed.row && !change.row;
      replayed.row = change.row;
      replayed.json = json;
      replayed.outcomes.push({ ok: true, value: change.result });
      if (isRemoved) break;
    } catch (error) {
      // The operation's own caller gets the error; the others of the group continue without it.
      replayed.outcomes.push({ ok: false, error });
    }
  }
  return replayed;
}

/** @throws UserError 404 where there is no device, 413 where the values are refused */
function checkPut(id: string, row: DeviceRow | undefined, put: Put | undefined): void {
  if (put && !row) throw noSuchDevice(id);
  if (put?.refused) throw put.refused;
}

/** None for a put without any effect. */
const putsOf = (put: Put | undefined): Put[] =>
  put && (put.values.size > 0 || put.replaceBelow !== undefined) ? [put] : [];

/** The next document without the fields that follow from its row: all that is absent here is absent there. */
export function headAfter(
  link: Link,
  _id: string,
  stored: HeldDocument | undefined,
  { row, json, ended, notices }: Replay,
  tree: Pick<HeldDocument, 'tree' | 'known' | 'chunks' | 'replaced'>,
): HeldDocument {
  if (!stored) checkedText(_id);
  const outbox = {
    ...(ended.length > 0 ? { outbox: ended } : {}),
    ...(notices.length > 0 ? { notices } : {}),
  };
  const head = { _id, ...stamp(link, stored), ...outbox };
  if (!row) return { ...head, tree: tree.tree, gone: true };
  return { ...head, ...tree, row: json || (stored?.row ?? '') };
}

/** The whole document. */
export const documentOf = (head: HeldDocument, row: DeviceRow | undefined): DeviceDocument => ({
  ...head,
  ...(row ? columnsOf(row) : {}),
});

type Fields = Record<string, unknown>;

/** The fields in which a document differs from the one before, which this process wrote as a whole: what does not change is not sent. */
export function updateOf(stored: HeldDocument, before: DeviceRow, head: HeldDocument, row: DeviceRow): FieldUpdate {
  const old: Fields = { ...stored, ...columnsOf(before, row) };
  const next: Fields = { ...head, ...columnsOf(row, before) };
  const set: Fields = {};
  for (const [name, value] of Object.entries(next)) if (!isSame(old[name], value)) set[name] = value;
  const unset = Object.keys(old).filter(name => old[name] !== undefined && next[name] === undefined);
  return {
    $set: set,
    ...(unset.length > 0 ? { $unset: Object.fromEntries(unset.map(name => [name, '' as const])) } : {}),
  };
}

const isSame = (a: unknown, b: unknown): boolean =>
  a === b || (typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b));
