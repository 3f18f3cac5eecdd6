// Changes of devices in MongoDB: read the document, carry out the pure operation, replace the document if it is still the same one.
// Operations that wait for one device go in one such write; different devices go side by side.
import type { DeviceOperation, DeviceOperations } from '../../../device/operation-types.ts';
import type { Subscribers } from '../../notices.ts';
import type { Collections, DeviceDocument } from '../collections.ts';
import type { Link } from '../link.ts';
import { rowOf, textKey } from './device-document.ts';
import type { DeviceOutbox } from './device-outbox.ts';
import { type AnyOperation, documentAfter, type Outcome, replay } from './device-replay.ts';

interface QueuedOperation extends AnyOperation {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** Operations on one device that go in one write. */
const MAX_GROUP = 64;

export class DeviceWrites {
  readonly #link: Link;
  readonly #devices: Collections['devices'];
  readonly #outbox: DeviceOutbox;
  readonly #webhooks: { subscribers(): Promise<Subscribers> };
  /** Operations that wait, by device. A device without a queue has none under way. */
  readonly #queues = new Map<string, QueuedOperation[]>();

  constructor(
    link: Link,
    { devices }: Collections,
    outbox: DeviceOutbox,
    webhooks: { subscribers(): Promise<Subscribers> },
  ) {
    this.#link = link;
    this.#devices = devices;
    this.#outbox = outbox;
    this.#webhooks = webhooks;
  }

  apply<N extends DeviceOperation>(
    id: string,
    name: N,
    args: DeviceOperations[N]['args'],
  ): Promise<DeviceOperations[N]['result']> {
    return new Promise((resolve, reject) => {
      // A copy: what the caller changes later is not what it asked for.
      const copy = structuredClone(args);
      const queued: QueuedOperation = {
        name,
        args: copy,
        resolve: value => resolve(value as DeviceOperations[N]['result']),
        reject,
      };
      const queue = this.#queues.get(id);
      if (queue) queue.push(queued);
      else {
        const fresh = [queued];
        this.#queues.set(id, fresh);
        this.#link.keep(this.#serve(id, fresh));
      }
    });
  }

  async #serve(id: string, queue: QueuedOperation[]): Promise<void> {
    while (queue.length > 0) {
      const group = queue.splice(0, MAX_GROUP);
      try {
        const { outcomes, written } = await this.#carryOut(id, group);
        queue.unshift(...group.slice(outcomes.length));
        for (const [at, outcome] of outcomes.entries()) {
          if (outcome.ok) group[at]?.resolve(outcome.value);
          else group[at]?.reject(outcome.error);
        }
        if (written) this.#outbox.finishLater(written);
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#queues.delete(id);
  }

  async #carryOut(id: string, group: QueuedOperation[]): Promise<{ outcomes: Outcome[]; written?: DeviceDocument }> {
    const _id = textKey(id);
    for (let conflicts = 0; ; conflicts++) {
      await this.#link.afterConflict(conflicts);
      const stored = (await this.#link.retry(() => this.#devices.findOne({ _id }))) ?? undefined;
      const before = rowOf(stored);
      const replayed = replay(id, before, group, await this.#webhooks.subscribers());
      const { outcomes } = replayed;
      if (replayed.row === before && replayed.ended.length === 0) return { outcomes };
      // Copied first: the new document does not carry on the outbox of the one before.
      if (stored) await this.#outbox.copy(stored);
      const written = documentAfter(this.#link, _id, stored, replayed);
      if (await this.#link.replace(this.#devices, stored, written)) return { outcomes, written };
    }
  }
}
