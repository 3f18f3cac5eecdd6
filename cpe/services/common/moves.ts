// The services of one unit that are on their way up or down.
import { withEntry } from '../../../shared/lists.ts';

interface Move {
  readonly service: string;
  readonly state: 'Starting' | 'Stopping';
}

export class Moves {
  /** Absent while none moves. */
  #moves: readonly Move[] | undefined;

  stateOf(service: string): Move['state'] | undefined {
    return this.#moves?.find(entry => entry.service === service)?.state;
  }

  /** All services start, one after the other, each by `start`. */
  async startAll<T extends { readonly name: string }>(
    services: readonly T[],
    start: (service: T) => Promise<void>,
  ): Promise<void> {
    this.#moves = services.map(({ name }) => ({ service: name, state: 'Starting' }));
    try {
      for (const service of services) {
        await start(service);
        this.#settle(service.name);
      }
    } finally {
      this.#moves = undefined;
    }
  }

  async during(service: string, state: Move['state'], work: () => Promise<void>): Promise<void> {
    this.#moves = withEntry(this.#moves ?? [], { service, state });
    try {
      await work();
    } finally {
      this.#settle(service);
    }
  }

  #settle(service: string): void {
    const rest = this.#moves?.filter(entry => entry.service !== service) ?? [];
    this.#moves = rest.length > 0 ? rest : undefined;
  }
}
