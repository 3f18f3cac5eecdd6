// What the SQLite store's writer does for contents of files: chunks under a number of the content's own, and a name that is switched
// to it once all has come. What stood under the name before stays, without one, for those who still read it.
import { CHUNK, tooSlow } from '../content-chunks.ts';
import { textOf } from '../text-checks.ts';

export type ContentRequest =
  /** @returns its number */
  | { do: 'beginContent'; now: number }
  | { do: 'putChunks'; content: number; first: number; bytes: Uint8Array; now: number }
  | { do: 'endContent'; content: number; name: string; size: number; sha256: string; now: number }
  | { do: 'signContent'; content: number; now: number }
  /** @returns whether there was one */
  | { do: 'releaseContent'; name: string; now: number }
  /** Deletes some of it. @returns whether there may be more */
  | { do: 'dropContent'; content: number }
  /** The same for one that has no name and gave no sign since. @returns whether there may be more */
  | { do: 'sweepContents'; before: number };

type Run = (text: string, ...params: (string | number | null | Uint8Array)[]) => number;
type Get = (text: string, ...params: (string | number)[]) => unknown;

/** Chunks that one request deletes, so that it never holds up the others for long. */
const DROP_BATCH = 256;
/** Instead of a time: it is being deleted, and nobody writes or reads it any more. */
const DEAD = -1;

export function createContentWrites(run: Run, get: Get): (request: ContentRequest) => unknown {
  /** @returns false for one that was given up */
  const sign = (content: number, now: number): boolean =>
    run('UPDATE contents SET at = ? WHERE pk = ? AND name IS NULL AND at >= 0', now, content) > 0;

  const putChunks = ({ content, first, bytes, now }: Extract<ContentRequest, { do: 'putChunks' }>): void => {
    if (!sign(content, now)) throw tooSlow('the file');
    for (let at = 0; at < bytes.length; at += CHUNK)
      run(
        'INSERT INTO content_chunks (content, number, body) VALUES (?, ?, ?)',
        content,
        first + at / CHUNK,
        Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.min(CHUNK, bytes.length - at)),
      );
  };

  const release = (name: string, now: number): boolean =>
    run('UPDATE contents SET name = NULL, at = ? WHERE name = ?', now, name) > 0;

  const end = ({ content, name, size, sha256, now }: Extract<ContentRequest, { do: 'endContent' }>): void => {
    if (!get('SELECT 1 FROM contents WHERE pk = ? AND name IS NULL AND at >= 0', content)) throw tooSlow(name);
    release(textOf(name), now);
    run('UPDATE contents SET name = ?, size = ?, sha256 = ?, at = ? WHERE pk = ?', name, size, sha256, now, content);
  };

  const drop = (content: number): boolean => {
    run('UPDATE contents SET at = ? WHERE pk = ? AND name IS NULL', DEAD, content);
    const deleted = run(
      `DELETE FROM content_chunks WHERE rowid IN
        (SELECT c.rowid FROM content_chunks c JOIN contents o ON o.pk = c.content
         WHERE o.pk = ? AND o.name IS NULL LIMIT ${DROP_BATCH})`,
      content,
    );
    if (deleted === DROP_BATCH) return true;
    run('DELETE FROM contents WHERE pk = ? AND name IS NULL', content);
    return false;
  };

  return request => {
    switch (request.do) {
      case 'beginContent': {
        run(`INSERT INTO contents (name, size, sha256, at) VALUES (NULL, 0, '', ?)`, request.now);
        return (get('SELECT last_insert_rowid() AS pk') as { pk: number }).pk;
      }
      case 'putChunks':
        return putChunks(request);
      case 'endContent':
        return end(request);
      case 'signContent':
        return sign(request.content, request.now);
      case 'releaseContent':
        return release(request.name, request.now);
      case 'dropContent':
        return drop(request.content);
      case 'sweepContents': {
        const found = get('SELECT pk FROM contents WHERE name IS NULL AND at < ? LIMIT 1', request.before);
        if (!found) return false;
        drop((found as { pk: number }).pk);
        return true;
      }
    }
  };
}
