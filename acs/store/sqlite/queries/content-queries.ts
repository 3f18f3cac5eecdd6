// Reads of contents of files, chunk by chunk.
import type { StoredContent } from '../../store.ts';
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
  list(): StoredContent[] {
    return this.#statements
      .all<StoredContent>('SELECT name, size, sha256, at AS changed FROM contents WHERE name IS NOT NULL ORDER BY name')
      .map(row => ({ ...row }));
  }

  /** True when there is a content without a name. */
  hasLoose(): boolean {
    return this.#statements.one('SELECT 1 FROM contents WHERE name IS NULL LIMIT 1') !== undefined;
  }
}
