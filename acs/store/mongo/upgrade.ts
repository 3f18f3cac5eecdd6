// The upgrade of documents that an older version of this program wrote: fields by which devices are found are added.
import type { Collections } from './collections.ts';
import { columnsOf, rowOf } from './devices/device-document.ts';
import type { Link } from './link.ts';
import { taskOf } from './work/work-search.ts';

const BATCH = 500;

/** Ended tasks get what they are chosen by. */
export async function upgradeEndedTasks(link: Link, { ended }: Collections): Promise<void> {
  const old = { state: { $exists: false } };
  for (let from = ''; ; ) {
    const options = { projection: { body: 1 }, sort: { _id: 1 as const }, limit: BATCH };
    const found = await link.retry(() => ended.find({ ...old, _id: { $gt: from } }, options).toArray());
    const writes = found.map(({ _id, body }) => {
      const { state, method } = taskOf({ body });
      return { updateOne: { filter: { _id }, update: { $set: { state, method } } } };
    });
    if (writes.length > 0) await link.retry(() => ended.bulkWrite(writes, { ordered: false }));
    if (found.length < BATCH) return;
    from = found.at(-1)?._id ?? '';
  }
}

/** Safe beside other processes, and safe to repeat: only a document that is still the same is changed. */
export async function upgradeDevices(link: Link, { devices }: Collections): Promise<void> {
  const withoutFaults = { latestFault: { $gt: '' }, faults: { $exists: false } };
  const old = { $or: [{ login: { $exists: false } }, withoutFaults], gone: { $exists: false } };
  for (let from = ''; ; ) {
    const options = { projection: { op: 1, row: 1 }, sort: { _id: 1 as const }, limit: BATCH };
    const found = await link.retry(() => devices.find({ ...old, _id: { $gt: from } }, options).toArray());
    for (const { _id, op, row: text } of found) {
      const row = rowOf({ row: text ?? 'null' });
      if (!row) continue;
      const { lateUntil, due, provisioningCode, login, openTasks, drift, restart, faults } = columnsOf(row);
      const added = { lateUntil, due, provisioningCode, login, openTasks, drift };
      const $set = { ...added, ...(restart ? { restart } : {}), ...(faults ? { faults } : {}) };
      await link.retry(() => devices.updateOne({ _id, op }, { $set: $set as object }));
    }
    if (found.length < BATCH) return;
    from = found.at(-1)?._id ?? '';
  }
}
