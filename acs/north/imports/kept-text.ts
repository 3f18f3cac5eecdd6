// The text of a request that is read more than once: a short one is kept in memory, a longer one in the store, as files are.
import { UserError } from '../../errors.ts';
import type { Store } from '../../store/store.ts';
import type { IncomingBytes } from '../operation.ts';

/** A text that can be read from its begin again and again, in parts. */
export interface ReadAgain {
  /** @throws UserError 400 where it is not UTF-8, or has a NUL */
  text(): AsyncIterable<string>;
}

/** Bytes that are kept in memory. */
const MOST_IN_MEMORY = 1024 * 1024;
/** Bytes of all of it. */
const MOST = 512 * 1024 * 1024;
/** Names of texts in the store. A crash may leave one there for a day. */
const PREFIX = 'import:';
const FORGOTTEN_MS = 86_400_000;

interface Keeping {
  store: Pick<Store, 'putContent' | 'content' | 'deleteContent' | 'contents'>;
  /** A name that no other text has. */
  name: string;
  now: number;
}

/** Keeps the text while `work` reads it. @param given bytes as they come, or the text as another protocol has it @throws UserError 413; what `work` throws */
export async function withText<R>(
  given: IncomingBytes | string,
  { store, name, now }: Keeping,
  work: (text: ReadAgain) => Promise<R>,
): Promise<R> {
  if (typeof given === 'string') return await work({ text: () => decoded([Buffer.from(given)]) });
  const { content, announced = 0 } = given;
  if (announced > MOST) throw tooLarge();
  const parts = content[Symbol.asyncIterator]();
  const { kept, isWhole } = await begin(parts);
  if (isWhole) return await work({ text: () => decoded(kept) });
  await forgetOld(store, now);
  const stored = `${PREFIX}${name}`;
  await store.putContent(stored, bounded(kept, parts));
  try {
    return await work({ text: () => storedText(store, stored) });
  } finally {
    await store.deleteContent(stored);
  }
}

const tooLarge = (): UserError => new UserError(413, 'too-large', `a CSV has at most ${MOST} bytes`);

/** The first parts, as far as they are kept in memory. */
async function begin(parts: AsyncIterator<Uint8Array>): Promise<{ kept: Uint8Array[]; isWhole: boolean }> {
  const kept: Uint8Array[] = [];
  for (let size = 0; size <= MOST_IN_MEMORY; ) {
    const { done, value } = await parts.next();
    if (done) return { kept, isWhole: true };
    kept.push(value);
    size += value.length;
  }
  return { kept, isWhole: false };
}

/** @throws UserError 413 */
async function* bounded(kept: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  let size = 0;
  for (const part of kept) {
    size += part.length;
    yield part;
  }
  for (let next = await rest.next(); !next.done; next = await rest.next()) {
    size += next.value.length;
    if (size > MOST) throw tooLarge();
    yield next.value;
  }
}

async function* storedText(store: Keeping['store'], name: string): AsyncGenerator<string> {
  const content = await store.content(name);
  if (content) yield* decoded(content);
}

async function* decoded(parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  for await (const part of parts) yield read(() => decoder.decode(part, { stream: true }));
  yield read(() => decoder.decode());
}

/** @throws UserError 400 */
function read(decode: () => string): string {
  let text: string;
  try {
    text = decode();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UserError(400, 'bad-input', 'the body is not UTF-8');
  }
  if (text.includes('\0')) throw new UserError(400, 'bad-input', 'body: text must not contain NUL');
  return text;
}

/** Deletes what a process has left that was ended meanwhile. */
async function forgetOld(store: Keeping['store'], now: number): Promise<void> {
  for (const { name, changed } of await store.contents({ after: PREFIX, limit: 10 }))
    if (name.startsWith(PREFIX) && changed < now - FORGOTTEN_MS) await store.deleteContent(name);
}
