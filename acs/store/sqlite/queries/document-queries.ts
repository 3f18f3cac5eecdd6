// Reads of documents with their generations, and of the audit.
import { badCursor, pageOf } from '../../paging.ts';
import type { AuditEntry, AuditHead, DocumentKind, StoredDocument } from '../../records.ts';
import type { Statements } from '../statements.ts';
import { auditHeadOf } from '../writes/audit-writes.ts';

interface DocumentRow {
  name: string;
  generation: number;
  changed: number;
  body: string;
}

const SELECT_OF_KIND = 'SELECT name, generation, changed, body FROM documents WHERE kind = ?';

const storedDocument = ({ name, generation, changed, body }: DocumentRow): StoredDocument => ({
  name,
  generation,
  changed,
  body: JSON.parse(body) as unknown,
});

export class DocumentQueries {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  list(kind: DocumentKind): StoredDocument[] {
    return this.#statements.all<DocumentRow>(`${SELECT_OF_KIND} ORDER BY name`, kind).map(storedDocument);
  }

  get(kind: DocumentKind, name: string): StoredDocument | undefined {
    const row = this.#statements.one<DocumentRow>(`${SELECT_OF_KIND} AND name = ?`, kind, name);
    return row && storedDocument(row);
  }

  /** The largest generation of each kind. */
  generations(): Map<string, number> {
    const rows = this.#statements.all<{ kind: string; generation: number }>('SELECT kind, generation FROM generations');
    return new Map(rows.map(row => [row.kind, row.generation]));
  }

  auditHead(): AuditHead | undefined {
    return auditHeadOf(this.#statements);
  }

  /** The newest first. @throws UserError 400 `bad-cursor` */
  audit(query: { limit: number; cursor?: string }): { items: AuditEntry[]; next?: string } {
    const limit = pageOf(query.limit);
    const from = query.cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(query.cursor);
    if (!Number.isSafeInteger(from)) throw badCursor();
    const found = this.#statements.all<{ pk: number; body: string }>(
      'SELECT pk, body FROM audit WHERE pk < ? ORDER BY pk DESC LIMIT ?',
      from,
      limit + 1,
    );
    const items = found.slice(0, limit).map(({ body }) => JSON.parse(body) as AuditEntry);
    return found.length > limit ? { items, next: String(found[limit - 1]?.pk) } : { items };
  }
}
