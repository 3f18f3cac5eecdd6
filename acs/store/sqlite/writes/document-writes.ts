// Changes of documents in SQLite. Each takes the next generation of its kind.
import type { DocumentKind } from '../../records.ts';
import { changedMeanwhile, checkedText, jsonOf } from '../../text-checks.ts';
import type { Statements } from '../statements.ts';
import type { DeliveryWrites } from './delivery-writes.ts';
import type { PutDocument } from './write-request.ts';

/** @returns its generation. @throws UserError 409 `changed-meanwhile` when `expected` is not the stored generation */
export function putDocument(
  statements: Statements,
  deliveries: DeliveryWrites,
  { kind, name, body, now, expected, notices }: PutDocument,
): number {
  if (expected !== undefined) {
    const stored = statements.one<{ generation: number }>(
      'SELECT generation FROM documents WHERE kind = ? AND name = ?',
      kind,
      name,
    );
    if ((stored?.generation ?? 0) !== expected) throw changedMeanwhile(kind, name);
  }
  const generation = nextGeneration(statements, kind);
  statements.run(
    'INSERT OR REPLACE INTO documents (kind, name, generation, changed, body) VALUES (?, ?, ?, ?, ?)',
    kind,
    checkedText(name),
    generation,
    now,
    jsonOf(body),
  );
  if (kind === 'webhook') deliveries.forget();
  if (notices?.length) deliveries.add(deliveries.subscribers().address(notices, undefined, now));
  return generation;
}

/** @returns the new generation of the kind; undefined when there was no such document */
export function deleteDocument(
  statements: Statements,
  deliveries: DeliveryWrites,
  { kind, name }: { kind: DocumentKind; name: string },
): number | undefined {
  const isFound = statements.run('DELETE FROM documents WHERE kind = ? AND name = ?', kind, name) > 0;
  if (kind === 'webhook') deliveries.forget();
  return isFound ? nextGeneration(statements, kind) : undefined;
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
