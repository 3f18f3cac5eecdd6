// The form in which requests and outcomes cross to a worker thread and back.

/** A long value beside the JSON of a request: bytes, or a text whose quotes would all be escaped there. */
export type Bulk = string | Uint8Array | undefined;

/**
 * Number, JSON text and bulk of each request in turn: several times cheaper than structured copies, and one message for all requests (or
 * outcomes) of one turn. Undefined asks the thread to finish and close.
 */
export type Batch = (number | string | Bulk)[];

export type ToThread = Batch | undefined;

export type FromThread = { ready: true } | { failed: SentError } | Batch;

/** The translation of requests to messages and back. */
export interface Packing<R> {
  pack(request: R): [json: string, bulk: Bulk];
  unpack(json: string, bulk: Bulk): R;
  /** No caller waits for its outcome: it goes with the next request that is waited for, or a few milliseconds later. */
  isPatient?(request: R): boolean;
  /**
   * A long request takes milliseconds. It is a group of its own, and such groups take turns with groups of all other requests, so that
   * these wait for one long request at most. A request that must follow it is sent once its outcome is known.
   */
  isLong?(request: R): boolean;
  /** The thread carries out one message as one group: requests meanwhile are gathered for the next. */
  grouped?: true;
}

/** Requests that are JSON without bulk. */
export const plainPacking = <R>(): Packing<R> => ({
  pack: request => [JSON.stringify(request), undefined],
  unpack: json => JSON.parse(json) as R,
});

export function* unpacked<R>(batch: Batch, { unpack }: Packing<R>): Generator<[number, R]> {
  for (let at = 0; at < batch.length; at += 3)
    yield [batch[at] as number, unpack(batch[at + 1] as string, batch[at + 2] as Bulk)];
}

/** An error as plain data: a UserError keeps its code, any other its stack. */
export type SentError =
  | { user: true; status: number; code: string; message: string; detail: Record<string, unknown> }
  | { user: false; message: string; stack: string };
