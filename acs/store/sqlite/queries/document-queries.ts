// Reads of documents with their generations, and of the audit.
import { type DocumentVersion, noteOf, type VersionEntry, type VersionedKind } from '../../document-versions.ts';
import { auditCursor, auditPlace, badCursor, pageOf } from '../../paging.ts';
import type { AuditEntry, AuditHead, DocumentKind, StoredDocument } from '../../records.ts';
import type { AuditPageQuery } from '../../store.ts';
import type { Statements } from '../statements.ts';
import { auditHeadOf } from '../writes/audit-writes.ts';

interface EntryRow {
  name: string;
  generation: number;
  changed: number;
  author: string | null;
  comment: string | null;
}

interface DocumentRow extends EntryRow {
  body: string;
}

const ENTRY = 'name, generation, changed, author, comment';
const SELECT_OF_KIND = `SELECT ${ENTRY}, body FROM documents WHERE kind = ?`;

const entryOf = ({ name, generation, changed, author, comment }: EntryRow): Omit<VersionEntry, 'deleted'> => ({
  name,
  generation,
  changed,
  ...noteOf({ author: author ?? undefined, comment: comment ?? undefined }),
});

const storedDocument = ({ body, ...entry }: DocumentRow): StoredDocument => ({
  ...entryOf(entry),
  body: JSON.parse(body) as unknown,
});

const versionEntry = ({ deleted, ...entry }: EntryRow & { deleted: number }): VersionEntry => ({
  ...entryOf(entry),
  ...(deleted ? { deleted: true } : {}),
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

  versions(kind: VersionedKind, name: string): VersionEntry[] {
    const rows = this.#statements.all<EntryRow & { deleted: number }>(
      `SELECT ${ENTRY}, body IS NULL AS deleted FROM document_versions WHERE kind = ? AND name = ? ORDER BY generation DESC`,
      kind,
      name,
    );
    return rows.map(versionEntry);
  }

  version(kind: VersionedKind, name: string, generation: number): DocumentVersion | undefined {
    const row = this.#statements.one<EntryRow & { body: string | null }>(
      `SELECT ${ENTRY}, body FROM document_versions WHERE kind = ? AND name = ? AND generation = ?`,
      kind,
      name,
      generation,
    );
    if (!row) return undefined;
    const { body, ...entry } = row;
    if (body === null) return { ...entryOf(entry), deleted: true, body: undefined };
    return { ...entryOf(entry), body: JSON.parse(body) as unknown };
  }

  /** The deletion of each name that has only versions. */
  deleted(kind: VersionedKind): VersionEntry[] {
    const rows = this.#statements.all<EntryRow>(
      `SELECT ${ENTRY}, max(generation) FROM document_versions v
        WHERE kind = ?1 AND NOT EXISTS (SELECT 1 FROM documents d WHERE d.kind = v.kind AND d.name = v.name)
        GROUP BY name ORDER BY max(generation) DESC`,
      kind,
    );
    return rows.map(row => ({ ...entryOf(row), deleted: true }));
  }

  /** The largest generation of each kind. */
  generations(): Map<string, number> {
    const rows = this.#statements.all<{ kind: string; generation: number }>('SELECT kind, generation FROM generations');
    return new Map(rows.map(row => [row.kind, row.generation]));
  }

  auditHead(): AuditHead | undefined {
    return auditHeadOf(this.#statements);
  }

  /** The newest first, unless asked otherwise. @throws UserError 400 `bad-cursor` */
  audit(query: AuditPageQuery): { items: AuditEntry[]; next?: string } {
    const limit = pageOf(query.limit);
    const first = query.isOldestFirst ? Number.MIN_SAFE_INTEGER : Number.MAX_SAFE_INTEGER;
    const from = Number(auditPlace(query) ?? first);
    if (!Number.isSafeInteger(from)) throw badCursor();
    const found = this.#statements.all<{ pk: number; body: string }>(
      query.isOldestFirst
        ? 'SELECT pk, body FROM audit WHERE pk > ? ORDER BY pk LIMIT ?'
        : 'SELECT pk, body FROM audit WHERE pk < ? ORDER BY pk DESC LIMIT ?',
      from,
      limit + 1,
    );
    const items = found.slice(0, limit).map(({ body }) => JSON.parse(body) as AuditEntry);
    const last = found.length > limit ? found[limit - 1] : undefined;
    return last ? { items, next: auditCursor(String(last.pk), query.isOldestFirst) } : { items };
  }
}
