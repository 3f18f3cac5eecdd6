// The connections of the SQLite store: one that writes, one that reads here, and one that searches; on threads of their own or not.
import { UserError } from '../../errors.ts';
import { type SearchRequest, SqliteQueries } from './queries/queries.ts';
import { openReader, openWriter, type StoreFile } from './schema.ts';
import { writePacking } from './threads/packing.ts';
import { type StoreThread, startThread } from './threads/thread.ts';
import type { WriteOutcome, WriteRequest } from './writes/write-request.ts';
import { SqliteWrites } from './writes/writes.ts';

/** The three ways of a request: changes, searches, quick reads. */
export interface Connections {
  write(request: WriteRequest): Promise<unknown>;
  search(request: SearchRequest): Promise<unknown>;
  queries: SqliteQueries;
  close(): Promise<void>;
}

const closed = (): UserError => new UserError(503, 'store-closed', 'the store is closed');

interface QueuedWrite {
  request: WriteRequest;
  settle(outcome: WriteOutcome): void;
}

/** All on the calling thread. Writes of one turn are one group. */
export function connectHere(place: StoreFile): Connections {
  const { db, close } = openWriter(place);
  const writes = new SqliteWrites(db);
  const queries = new SqliteQueries(db);
  let queue: QueuedWrite[] = [];
  let open = true;

  const flush = (): void => {
    const group = queue;
    queue = [];
    if (group.length === 0) return;
    const outcomes = writes.commit(group.map(({ request }) => request));
    for (const [index, { settle }] of group.entries()) settle(copied(outcomes[index]!));
  };
  return {
    queries,
    write: request =>
      new Promise((resolve, reject) => {
        if (!open) return reject(closed());
        const settle = (outcome: WriteOutcome): void => (outcome.ok ? resolve(outcome.value) : reject(outcome.error));
        // A copy, as a thread gets one: what the caller changes later is not what it asked for.
        if (queue.push({ request: structuredClone(request), settle }) === 1) queueMicrotask(flush);
      }),
    search: async request => {
      const [json, lines] = queries.search(request);
      return lines ?? (JSON.parse(json) as unknown);
    },
    close: async () => {
      if (!open) return;
      open = false;
      flush();
      close();
    },
  };
}

/** A copy of the answer for the caller, as from a thread. */
const copied = (outcome: WriteOutcome): WriteOutcome =>
  outcome.ok ? { ok: true, value: structuredClone(outcome.value) } : outcome;

/** Writes and searches on threads of their own. @throws UserError 503 when the file cannot serve */
export async function connectThreads(place: StoreFile): Promise<Connections> {
  const writer = await startThread<WriteRequest>('writer', place, writePacking);
  const { close, ...reads } = connectReads(place);
  return {
    ...reads,
    write: request => writer.call(request),
    close: async () => {
      await close();
      // Last, so that the final checkpoint finds no other connection.
      await writer.close();
    },
  };
}

/** Reads alone. The search thread starts with the first search. */
export function connectReads(place: StoreFile): Omit<Connections, 'write'> {
  const db = openReader(place.file);
  let reader: Promise<StoreThread<SearchRequest>> | undefined;
  let open = true;
  return {
    queries: new SqliteQueries(db),
    search: async request => {
      if (!open) throw closed();
      reader ??= startThread<SearchRequest>('reader', place);
      return (await reader).call(request);
    },
    close: async () => {
      if (!open) return;
      open = false;
      await (await reader)?.close();
      db.close();
    },
  };
}
