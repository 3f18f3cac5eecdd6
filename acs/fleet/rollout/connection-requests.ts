// Connection requests to devices whose turn has come, sent without waiting for them: a device that none reaches informs by itself.
import { setMaxListeners } from 'node:events';
import { messageOf } from '../../../shared/errors.ts';
import type { DeviceRow } from '../../device/row.ts';
import type { FleetContext } from '../common/context.ts';

export class ConnectionRequests {
  readonly #context: Pick<FleetContext, 'ports'>;
  readonly #failed: (reason: string) => void;
  readonly #stopped = new AbortController();
  readonly #requests = new Set<Promise<void>>();

  /** @param failed called when requests could not even be tried */
  constructor(context: Pick<FleetContext, 'ports'>, failed: (reason: string) => void) {
    this.#context = context;
    this.#failed = failed;
    // Every connection request adds a listener.
    setMaxListeners(0, this.#stopped.signal);
  }

  send(rows: readonly DeviceRow[]): void {
    const { signal } = this.#stopped;
    const reachable = rows.filter(row => row.connectionRequest.url !== '');
    if (reachable.length === 0 || signal.aborted) return;
    const { ports } = this.#context;
    const requests = Promise.all(reachable.map(row => ports.sendConnectionRequest(row, signal)))
      .then(() => undefined)
      .catch(error => this.#failed(messageOf(error)))
      .finally(() => this.#requests.delete(requests));
    this.#requests.add(requests);
  }

  /** Ends the connection requests that are on their way. */
  async stop(): Promise<void> {
    this.#stopped.abort(new DOMException('the ACS closes', 'AbortError'));
    await Promise.all(this.#requests);
  }
}
