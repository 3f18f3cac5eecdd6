// Reads of contents of files, chunk by chunk.
import type { ContentPage, StoredContent } from '../../store.ts';
import type { Statements } from '../statements.ts';

export class ContentQueries {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  find(name: string): { pk: number; size: number } | undefined {
    return this.#statements.one('SELECT pk, size FROM contents WHERE name = ?', name);
  }

  chunk(content: number, number: number): Uint8Array | undefined {
    const text = 'SELECT body FROM content_chunks WHERE content = ? AND number = ?';
    return this.#statements.one<{ body: Uint8Array }>(text, content, number)?.body;
  }

  /** The contents that have a name. */
  list({ after, limit }: ContentPage = { after: '', limit: -1 }): StoredContent[] {
    const text = 'SELECT name, size, sha256, at AS changed FROM contents WHERE name > ? ORDER BY name LIMIT ?';
    return this.#statements.all<StoredContent>(text, after, limit).map(row => ({ ...row }));
  }

  /** True when there is a content without a name. */
  hasLoose(): boolean {
    return this.#statements.one('SELECT 1 FROM contents WHERE name IS NULL LIMIT 1') !== undefined;
  }
}
