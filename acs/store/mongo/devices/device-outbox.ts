// The outbox of a device's document in MongoDB: ended tasks and notices, which a write leaves there. They are copied to their own
// collections afterwards, those of many devices at once; the next write of the document leaves them out, or a later tidying does where
// none comes. And the end of a removed device.
import type { Collections, DeviceDocument, EndedTask } from '../collections.ts';
import type { Deliveries } from '../deliveries.ts';
import type { Link } from '../link.ts';
import { Batches } from './batches.ts';
import { CopiedOutboxes } from './copied-outboxes.ts';
import { textKey } from './device-document.ts';
import type { ParameterTrees } from './parameter-trees.ts';
import type { WrittenDocuments } from './written-documents.ts';

const SWEEP_BATCH = 500;

type WithOutbox = Pick<DeviceDocument, '_id' | 'op' | 'tree' | 'gone' | 'outbox' | 'notices'>;

export interface OutboxParts {
  trees: ParameterTrees;
  deliveries: Deliveries;
  written: WrittenDocuments;
}

const isEmpty = ({ outbox, notices, gone }: WithOutbox): boolean => !outbox && !notices && !gone;

/** Copies outboxes, after the answer to the write was given. */
export class DeviceOutbox {
  readonly #link: Link;
  readonly #devices: Collections['devices'];
  readonly #parts: OutboxParts;
  readonly #ended: Batches<EndedTask>;
  /** Copies under way, by the write that left the outbox. */
  readonly #copying = new Map<string, Promise<void>>();
  readonly #copied: CopiedOutboxes;

  constructor(link: Link, collections: Collections, parts: OutboxParts) {
    const { devices, ended } = collections;
    this.#link = link;
    this.#devices = devices;
    this.#parts = parts;
    this.#copied = new CopiedOutboxes(link, collections, parts.written);
    this.#ended = new Batches(async tasks => {
      const writes = tasks.map(({ id, ...task }) => ({
        replaceOne: { filter: { _id: textKey(id) }, replacement: task, upsert: true },
      }));
      await link.retry(() => ended.bulkWrite(writes, { ordered: false }));
    });
  }

  /** Resolves when nothing of the document is left to be copied: the next write may leave its outbox out. */
  async settled(document: WithOutbox): Promise<void> {
    if (isEmpty(document)) return;
    await this.#copying.get(document.op);
    if (!this.#copied.take(document.op)) await this.#copy(document);
  }

  /** Copies the outbox of a document that was just written, while its caller continues. */
  finishLater(document: WithOutbox): void {
    if (isEmpty(document)) return;
    const { _id, op } = document;
    const work = this.#copy(document)
      .then(async () => {
        if (document.gone) return void (await this.#link.retry(() => this.#devices.deleteOne({ _id, op })));
        this.#copied.add(document);
      })
      // Nothing is lost: the outbox is still there, and the next operation on the device or the next sweep copies it.
      .catch(() => undefined)
      .finally(() => this.#copying.delete(op));
    this.#copying.set(op, work);
    this.#link.keep(work);
  }

  /** Finishes what a process that ended left half done. */
  async sweep(): Promise<void> {
    await this.end();
    const left = { $or: [{ 'outbox.id': { $gt: '' } }, { 'notices.id': { $gt: '' } }, { gone: true as const }] };
    const projection = { op: 1, tree: 1, gone: 1, outbox: 1, notices: 1 };
    for (let more = true; more; ) {
      const found = await this.#link.retry(() => this.#devices.find(left, { projection }).limit(SWEEP_BATCH).toArray());
      await Promise.all(found.map(document => this.#copy(document)));
      for (const { _id, op } of found.filter(({ gone }) => gone))
        await this.#link.retry(() => this.#devices.deleteOne({ _id, op }));
      await this.#copied.empty(found.filter(({ gone }) => !gone));
      more = found.length === SWEEP_BATCH;
    }
  }

  /** Ends the copying under way; what is left then, the next sweep finishes. */
  async end(): Promise<void> {
    await Promise.all(this.#copying.values());
    await this.#copied.tidy();
  }

  /** Copies all that the document holds, and forgets what hangs on a removed device. Safe to be done twice, and late. */
  async #copy({ outbox, notices, gone, tree }: WithOutbox): Promise<void> {
    const { deliveries, trees } = this.#parts;
    if (outbox) await Promise.all(outbox.map(task => this.#ended.add(task)));
    if (notices) await deliveries.add(notices);
    if (gone) await trees.forget(tree);
  }
}
