// One stream of events: it numbers what it sends, and keeps the last of it, so that its client finds it again after a lost connection.

/** The connection of a stream's client. */
export interface Outlet {
  readonly writableLength: number;
  write(text: string): unknown;
  destroy(): unknown;
}

export interface StreamLimits {
  /** Events that are kept, and characters of them. */
  events: number;
  characters: number;
  /** Bytes that a client may be behind before it is disconnected. */
  behind: number;
}

const streamLimits: StreamLimits = { events: 1000, characters: 256 * 1024, behind: 1024 * 1024 };

export class EventStream {
  /** Cannot be guessed: it leads back to what the stream has kept. */
  readonly id: string;
  readonly #limits: StreamLimits;
  readonly #kept: string[] = [];
  #characters = 0;
  /** Number of the last event. */
  #last = 0;
  #out: Outlet | undefined;

  constructor(id: string, limits: StreamLimits = streamLimits) {
    this.id = id;
    this.#limits = limits;
  }

  /** Sends an event, and keeps it. */
  readonly push = (text: string): void => {
    this.#kept.push(text);
    this.#characters += text.length;
    this.#last++;
    while (this.#kept.length > this.#limits.events || this.#characters > this.#limits.characters)
      this.#characters -= this.#kept.shift()?.length ?? 0;
    this.note(this.#numbered(text, this.#last));
  };

  /** Sends what is not kept: comments, and what is true for the moment. */
  readonly note = (text: string): void => {
    const out = this.#out;
    if (!out) return;
    if (out.writableLength > this.#limits.behind) out.destroy();
    else out.write(text);
  };

  /**
   * Continues on a connection; an older one ends.
   * @param after number of the last event that the client has received
   */
  attach(out: Outlet, after: number): void {
    this.#out?.destroy();
    this.#out = out;
    const first = this.#last - this.#kept.length + 1;
    if (after + 1 < first) this.note(gapText(first - after - 1));
    const from = Math.max(0, after + 1 - first);
    for (const [at, text] of this.#kept.slice(from).entries()) out.write(this.#numbered(text, first + from + at));
  }

  /** The connection has closed. @returns whether it was the one in use */
  detach(out: Outlet): boolean {
    if (this.#out !== out) return false;
    this.#out = undefined;
    return true;
  }

  end(): void {
    this.#out?.destroy();
  }

  #numbered(text: string, number: number): string {
    return `id: ${this.id}.${number}\n${text}`;
  }
}

/** Tells a client that it has missed events. @param missed their number, where it is known */
export const gapText = (missed: number | undefined): string =>
  `event: gap\ndata: ${JSON.stringify({ missed: missed ?? null })}\n\n`;
