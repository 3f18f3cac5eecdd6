// The form in which requests and outcomes cross to a worker thread and back.

/** What is long and travels as it is, beside the JSON: bytes, or a text each of whose quotes would be escaped there. */
export type Bulk = string | Uint8Array | undefined;

/**
 * Numbers, JSON texts and bulk in turn: several times cheaper than structured copies, and all that is asked (or found) in one turn
 * goes in one message. Undefined asks the thread to finish and close.
 */
export type Batch = (number | string | Bulk)[];

export type ToThread = Batch | undefined;

export type FromThread = { ready: true } | { failed: SentError } | Batch;

/** How requests of a kind are taken apart for the journey, and put together again. */
export interface Packing<R> {
  pack(request: R): [json: string, bulk: Bulk];
  unpack(json: string, bulk: Bulk): R;
  /** Nobody waits for its outcome: it travels with the next one that somebody waits for, or a little later. */
  isPatient?(request: R): boolean;
  /** What travels together is done together: what is asked meanwhile is gathered, under load a little longer, for the next journey. */
  grouped?: true;
}

/** Requests that are JSON and nothing else. */
export const plainPacking = <R>(): Packing<R> => ({
  pack: request => [JSON.stringify(request), undefined],
  unpack: json => JSON.parse(json) as R,
});

export function* unpacked<R>(batch: Batch, { unpack }: Packing<R>): Generator<[number, R]> {
  for (let at = 0; at < batch.length; at += 3)
    yield [batch[at] as number, unpack(batch[at + 1] as string, batch[at + 2] as Bulk)];
}

/** An error as plain data: those of a user keep their kind, the others their stack. */
export type SentError =
  | { user: true; status: number; code: string; message: string; detail: Record<string, unknown> }
  | { user: false; message: string; stack: string };
