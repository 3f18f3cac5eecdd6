// Orders to services, carried out one after the other. An order that repeats the last one waiting for the same service joins it:
// a storm of restarts ends in two, the one under way and one more.

interface Order {
  readonly key: string;
  readonly service: string;
  readonly done: Promise<void>;
}

const idle: Promise<void> = Promise.resolve();

export class Orders {
  /** Orders that have not begun, in order. */
  #waiting: Order[] = [];
  #last = idle;

  run(service: string, action: string, carryOut: () => Promise<void>): Promise<void> {
    const key = `${action} ${service}`;
    const latest = this.#waiting.filter(order => order.service === service).at(-1);
    if (latest?.key === key) return latest.done;
    const begin = (): Promise<void> => {
      this.#waiting = this.#waiting.filter(waiting => waiting !== order);
      return carryOut();
    };
    const order: Order = { key, service, done: this.#last.then(begin) };
    this.#waiting.push(order);
    // The one that ordered sees the error; the next in line only waits.
    this.#last = order.done.catch(() => undefined);
    return order.done;
  }
}
