// Changes of documents in SQLite. Each takes the next generation of its kind.
import { isVersioned, MAX_DELETED_NAMES, MAX_VERSION_BYTES, MAX_VERSIONS } from '../../document-versions.ts';
import type { DocumentKind } from '../../records.ts';
import { changedMeanwhile, checkedText, jsonOf } from '../../text-checks.ts';
import type { Statements } from '../statements.ts';
import type { DeliveryWrites } from './delivery-writes.ts';
import type { DeleteDocument, PutDocument } from './write-request.ts';

/** @returns its generation. @throws UserError 409 `changed-meanwhile` when `expected` is not the stored generation */
export function putDocument(
  statements: Statements,
  deliveries: DeliveryWrites,
  { kind, name, body, now, expected, notices, note }: PutDocument,
): number {
  assertExpected(statements, kind, name, expected);
  const generation = nextGeneration(statements, kind);
  const { author = null, comment = null } = note ?? {};
  const text = jsonOf(body);
  statements.run(
    'INSERT OR REPLACE INTO documents (kind, name, generation, changed, author, comment, body) VALUES (?, ?, ?, ?, ?, ?, ?)',
    kind,
    checkedText(name),
    generation,
    now,
    author,
    comment,
    text,
  );
  keepVersion(statements, { kind, name, generation, now, author, comment, text });
  if (kind === 'webhook') deliveries.forget();
  if (notices?.length) deliveries.add(deliveries.subscribers().address(notices, undefined, now));
  return generation;
}

/** @returns the new generation of the kind; undefined when there was no such document. @throws as `putDocument` */
export function deleteDocument(
  statements: Statements,
  deliveries: DeliveryWrites,
  { kind, name, now, expected, note }: DeleteDocument,
): number | undefined {
  assertExpected(statements, kind, name, expected);
  const isFound = statements.run('DELETE FROM documents WHERE kind = ? AND name = ?', kind, name) > 0;
  if (kind === 'webhook') deliveries.forget();
  if (!isFound) return undefined;
  const generation = nextGeneration(statements, kind);
  const { author = null, comment = null } = note ?? {};
  keepVersion(statements, { kind, name, generation, now, author, comment, text: null });
  return generation;
}

function assertExpected(statements: Statements, kind: DocumentKind, name: string, expected: number | undefined): void {
  if (expected === undefined) return;
  const stored = statements.one<{ generation: number }>(
    'SELECT generation FROM documents WHERE kind = ? AND name = ?',
    kind,
    name,
  );
  if ((stored?.generation ?? 0) !== expected) throw changedMeanwhile(kind, name);
}

interface NewVersion {
  kind: DocumentKind;
  name: string;
  generation: number;
  now: number;
  author: string | null;
  comment: string | null;
  /** The body as JSON; null for a deletion. */
  text: string | null;
}

function keepVersion(statements: Statements, { kind, name, generation, now, author, comment, text }: NewVersion): void {
  if (!isVersioned(kind)) return;
  statements.run(
    `INSERT INTO document_versions (kind, name, generation, changed, author, comment, size, body)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    kind,
    name,
    generation,
    now,
    author,
    comment,
    text?.length ?? 0,
    text,
  );
  statements.run(
    `DELETE FROM document_versions WHERE kind = ?1 AND name = ?2 AND generation IN (
      SELECT generation FROM (
        SELECT generation, row_number() OVER newer AS place, sum(size) OVER newer AS bytes FROM document_versions
          WHERE kind = ?1 AND name = ?2 WINDOW newer AS (ORDER BY generation DESC))
        WHERE place > ${MAX_VERSIONS} OR (place > 1 AND bytes > ${MAX_VERSION_BYTES}))`,
    kind,
    name,
  );
  if (text === null) forgetNames(statements, kind);
}

/** Deletes the versions of names beyond the bound that have no document. */
function forgetNames(statements: Statements, kind: DocumentKind): void {
  statements.run(
    `DELETE FROM document_versions WHERE kind = ?1 AND name IN (
      SELECT name FROM document_versions WHERE kind = ?1 AND name NOT IN (SELECT name FROM documents WHERE kind = ?1)
        GROUP BY name ORDER BY max(generation) DESC LIMIT -1 OFFSET ${MAX_DELETED_NAMES})`,
    kind,
  );
}

function nextGeneration(statements: Statements, kind: DocumentKind): number {
  const row = statements
    .prepareChange(
      `INSERT INTO generations (kind, generation) VALUES (?, 1)
       ON CONFLICT DO UPDATE SET generation = generation + 1 RETURNING generation`,
    )
    .get(kind) as { generation: number };
  return row.generation;
}
