// Every change of the SQLite store, on its one writing connection, and the group commit that makes them durable.
import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import { UserError } from '../../shared/errors.ts';
import { onlineUntil } from './filter.ts';
import { operate } from './operations.ts';
import { changedMeanwhile, jsonOf, textOf } from './plain.ts';
import { below, statements } from './reading.ts';
import { storeError } from './schema.ts';
import type {
  AuditEntry,
  DeviceOperation,
  DeviceOperations,
  DeviceRow,
  DocumentKind,
  KnownValue,
  Retention,
  Task,
} from './store.ts';
import { versionKey } from './versions.ts';

/** Plain data: it crosses to the writer thread. */
export type WriteRequest =
  | { do: 'apply'; id: string; name: DeviceOperation; args: DeviceOperations[DeviceOperation]['args'] }
  | { do: 'putParameters'; device: string; values: KnownValue[]; replaceBelow?: string }
  | { do: 'putDocument'; kind: DocumentKind; name: string; body: unknown; now: number; expected?: number }
  | { do: 'deleteDocument'; kind: DocumentKind; name: string }
  | { do: 'putBytes'; name: string; bytes: Uint8Array }
  | { do: 'deleteBytes'; name: string }
  | { do: 'audit'; entry: AuditEntry }
  | { do: 'prune'; retention: Retention };

export type WriteOutcome = { ok: true; value: unknown } | { ok: false; error: unknown };

export interface Writing {
  /** Carries the requests out in order, in one transaction, each in a savepoint of it; when this returns they are durable. */
  commit(requests: readonly WriteRequest[]): WriteOutcome[];
}

/** How many rows of a kind one request deletes, so that it never holds up the others for long. */
export const PRUNE_BATCH = 2000;

type Columns = Record<string, string | number | null>;

/** What the narrow table holds of a row. */
function columnsOf(row: DeviceRow): Columns {
  return {
    username: row.credentials?.username ?? null,
    next_username: row.credentials?.next?.username ?? null,
    oui: row.oui,
    product_class: row.productClass,
    serial: row.serialNumber,
    manufacturer: row.manufacturer,
    firmware: row.softwareVersion,
    firmware_key: versionKey(row.softwareVersion),
    hardware: row.hardwareVersion,
    address: row.address,
    state: row.state,
    created: row.created,
    last_inform: row.lastInform ?? 0,
    last_boot: row.lastBoot ?? 0,
    online_until: onlineUntil(row),
  };
}

export function createWriting(db: DatabaseSyncInstance): Writing {
  const sql = statements(db);
  const run = (text: string, ...params: (string | number | null | Uint8Array)[]): number =>
    sql(text).run(...params).changes;
  /** Path numbers known to be stored; forgotten whenever something was rolled back. */
  const paths = new Map<string, number>();

  const apply = (id: string, name: DeviceOperation, args: DeviceOperations[DeviceOperation]['args']): unknown => {
    const found = sql('SELECT device, body FROM rows WHERE device = (SELECT pk FROM devices WHERE id = ?)').get(id) as
      | { device: number; body: string }
      | undefined;
    const before = found && (JSON.parse(found.body) as DeviceRow);
    const change = operate(name, id, before, args);
    for (const task of change.ended) keepEnded(task);
    if (change.row === before) return change.result;
    if (!change.row) run('DELETE FROM devices WHERE pk = ?', found?.device ?? 0);
    else if (found && before) update(found.device, before, change.row);
    else insert(change.row);
    return change.result;
  };

  const keepEnded = (task: Task): void => {
    const { sentBy: _by, ...kept } = task;
    run(
      'INSERT OR REPLACE INTO ended_tasks (id, device, created, ended, body) VALUES (?, ?, ?, ?, ?)',
      textOf(task.id),
      task.device,
      task.created,
      task.ended ?? task.created,
      jsonOf(kept),
    );
  };

  const insert = (row: DeviceRow): void => {
    const body = jsonOf(row);
    const cells = { id: textOf(row.id), ...columnsOf(row) };
    const names = Object.keys(cells);
    const { lastInsertRowid } = sql(
      `INSERT INTO devices (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
    ).run(...Object.values(cells));
    const pk = Number(lastInsertRowid);
    run('INSERT INTO rows (device, body) VALUES (?, ?)', pk, body);
    link(pk, undefined, row);
  };

  const update = (pk: number, before: DeviceRow, row: DeviceRow): void => {
    run('UPDATE rows SET body = ? WHERE device = ?', jsonOf(row), pk);
    const old = columnsOf(before);
    // Only what differs: a column that is not named leaves its index alone.
    const cells = Object.entries(columnsOf(row)).filter(([name, value]) => old[name] !== value);
    if (cells.length > 0) {
      const set = cells.map(([name]) => `${name} = ?`).join(', ');
      run(`UPDATE devices SET ${set} WHERE pk = ?`, ...cells.map(([, value]) => value), pk);
    }
    link(pk, before, row);
  };

  /** The side tables by which tags, open tasks and faults are found. */
  const link = (pk: number, before: DeviceRow | undefined, row: DeviceRow): void => {
    const tags = difference(before?.tags ?? [], row.tags, tag => tag);
    for (const tag of tags.gone) run('DELETE FROM tags WHERE tag = ? AND device = ?', tag, pk);
    for (const tag of tags.come) run('INSERT INTO tags (tag, device) VALUES (?, ?)', tag, pk);
    const tasks = difference(before?.tasks ?? [], row.tasks, task => task.id);
    for (const task of tasks.gone) run('DELETE FROM open_tasks WHERE id = ?', task.id);
    for (const task of tasks.come)
      run('INSERT INTO open_tasks (id, device, created) VALUES (?, ?, ?)', task.id, pk, task.created);
    const faults = difference(before?.faults ?? [], row.faults, fault => `${fault.id} ${fault.last}`);
    for (const fault of faults.gone) run('DELETE FROM faults WHERE id = ?', fault.id);
    for (const fault of faults.come)
      run('INSERT OR REPLACE INTO faults (id, device, last) VALUES (?, ?, ?)', fault.id, pk, fault.last);
  };

  const pathNumber = (path: string): number => {
    const known = paths.get(path);
    if (known !== undefined) return known;
    run('INSERT OR IGNORE INTO paths (path) VALUES (?)', textOf(path));
    const { pk } = sql('SELECT pk FROM paths WHERE path = ?').get(path) as { pk: number };
    if (paths.size >= 200_000) paths.clear();
    paths.set(path, pk);
    return pk;
  };

  const putParameters = (device: string, values: readonly KnownValue[], replaceBelow?: string): void => {
    const found = sql('SELECT pk FROM devices WHERE id = ?').get(device) as { pk: number } | undefined;
    if (!found) throw new UserError(404, 'no-such-device', `there is no device ${device}`);
    if (replaceBelow === '') run('DELETE FROM parameters WHERE device = ?', found.pk);
    else if (replaceBelow !== undefined) forgetBelow(found.pk, replaceBelow);
    const put =
      sql(`INSERT INTO parameters (device, path, value, type, writable, notification, time) VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET value = excluded.value, type = excluded.type, time = excluded.time,
        writable = coalesce(excluded.writable, writable), notification = coalesce(excluded.notification, notification)`);
    for (const { path, value, type, writable, notification, time } of values) {
      const number = pathNumber(path);
      put.run(
        found.pk,
        number,
        textOf(value),
        textOf(type),
        writable === undefined ? null : Number(writable),
        notification ?? null,
        time,
      );
    }
  };

  const forgetBelow = (pk: number, path: string): void => {
    if (!path.endsWith('.')) throw new UserError(400, 'not-partial', `"${path}" is no partial path`);
    run(
      `DELETE FROM parameters WHERE device = ? AND path IN
        (SELECT p.path FROM parameters p CROSS JOIN paths d ON d.pk = p.path
         WHERE p.device = ? AND d.path >= ? AND d.path < ?)`,
      pk,
      pk,
      ...below(path),
    );
  };

  const nextGeneration = (kind: DocumentKind): number => {
    const row = sql(
      `INSERT INTO generations (kind, generation) VALUES (?, 1)
       ON CONFLICT DO UPDATE SET generation = generation + 1 RETURNING generation`,
    ).get(kind) as { generation: number };
    return row.generation;
  };

  const putDocument = ({ kind, name, body, now, expected }: Extract<WriteRequest, { do: 'putDocument' }>): number => {
    if (expected !== undefined) {
      const standing = sql('SELECT generation FROM documents WHERE kind = ? AND name = ?').get(kind, name) as
        | { generation: number }
        | undefined;
      if ((standing?.generation ?? 0) !== expected) throw changedMeanwhile(kind, name);
    }
    const generation = nextGeneration(kind);
    run(
      'INSERT OR REPLACE INTO documents (kind, name, generation, changed, body) VALUES (?, ?, ?, ?, ?)',
      kind,
      textOf(name),
      generation,
      now,
      jsonOf(body),
    );
    return generation;
  };

  /** @returns the most that were deleted of one kind */
  const prune = ({ endedTasks, audit }: Retention): number => {
    const forget = (table: string, time: string, { before, keep }: Retention['audit']): number => {
      const newest = `SELECT min(${time}) FROM (SELECT ${time} FROM ${table} ORDER BY ${time} DESC LIMIT ?)`;
      return run(
        `DELETE FROM ${table} WHERE rowid IN
          (SELECT rowid FROM ${table} WHERE ${time} < max(?, coalesce((${newest}), 0)) LIMIT ${PRUNE_BATCH})`,
        before,
        keep,
      );
    };
    return Math.max(forget('ended_tasks', 'ended', endedTasks), forget('audit', 'time', audit));
  };

  const carryOut = (request: WriteRequest): unknown => {
    switch (request.do) {
      case 'apply':
        return apply(request.id, request.name, request.args);
      case 'putParameters':
        return putParameters(request.device, request.values, request.replaceBelow);
      case 'putDocument':
        return putDocument(request);
      case 'deleteDocument': {
        const found = run('DELETE FROM documents WHERE kind = ? AND name = ?', request.kind, request.name) > 0;
        return found ? nextGeneration(request.kind) : undefined;
      }
      case 'putBytes':
        return run(
          'INSERT OR REPLACE INTO bytes (name, body) VALUES (?, ?)',
          textOf(request.name),
          Buffer.from(request.bytes.buffer, request.bytes.byteOffset, request.bytes.byteLength),
        );
      case 'deleteBytes':
        return run('DELETE FROM bytes WHERE name = ?', request.name);
      case 'audit':
        return run('INSERT INTO audit (time, body) VALUES (?, ?)', request.entry.time, jsonOf(request.entry));
      case 'prune':
        return prune(request.retention);
    }
  };

  const inSavepoint = (request: WriteRequest): WriteOutcome => {
    sql('SAVEPOINT request').run();
    try {
      const value = carryOut(request);
      sql('RELEASE request').run();
      return { ok: true, value };
    } catch (error) {
      paths.clear();
      // A full disk may have undone the whole transaction by itself.
      if (db.isTransaction) db.exec('ROLLBACK TO request; RELEASE request');
      return { ok: false, error: storeError(error) };
    }
  };

  const commit = (requests: readonly WriteRequest[]): WriteOutcome[] => {
    let outcomes: WriteOutcome[] = [];
    try {
      sql('BEGIN IMMEDIATE').run();
      for (const request of requests) {
        outcomes.push(inSavepoint(request));
        if (!db.isTransaction) break;
      }
      if (db.isTransaction) {
        sql('COMMIT').run();
        return outcomes;
      }
    } catch (error) {
      paths.clear();
      if (db.isTransaction) db.exec('ROLLBACK');
      outcomes = [{ ok: false, error: storeError(error) }];
    }
    // Nothing of the group is stored. Each again by itself: what cannot be done must not take the others along.
    return requests.length === 1 ? outcomes : requests.flatMap(request => commit([request]));
  };

  return { commit };
}

function difference<T>(before: readonly T[], after: readonly T[], key: (item: T) => string): { gone: T[]; come: T[] } {
  if (before.length === 0 && after.length === 0) return { gone: [], come: [] };
  const old = new Set(before.map(key));
  const fresh = new Set(after.map(key));
  return { gone: before.filter(item => !fresh.has(key(item))), come: after.filter(item => !old.has(key(item))) };
}
