// A group of operations on one device, and the document after it: pure.
import type { DeviceOperation, DeviceOperations } from '../../../device/operation-types.ts';
import type { Change } from '../../../device/operations/operation.ts';
import { operate } from '../../../device/operations.ts';
import type { DeviceRow } from '../../../device/row.ts';
import { noticesOf, type Subscribers } from '../../notices.ts';
import { checkedText, jsonOf } from '../../text-checks.ts';
import type { DeviceDocument, EndedTask, StoredNotice } from '../collections.ts';
import { storedNotices } from '../deliveries.ts';
import type { Link } from '../link.ts';
import { stamp } from '../versioned.ts';
import { checkSize, columnsOf, endedTaskOf } from './device-document.ts';

export interface AnyOperation {
  name: DeviceOperation;
  args: DeviceOperations[DeviceOperation]['args'];
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
}

export function replay(
  id: string,
  before: DeviceRow | undefined,
  group: readonly AnyOperation[],
  subscribers: Subscribers,
): Replay {
  const replayed: Replay = { outcomes: [], row: before, json: '', ended: [], notices: [] };
  for (const { name, args } of group) {
    try {
      const change = operate(name, id, replayed.row, args);
      const json = change.row && change.row !== replayed.row ? jsonOf(change.row) : replayed.json;
      if (change.row) checkSize(`device ${id}`, [json, ...replayed.ended.map(task => task.body)]);
      replayed.ended.push(...change.ended.map(endedTaskOf));
      if (subscribers.any) replayed.notices.push(...noticesAfter(replayed.row, change, args, subscribers));
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

function noticesAfter(
  before: DeviceRow | undefined,
  { row, ended }: Pick<Change<unknown>, 'row' | 'ended'>,
  args: AnyOperation['args'],
  subscribers: Subscribers,
): StoredNotice[] {
  const now = 'now' in args ? args.now : undefined;
  return storedNotices(subscribers.address(noticesOf(before, row, ended, now), row ?? before, now ?? 0));
}

export function documentAfter(
  link: Link,
  _id: string,
  stored: DeviceDocument | undefined,
  { row, json, ended, notices }: Replay,
): DeviceDocument {
  if (!stored) checkedText(_id);
  const outbox = {
    ...(ended.length > 0 ? { outbox: ended } : {}),
    ...(notices.length > 0 ? { notices } : {}),
  };
  const tree = stored && !stored.gone ? stored.tree : link.newId();
  const head = { _id, ...stamp(link, stored), tree, ...outbox };
  if (!row) return { ...head, gone: true };
  return { ...head, row: json, ...columnsOf(row) };
}
