// The outbox of a device's document in MongoDB: ended tasks and notices, which a write leaves there and which are copied to their own
// collections afterwards; and the end of a removed device.
import type { Collections, DeviceDocument, EndedTask } from '../collections.ts';
import type { Deliveries } from '../deliveries.ts';
import type { Link } from '../link.ts';
import { textKey } from './device-document.ts';
import type { ParameterTrees } from './parameter-trees.ts';

const SWEEP_BATCH = 500;

type WithOutbox = Pick<DeviceDocument, '_id' | 'op' | 'tree' | 'gone' | 'outbox' | 'notices'>;

/** Copies outboxes, after the answer to the write was given. */
export class DeviceOutbox {
  readonly #link: Link;
  readonly #devices: Collections['devices'];
  readonly #ended: Collections['ended'];
  readonly #trees: ParameterTrees;
  readonly #deliveries: Deliveries;
  readonly #copying = new Set<Promise<void>>();

  constructor(link: Link, { devices, ended }: Collections, trees: ParameterTrees, deliveries: Deliveries) {
    this.#link = link;
    this.#devices = devices;
    this.#ended = ended;
    this.#trees = trees;
    this.#deliveries = deliveries;
  }

  /** Copies all that the document holds, and forgets what hangs on a removed device. Safe to be done twice. */
  async copy({ outbox, notices, gone, tree }: Pick<WithOutbox, 'outbox' | 'notices' | 'gone' | 'tree'>): Promise<void> {
    if (outbox) await this.#copyEnded(outbox);
    if (notices) await this.#deliveries.add(notices);
    if (gone) await this.#trees.forget(tree);
  }

  /** Copies the outbox of a document that was just written, while its caller continues. */
  finishLater(document: DeviceDocument): void {
    if (!document.outbox && !document.notices && !document.gone) return;
    const work = this.#finish(document)
      // Nothing is lost: the outbox is still there, and the next operation on the device or the next sweep copies it.
      .catch(() => undefined)
      .finally(() => this.#copying.delete(work));
    this.#copying.add(work);
    this.#link.keep(work);
  }

  /** Finishes what a process that ended left half done. */
  async sweep(): Promise<void> {
    await Promise.all(this.#copying);
    const left = { $or: [{ 'outbox.id': { $gt: '' } }, { 'notices.id': { $gt: '' } }, { gone: true as const }] };
    const projection = { op: 1, tree: 1, gone: 1, outbox: 1, notices: 1 };
    for (let more = true; more; ) {
      const found = await this.#link.retry(() => this.#devices.find(left, { projection }).limit(SWEEP_BATCH).toArray());
      for (const document of found) await this.#finish(document);
      more = found.length === SWEEP_BATCH;
    }
  }

  /** Safe to be done twice, and late: the same tasks go under the same ids, and only the document that holds them is changed. */
  async #finish(document: WithOutbox): Promise<void> {
    await this.copy(document);
    const same = { _id: document._id, op: document.op };
    if (document.gone) await this.#link.retry(() => this.#devices.deleteOne(same));
    else await this.#link.retry(() => this.#devices.updateOne(same, { $unset: { outbox: '', notices: '' } }));
  }

  async #copyEnded(outbox: readonly EndedTask[]): Promise<void> {
    const writes = outbox.map(({ id, ...task }) => ({
      replaceOne: { filter: { _id: textKey(id) }, replacement: task, upsert: true },
    }));
    await this.#link.retry(() => this.#ended.bulkWrite(writes, { ordered: false }));
  }
}
