// Changes of devices in MongoDB: operations that wait for one device go in one write; different devices go side by side.
import type { DeviceOperation, DeviceOperations } from '../../../device/operation-types.ts';
import type { Link } from '../link.ts';
import type { AnyOperation } from './device-replay.ts';
import type { DeviceUpdates } from './device-updates.ts';
import type { Put } from './known-tree.ts';

interface QueuedOperation extends AnyOperation {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** Operations on one device that go in one write. */
const MAX_GROUP = 64;

export class DeviceWrites {
  readonly #link: Link;
  readonly #updates: DeviceUpdates;
  /** Operations that wait, by device. A device without a queue has none under way. */
  readonly #queues = new Map<string, QueuedOperation[]>();

  constructor(link: Link, updates: DeviceUpdates) {
    this.#link = link;
    this.#updates = updates;
  }

  /** @param put values that go into the device's tree in the same write */
  apply<N extends DeviceOperation>(
    id: string,
    name: N,
    args: DeviceOperations[N]['args'],
    put?: Put,
  ): Promise<DeviceOperations[N]['result']> {
    return new Promise((resolve, reject) => {
      // A copy: what the caller changes later is not what it asked for.
      const copy = structuredClone(args);
      const queued: QueuedOperation = {
        name,
        args: copy,
        put,
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
        const outcomes = await this.#updates.carryOut(id, group);
        queue.unshift(...group.slice(outcomes.length));
        for (const [at, outcome] of outcomes.entries()) {
          if (outcome.ok) group[at]?.resolve(outcome.value);
          else group[at]?.reject(outcome.error);
        }
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#queues.delete(id);
  }
}
