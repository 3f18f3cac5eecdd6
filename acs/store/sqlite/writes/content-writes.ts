// Contents of files on the writing connection: chunks under a number of the content's own, and a name that is switched to it once all
// chunks are there. The content that had the name before stays without one for those who still read it.
import { CHUNK, tooSlow } from '../../content-chunks.ts';
import { checkedText } from '../../text-checks.ts';
import type { Statements } from '../statements.ts';

export type ContentRequest =
  /** @returns its number */
  | { do: 'beginContent'; now: number }
  | PutChunks
  | EndContent
  | { do: 'signContent'; content: number; now: number }
  /** @returns whether there was one */
  | { do: 'releaseContent'; name: string; now: number }
  /** Deletes some of it. @returns whether there may be more */
  | { do: 'dropContent'; content: number }
  /** The same for one without a name whose last sign of use is older. @returns whether there may be more */
  | { do: 'sweepContents'; before: number };

interface PutChunks {
  do: 'putChunks';
  content: number;
  /** Number of the first chunk in `bytes`. */
  first: number;
  bytes: Uint8Array;
  now: number;
}

interface EndContent {
  do: 'endContent';
  content: number;
  name: string;
  size: number;
  sha256: string;
  now: number;
}

/** Chunks that one request deletes, so that it never holds up the others for long. */
const DROP_BATCH = 256;
/** In place of a time: the content is being deleted, and is neither written nor read any more. */
const DEAD = -1;

export class ContentWrites {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  carryOut(request: ContentRequest): unknown {
    switch (request.do) {
      case 'beginContent': {
        this.#statements.run(`INSERT INTO contents (name, size, sha256, at) VALUES (NULL, 0, '', ?)`, request.now);
        return this.#statements.one<{ pk: number }>('SELECT last_insert_rowid() AS pk')!.pk;
      }
      case 'putChunks':
        return this.#putChunks(request);
      case 'endContent':
        return this.#end(request);
      case 'signContent':
        return sign(this.#statements, request.content, request.now);
      case 'releaseContent':
        return release(this.#statements, request.name, request.now);
      case 'dropContent':
        return this.#drop(request.content);
      case 'sweepContents': {
        const found = this.#statements.one<{ pk: number }>(
          'SELECT pk FROM contents WHERE name IS NULL AND at < ? LIMIT 1',
          request.before,
        );
        if (!found) return false;
        this.#drop(found.pk);
        return true;
      }
    }
  }

  #putChunks({ content, first, bytes, now }: PutChunks): void {
    if (!sign(this.#statements, content, now)) throw tooSlow('the file');
    for (let at = 0; at < bytes.length; at += CHUNK)
      this.#statements.run(
        'INSERT INTO content_chunks (content, number, body) VALUES (?, ?, ?)',
        content,
        first + at / CHUNK,
        Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.min(CHUNK, bytes.length - at)),
      );
  }

  #end({ content, name, size, sha256, now }: EndContent): void {
    if (!this.#statements.one('SELECT 1 FROM contents WHERE pk = ? AND name IS NULL AND at >= 0', content))
      throw tooSlow(name);
    release(this.#statements, checkedText(name), now);
    this.#statements.run(
      'UPDATE contents SET name = ?, size = ?, sha256 = ?, at = ? WHERE pk = ?',
      name,
      size,
      sha256,
      now,
      content,
    );
  }

  #drop(content: number): boolean {
    this.#statements.run('UPDATE contents SET at = ? WHERE pk = ? AND name IS NULL', DEAD, content);
    const deleted = this.#statements.run(
      `DELETE FROM content_chunks WHERE rowid IN
        (SELECT c.rowid FROM content_chunks c JOIN contents o ON o.pk = c.content
         WHERE o.pk = ? AND o.name IS NULL LIMIT ${DROP_BATCH})`,
      content,
    );
    if (deleted === DROP_BATCH) return true;
    this.#statements.run('DELETE FROM contents WHERE pk = ? AND name IS NULL', content);
    return false;
  }
}

/** @returns false for one that was given up */
const sign = (statements: Statements, content: number, now: number): boolean =>
  statements.run('UPDATE contents SET at = ? WHERE pk = ? AND name IS NULL AND at >= 0', now, content) > 0;

const release = (statements: Statements, name: string, now: number): boolean =>
  statements.run('UPDATE contents SET name = NULL, at = ? WHERE name = ?', now, name) > 0;
