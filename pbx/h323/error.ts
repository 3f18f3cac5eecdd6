// The error of everything in H.323 that cannot be read or written, with its place in the message.

export class H323Error extends Error {
  override readonly name = 'H323Error';
  /** From the outermost component inwards, such as `registrationRequest.rasAddress[0]`. */
  place = '';
  readonly #reason: string;

  constructor(reason: string) {
    super(reason);
    this.#reason = reason;
  }

  /** Adds the component that the error was in. */
  within(component: string): this {
    const joint = this.place === '' || this.place.startsWith('[') ? '' : '.';
    this.place = `${component}${joint}${this.place}`;
    this.message = `${this.place}: ${this.#reason}`;
    return this;
  }
}

/** Reads or writes a component. @throws H323Error that names it, where `work` throws one */
export function inComponent<T>(component: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof H323Error ? error.within(component) : error;
  }
}
