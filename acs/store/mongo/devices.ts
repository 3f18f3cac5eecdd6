// Changes of devices in MongoDB: read the document, carry out the pure operation, replace the document if it is still the same one.
// What is asked of one device at a time goes in one such write; different devices go side by side.
import type { DeviceOperation, DeviceOperations } from '../../device/operation-types.ts';
import { type Change, operate } from '../../device/operations.ts';
import type { DeviceRow } from '../../device/row.ts';
import { noticesOf, type Subscribers } from '../notices.ts';
import { checkedText, jsonOf } from '../text-checks.ts';
import type { Collections, DeviceDocument, EndedTask, StoredNotice } from './collections.ts';
import { type Deliveries, storedNotices } from './deliveries.ts';
import { checkSize, columnsOf, endedTaskOf, rowOf, textKey } from './device-document.ts';
import { type Link, stamp } from './link.ts';
import type { Trees } from './parameter-trees.ts';

export interface Devices {
  apply<N extends DeviceOperation>(
    id: string,
    name: N,
    args: DeviceOperations[N]['args'],
  ): Promise<DeviceOperations[N]['result']>;
  /** Finishes what a process that ended left half done: copies outboxes, forgets removed devices. */
  sweep(): Promise<void>;
}

interface QueuedOperation {
  name: DeviceOperation;
  args: DeviceOperations[DeviceOperation]['args'];
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

type Outcome = { ok: true; value: unknown } | { ok: false; error: unknown };

/** What a group of operations makes of a row. */
interface Replay {
  /** One for each operation that was reached: a removal ends the group. */
  outcomes: Outcome[];
  row: DeviceRow | undefined;
  /** JSON of `row`, where that is another one than before. */
  json: string;
  ended: EndedTask[];
  notices: StoredNotice[];
}

/** Operations on one device that go in one write. */
const MAX_GROUP = 64;
const SWEEP_BATCH = 500;

/** The queue of what is told to webhooks, and who wants what now. */
export interface Telling {
  subscribers(): Promise<Subscribers>;
  deliveries: Pick<Deliveries, 'add'>;
}

export function createDevices(link: Link, { devices, ended }: Collections, trees: Trees, telling: Telling): Devices {
  const queues = new Map<string, QueuedOperation[]>();
  /** What is finished after the answer was given. */
  const finishing = new Set<Promise<void>>();

  const serve = async (id: string, queue: QueuedOperation[]): Promise<void> => {
    while (queue.length > 0) {
      const group = queue.splice(0, MAX_GROUP);
      try {
        const { outcomes, written } = await carryOut(id, group);
        queue.unshift(...group.slice(outcomes.length));
        for (const [at, outcome] of outcomes.entries()) {
          if (outcome.ok) group[at]?.resolve(outcome.value);
          else group[at]?.reject(outcome.error);
        }
        if (written?.outbox || written?.notices || written?.gone) finishLater(written);
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    queues.delete(id);
  };

  const carryOut = async (
    id: string,
    group: QueuedOperation[],
  ): Promise<{ outcomes: Outcome[]; written: DeviceDocument | undefined }> => {
    for (let conflicts = 0; ; conflicts++) {
      await link.afterConflict(conflicts);
      const standing = await link.retry(() => devices.findOne({ _id: textKey(id) }));
      const before = rowOf(standing);
      const replayed = replay(id, before, group, await telling.subscribers());
      if (replayed.row === before && replayed.ended.length === 0)
        return { outcomes: replayed.outcomes, written: undefined };
      // Copied first, the outbox of the write before is not carried on.
      if (standing?.outbox) await copyOut(standing.outbox);
      if (standing?.notices) await telling.deliveries.add(standing.notices);
      if (standing?.gone) await trees.forget(standing.tree);
      const next = documentAfter(link, textKey(id), standing ?? undefined, replayed);
      if (await link.replace(devices, standing ?? undefined, next))
        return { outcomes: replayed.outcomes, written: next };
    }
  };

  /** Safe to be done twice, and late: the same tasks go under the same ids, and only the document that holds them is changed. */
  const finish = async (
    document: Pick<DeviceDocument, '_id' | 'op' | 'tree' | 'gone' | 'outbox' | 'notices'>,
  ): Promise<void> => {
    if (document.outbox) await copyOut(document.outbox);
    if (document.notices) await telling.deliveries.add(document.notices);
    const same = { _id: document._id, op: document.op };
    if (!document.gone) {
      await link.retry(() => devices.updateOne(same, { $unset: { outbox: '', notices: '' } }));
      return;
    }
    await trees.forget(document.tree);
    await link.retry(() => devices.deleteOne(same));
  };
  const copyOut = async (outbox: readonly EndedTask[]): Promise<void> => {
    const writes = outbox.map(({ id, ...task }) => ({
      replaceOne: { filter: { _id: textKey(id) }, replacement: task, upsert: true },
    }));
    await link.retry(() => ended.bulkWrite(writes, { ordered: false }));
  };
  const finishLater = (document: DeviceDocument): void => {
    const work = finish(document)
      // Nothing is lost: the outbox stands, and the next operation on the device or the next sweep copies it.
      .catch(() => undefined)
      .finally(() => finishing.delete(work));
    finishing.add(work);
    link.keep(work);
  };

  return {
    apply: <N extends DeviceOperation>(id: string, name: N, args: DeviceOperations[N]['args']) =>
      new Promise<DeviceOperations[N]['result']>((resolve, reject) => {
        // A copy: what the caller changes later is not what it asked for.
        const queued: QueuedOperation = {
          name,
          args: structuredClone(args),
          resolve: value => resolve(value as DeviceOperations[N]['result']),
          reject,
        };
        const queue = queues.get(id);
        if (queue) queue.push(queued);
        else {
          const fresh = [queued];
          queues.set(id, fresh);
          link.keep(serve(id, fresh));
        }
      }),
    sweep: async () => {
      await Promise.all(finishing);
      const left = { $or: [{ 'outbox.id': { $gt: '' } }, { 'notices.id': { $gt: '' } }, { gone: true as const }] };
      const projection = { op: 1, tree: 1, gone: 1, outbox: 1, notices: 1 };
      for (let more = true; more; ) {
        const found = await link.retry(() => devices.find(left, { projection }).limit(SWEEP_BATCH).toArray());
        for (const document of found) await finish(document);
        more = found.length === SWEEP_BATCH;
      }
    },
  };
}

function replay(
  id: string,
  before: DeviceRow | undefined,
  group: readonly QueuedOperation[],
  subscribers: Subscribers,
): Replay {
  const replayed: Replay = { outcomes: [], row: before, json: '', ended: [], notices: [] };
  for (const { name, args } of group) {
    try {
      const change = operate(name, id, replayed.row, args);
      const json = change.row && change.row !== replayed.row ? jsonOf(change.row) : replayed.json;
      if (change.row) checkSize(`device ${id}`, [json, ...replayed.ended.map(task => task.body)]);
      replayed.ended.push(...change.ended.map(endedTaskOf));
      if (subscribers.any) replayed.notices.push(...told(replayed.row, change, args, subscribers));
      const removed = replayed.row && !change.row;
      replayed.row = change.row;
      replayed.json = json;
      replayed.outcomes.push({ ok: true, value: change.result });
      if (removed) break;
    } catch (error) {
      // Told to whoever asked for it; the neighbours go on without it.
      replayed.outcomes.push({ ok: false, error });
    }
  }
  return replayed;
}

function told(
  before: DeviceRow | undefined,
  { row, ended }: Pick<Change<unknown>, 'row' | 'ended'>,
  args: QueuedOperation['args'],
  subscribers: Subscribers,
): StoredNotice[] {
  const now = 'now' in args ? args.now : undefined;
  return storedNotices(subscribers.address(noticesOf(before, row, ended, now), row ?? before, now ?? 0));
}

function documentAfter(
  link: Link,
  _id: string,
  standing: DeviceDocument | undefined,
  { row, json, ended, notices }: Replay,
): DeviceDocument {
  if (!standing) checkedText(_id);
  const outbox = {
    ...(ended.length > 0 ? { outbox: ended } : {}),
    ...(notices.length > 0 ? { notices } : {}),
  };
  const tree = standing && !standing.gone ? standing.tree : link.newId();
  const head = { _id, ...stamp(link, standing), tree, ...outbox };
  if (!row) return { ...head, gone: true };
  return { ...head, row: json, ...columnsOf(row) };
}
