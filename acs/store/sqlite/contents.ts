// Contents of files in the SQLite store: the writer writes them piece by piece, and the calling thread's own connection reads them chunk
// by chunk.
import type { Clock } from '../../../shared/clock.ts';
import { CHUNK, GRACE_MS, readOut, takeIn } from '../content-chunks.ts';
import type { Store } from '../store.ts';
import type { SqliteQueries } from './queries/queries.ts';
import { storeError } from './store-error.ts';
import type { WriteRequest } from './writes/write-request.ts';

export interface SqliteContents extends Pick<Store, 'putContent' | 'content' | 'deleteContent' | 'contents'> {
  /** Deletes contents without a name whose last sign of use is older than `before`, default: an hour ago. */
  sweep(before?: number): Promise<void>;
}

export function createContents(
  { write, queries }: { write: (request: WriteRequest) => Promise<unknown>; queries: SqliteQueries },
  clock: Clock,
): SqliteContents {
  const drop = async (content: number): Promise<void> => {
    while (await write({ do: 'dropContent', content }));
  };
  const read = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw storeError(error);
    }
  };
  return {
    putContent: async (name, source) => {
      const content = (await write({ do: 'beginContent', now: clock.now() })) as number;
      try {
        const sum = await takeIn(source, async (first, bytes) => {
          await write({ do: 'putChunks', content, first, bytes, now: clock.now() });
        });
        await write({ do: 'endContent', content, name, ...sum, now: clock.now() });
        return sum;
      } catch (error) {
        // A store that fails cannot do this either: a sweep does it later. The caller gets the reason of the failure.
        await drop(content).catch(() => undefined);
        throw error;
      }
    },
    content: async (name, range) => {
      const found = read(() => queries.contents.find(name));
      if (!found) return undefined;
      const kept = {
        name,
        size: found.size,
        chunkSize: CHUNK,
        chunk: async (number: number) => read(() => queries.contents.chunk(found.pk, number)),
        sign: async () => {
          await write({ do: 'signContent', content: found.pk, now: clock.now() });
        },
      };
      return readOut(kept, range, clock);
    },
    deleteContent: async name => (await write({ do: 'releaseContent', name, now: clock.now() })) as boolean,
    contents: async page => read(() => queries.contents.list(page)),
    sweep: async (before = clock.now() - GRACE_MS) => {
      while (await write({ do: 'sweepContents', before }));
    },
  };
}
