// The parameter tree of a device in SQLite: a row for each known value, with a number in place of its path.

import type { KnownValue } from '../../../device/parameter.ts';
import { UserError } from '../../../errors.ts';
import { checkedText, noSuchDevice } from '../../text-checks.ts';
import { below } from '../filter.ts';
import type { SqlValue, Statements } from '../statements.ts';
import { ParameterCounts } from './parameter-counts.ts';
import { digestOf, type Read, Reads } from './reads.ts';

const MAX_PATHS = 200_000;

/** Rows that one statement writes: a statement for each costs twice as much. */
const ROWS = 20;

const upsert = (
  rows: number,
): string => `INSERT INTO parameters (device, path, value, type, writable, notification, time, read)
      VALUES ${Array.from({ length: rows }, () => '(?, ?, ?, ?, ?, ?, ?, ?)').join(', ')}
      ON CONFLICT DO UPDATE SET value = excluded.value, type = excluded.type, time = excluded.time, read = excluded.read,
        writable = coalesce(excluded.writable, writable), notification = coalesce(excluded.notification, notification)
      WHERE excluded.read IS NULL OR read IS NOT excluded.read OR value IS NOT excluded.value OR type IS NOT excluded.type
        OR writable IS NOT coalesce(excluded.writable, writable)
        OR notification IS NOT coalesce(excluded.notification, notification)`;
const UPSERT = upsert(1);
const UPSERT_ROWS = upsert(ROWS);

/** Writes known values, and remembers the numbers of paths. */
export class ParameterRows {
  readonly #statements: Statements;
  /** Numbers of paths that are known to be stored. */
  readonly #paths = new Map<string, number>();
  readonly #counts: ParameterCounts;
  readonly #reads: Reads;

  constructor(statements: Statements) {
    this.#statements = statements;
    this.#counts = new ParameterCounts(statements);
    this.#reads = new Reads(statements);
  }

  /** @throws UserError 404 for a device that is not there, 400 for a `replaceBelow` that is no partial path, 413 beyond `most` */
  put(device: string, values: readonly KnownValue[], replaceBelow?: string, most?: number): void {
    const found = this.#statements.one<{ pk: number }>('SELECT pk FROM devices WHERE id = ?', device);
    if (!found) throw noSuchDevice(device);
    const before = this.#counts.before(found.pk, values, most);
    if (replaceBelow !== undefined) this.#reads.forgetDevice(found.pk);
    if (replaceBelow === '') this.#statements.run('DELETE FROM parameters WHERE device = ?', found.pk);
    else if (replaceBelow !== undefined) this.#forgetBelow(found.pk, replaceBelow);
    this.#upsert(found.pk, values);
    this.#counts.check(found.pk, before, most);
  }

  /** @throws UserError 413 where the device would have more than `most` by them */
  putValues(pk: number, values: readonly KnownValue[], most?: number): void {
    const before = this.#counts.before(pk, values, most);
    this.#upsert(pk, values);
    this.#counts.check(pk, before, most);
  }

  #upsert(pk: number, values: readonly KnownValue[]): void {
    const paths = values.map(({ path }) => this.pathNumber(path));
    const read = this.#reads.take(pk, values, paths);
    for (let at = 0; at < values.length; at += ROWS) {
      const part = values.slice(at, at + ROWS);
      const digest = read && digestOf(part);
      if (read && read.written[at / ROWS] === digest) continue;
      const rows = part.map((value, nth) => cellsOf(pk, paths[at + nth] ?? 0, value, read));
      if (rows.length === ROWS) this.#statements.run(UPSERT_ROWS, ...rows.flat());
      else for (const cells of rows) this.#statements.run(UPSERT, ...cells);
      if (read && digest !== undefined) read.written[at / ROWS] = digest;
    }
    if (read) this.#reads.remember(pk, read);
  }

  pathNumber(path: string): number {
    const known = this.#paths.get(path);
    if (known !== undefined) return known;
    this.#statements.run('INSERT OR IGNORE INTO paths (path) VALUES (?)', checkedText(path));
    const { pk } = this.#statements.prepare('SELECT pk FROM paths WHERE path = ?').get(path) as { pk: number };
    if (this.#paths.size >= MAX_PATHS) this.#paths.clear();
    this.#paths.set(path, pk);
    return pk;
  }

  /** A removed device's number may become that of another one. */
  readonly forgetDevice = (pk: number): void => this.#reads.forgetDevice(pk);

  /** Forgets the numbers of paths after a rollback: it may have taken some back. */
  forget(): void {
    this.#paths.clear();
    this.#counts.forget();
    this.#reads.forget();
  }

  #forgetBelow(pk: number, path: string): void {
    if (!path.endsWith('.'))
      throw new UserError(400, 'not-partial', `"${path}" is not a partial path: it must end with a dot`);
    this.#statements.run(
      `DELETE FROM parameters WHERE device = ? AND path IN
        (SELECT p.path FROM parameters p CROSS JOIN paths d ON d.pk = p.path
         WHERE p.device = ? AND d.path >= ? AND d.path < ?)`,
      pk,
      pk,
      ...below(path),
    );
  }
}

function cellsOf(
  device: number,
  path: number,
  { value, type, writable, notification, time }: KnownValue,
  read: Read | undefined,
): SqlValue[] {
  const flags = [writable === undefined ? null : Number(writable), notification ?? null];
  return [device, path, checkedText(value), checkedText(type), ...flags, time, read?.pk ?? null];
}
