// Every change of the SQLite store, on its one writing connection, and the group commit that makes them durable.
import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import { UserError } from '../../../shared/errors.ts';
import { dueAt, onlineUntil } from '../../device/liveness.ts';
import type { DeviceOperation, DeviceOperations } from '../../device/operation-types.ts';
import { operate } from '../../device/operations.ts';
import type { KnownValue } from '../../device/parameter.ts';
import type { DeviceRow } from '../../device/row.ts';
import type { Task } from '../../device/task.ts';
import { versionKey } from '../../query/version-key.ts';
import { noticesOf } from '../notices.ts';
import type { AuditEntry, DocumentKind, HistoryEntry, Notice } from '../records.ts';
import type { Retention } from '../store.ts';
import { changedMeanwhile, jsonOf, jsonTextOf, textOf } from '../text-checks.ts';
import { type ContentRequest, createContentWrites } from './content-writes.ts';
import { createDeliveryWrites, type DeliveryRequest } from './deliveries.ts';
import { below } from './filter.ts';
import { createHistoryWrites } from './history.ts';
import { rowOf, type StoredRow, statements } from './queries.ts';
import { storeError } from './schema.ts';

/** Plain data: it crosses to the writer thread. */
export type WriteRequest =
  | { do: 'apply'; id: string; name: DeviceOperation; args: DeviceOperations[DeviceOperation]['args'] }
  | { do: 'putParameters'; device: string; values: KnownValue[]; replaceBelow?: string }
  | {
      do: 'putDocument';
      kind: DocumentKind;
      name: string;
      body: unknown;
      now: number;
      expected?: number;
      notices?: readonly Notice[];
    }
  | { do: 'deleteDocument'; kind: DocumentKind; name: string }
  | ContentRequest
  | DeliveryRequest
  | { do: 'appendHistory'; entries: readonly HistoryEntry[] }
  | { do: 'audit'; entry: AuditEntry }
  | { do: 'prune'; retention: Retention };

/** `text`: the value as JSON, where it was made anyway, but for what the device told, which is in `told`. */
export type WriteOutcome = Written | { ok: false; error: unknown };
export type Written = { ok: true; value: unknown; text?: string; told?: string };

export interface Writing {
  /** Carries the requests out in order, in one transaction, each wholly or not at all; when this returns they are durable. */
  commit(requests: readonly WriteRequest[]): WriteOutcome[];
}

/** How many rows of a kind one request deletes, so that it never holds up the others for long. */
export const PRUNE_BATCH = 2000;

type Columns = Record<string, string | number | null>;

/** What the narrow table holds of a row. */
export const columnsOf = (row: DeviceRow): Columns => ({
  username: row.credentials?.username || null,
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
  due: dueAt(row),
  ...rolloutColumns(row.rollout),
});

const rolloutColumns = (position: DeviceRow['rollout']): Columns => ({
  rollout: position?.id ?? '',
  rollout_state: position?.state ?? '',
  rollout_zone: position?.zone ?? '',
  rollout_wave: position?.wave ?? 0,
  rollout_due: position?.due ?? 0,
});

/** Whether all columns but those of an Inform's time are the same: nearly always, and working them out costs more. */
const isSteady = (before: DeviceRow, row: DeviceRow): boolean =>
  before.credentials === row.credentials &&
  before.softwareVersion === row.softwareVersion &&
  before.hardwareVersion === row.hardwareVersion &&
  before.address === row.address &&
  before.state === row.state &&
  before.rollout === row.rollout &&
  before.manufacturer === row.manufacturer &&
  before.oui === row.oui &&
  before.productClass === row.productClass &&
  before.serialNumber === row.serialNumber &&
  before.created === row.created;

/** Whether liveness is judged as before, but for the time of the last Inform. */
const isAsWatched = (before: DeviceRow, row: DeviceRow): boolean =>
  before.absence === row.absence && before.informInterval === row.informInterval;

/** A device in the writer's memory: those that are in session are asked for again and again. */
interface Loaded {
  pk: number;
  row: DeviceRow;
}
const MAX_LOADED = 2000;
/** Changes in a row that the disk refused, after which those that came with them are refused too. */
const MAX_DISK_FAILURES = 5;

export function createWriting(db: DatabaseSyncInstance): Writing {
  const sql = statements(db);
  /** Whether the request at hand has changed anything yet. */
  let touched = false;
  const changing: typeof sql = text => {
    touched = true;
    return sql(text);
  };
  const run = (text: string, ...params: (string | number | null | Uint8Array)[]): number =>
    changing(text).run(...params).changes;
  /** Path numbers known to be stored; forgotten whenever something was rolled back, as `loaded` is. */
  const paths = new Map<string, number>();
  /** By id, the one asked for last at the end. */
  const loaded = new Map<string, Loaded>();
  /**
   * Tokens of the claims that stand, by device. They stand here alone: no other process can ask for a device but through this one, and
   * with this one all claims end. So what the table says of a claim counts only while it is one of these, and a session that changed
   * nothing else costs no second write.
   */
  const claims = new Map<string, number>();
  const forget = (): void => {
    paths.clear();
    loaded.clear();
    deliveries.forget();
    history.forget();
  };

  const load = (id: string): Loaded | undefined => {
    const known = loaded.get(id);
    if (known) return known;
    const found = sql('SELECT device, body, told FROM rows WHERE device = (SELECT pk FROM devices WHERE id = ?)').get(
      id,
    ) as (StoredRow & { device: number }) | undefined;
    if (!found) return undefined;
    const row = rowOf(found);
    if (row.claim && row.claim.token !== claims.get(id)) delete row.claim;
    return { pk: found.device, row };
  };

  const remember = (id: string, entry: Loaded): void => {
    loaded.delete(id);
    loaded.set(id, entry);
    if (loaded.size <= MAX_LOADED) return;
    for (const oldest of loaded.keys()) {
      loaded.delete(oldest);
      break;
    }
  };

  const apply = (id: string, name: DeviceOperation, args: DeviceOperations[DeviceOperation]['args']): Written => {
    const before = load(id);
    const { row, result, ended } = operate(name, id, before?.row, args);
    if (before && 'known' in args && args.known) putValues(before.pk, args.known);
    for (const task of ended) keepEnded(task);
    if (deliveries.subscribers().any) tell(before?.row, row, ended, args);
    if (row === before?.row) return { ok: true, value: result };
    if (!row) {
      run('DELETE FROM devices WHERE pk = ?', before?.pk ?? 0);
      loaded.delete(id);
      claims.delete(id);
      return { ok: true, value: result };
    }
    if (row.claim) claims.set(id, row.claim.token);
    else claims.delete(id);
    if (before && isFreed(before.row, row)) {
      remember(id, { pk: before.pk, row });
      return { ok: true, value: result };
    }
    const body = jsonOf({ ...row, told: undefined });
    const pk = before ? update(before, row, body) : insert(row, body);
    remember(id, { pk, row });
    return withBody(result, row, body);
  };

  const tell = (
    before: DeviceRow | undefined,
    row: DeviceRow | undefined,
    ended: readonly Task[],
    args: DeviceOperations[DeviceOperation]['args'],
  ): void => {
    const now = 'now' in args ? args.now : undefined;
    const notices = noticesOf(before, row, ended, now);
    if (notices.length > 0) deliveries.add(deliveries.subscribers().address(notices, row ?? before, now ?? 0));
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

  const insert = (row: DeviceRow, body: string): number => {
    const cells = { id: textOf(row.id), ...columnsOf(row) };
    const names = Object.keys(cells);
    const { lastInsertRowid } = changing(
      `INSERT INTO devices (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
    ).run(...Object.values(cells));
    const pk = Number(lastInsertRowid);
    run('INSERT INTO rows (device, body, told) VALUES (?, ?, ?)', pk, body, jsonTextOf(row.told));
    link(pk, undefined, row);
    return pk;
  };

  const update = ({ pk, row: before }: Loaded, row: DeviceRow, body: string): number => {
    if (before.told === row.told) run('UPDATE rows SET body = ? WHERE device = ?', body, pk);
    else run('UPDATE rows SET body = ?, told = ? WHERE device = ?', body, jsonTextOf(row.told), pk);
    // Only what differs: a column that is not named leaves its index alone.
    if (isSteady(before, row)) {
      if (before.lastInform !== row.lastInform || !isAsWatched(before, row))
        run(
          'UPDATE devices SET last_inform = ?, last_boot = ?, online_until = ?, due = ? WHERE pk = ?',
          row.lastInform ?? 0,
          row.lastBoot ?? 0,
          onlineUntil(row),
          dueAt(row),
          pk,
        );
    } else {
      const cells = differing(columnsOf(before), columnsOf(row));
      const set = cells.map(([name]) => `${name} = ?`).join(', ');
      if (cells.length > 0) run(`UPDATE devices SET ${set} WHERE pk = ?`, ...cells.map(([, value]) => value), pk);
    }
    link(pk, before, row);
    return pk;
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
    putValues(found.pk, values);
  };

  const putValues = (pk: number, values: readonly KnownValue[]): void => {
    const put =
      changing(`INSERT INTO parameters (device, path, value, type, writable, notification, time) VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET value = excluded.value, type = excluded.type, time = excluded.time,
        writable = coalesce(excluded.writable, writable), notification = coalesce(excluded.notification, notification)`);
    for (const { path, value, type, writable, notification, time } of values) {
      const number = pathNumber(path);
      put.run(
        pk,
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
    const row = changing(
      `INSERT INTO generations (kind, generation) VALUES (?, 1)
       ON CONFLICT DO UPDATE SET generation = generation + 1 RETURNING generation`,
    ).get(kind) as { generation: number };
    return row.generation;
  };

  const putDocument = ({
    kind,
    name,
    body,
    now,
    expected,
    notices,
  }: Extract<WriteRequest, { do: 'putDocument' }>): number => {
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
    if (kind === 'webhook') deliveries.forget();
    if (notices?.length) deliveries.add(deliveries.subscribers().address(notices, undefined, now));
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

  const writeContent = createContentWrites(run, (text, ...params) => sql(text).get(...params) ?? undefined);

  const all = (text: string, ...params: (string | number)[]) => sql(text).all(...params) as never;
  const deliveries = createDeliveryWrites(run, all);
  const history = createHistoryWrites(run, all, pathNumber);

  const carryOut = (request: Exclude<WriteRequest, { do: 'apply' }>): unknown => {
    switch (request.do) {
      case 'putParameters':
        return putParameters(request.device, request.values, request.replaceBelow);
      case 'putDocument':
        return putDocument(request);
      case 'deleteDocument': {
        const found = run('DELETE FROM documents WHERE kind = ? AND name = ?', request.kind, request.name) > 0;
        if (request.kind === 'webhook') deliveries.forget();
        return found ? nextGeneration(request.kind) : undefined;
      }
      case 'audit':
        return run('INSERT INTO audit (time, body) VALUES (?, ?)', request.entry.time, jsonOf(request.entry));
      case 'prune':
        return prune(request.retention);
      case 'appendHistory':
        return history.append(request.entries);
      case 'takeDeliveries':
      case 'settleDelivery':
      case 'reviveDeliveries':
      case 'dropDeliveries':
      case 'boundDeliveries':
        return deliveries.carryOut(request);
      default:
        return writeContent(request);
    }
  };

  const attempt = (request: WriteRequest): WriteOutcome =>
    request.do === 'apply' ? apply(request.id, request.name, request.args) : { ok: true, value: carryOut(request) };

  /** @throws what failed half-way: then the whole group has to be undone */
  const attemptInGroup = (request: WriteRequest): WriteOutcome => {
    touched = false;
    try {
      return attempt(request);
    } catch (error) {
      // Most refusals come before anything was changed: the group goes on.
      if (touched || !db.isTransaction) throw error;
      return { ok: false, error: storeError(error) };
    }
  };

  /** Nothing of what was begun stays. */
  const undo = (): void => {
    forget();
    // A full disk may have undone the whole transaction by itself.
    if (db.isTransaction) db.exec('ROLLBACK');
  };

  /** @throws what failed; then nothing of the group is stored */
  const commitTogether = (requests: readonly WriteRequest[]): WriteOutcome[] => {
    try {
      // What a failing disk did not even let be undone.
      if (db.isTransaction) undo();
      sql('BEGIN IMMEDIATE').run();
      const outcomes = requests.map(attemptInGroup);
      sql('COMMIT').run();
      return outcomes;
    } catch (error) {
      try {
        undo();
      } catch {
        // The first failure is the one to tell of; the next group begins by undoing.
      }
      throw error;
    }
  };

  /** What cannot be done must not take the others along; but where the disk fails one after the other, the rest is not tried. */
  const commitSingly = (requests: readonly WriteRequest[]): WriteOutcome[] => {
    let failures = 0;
    let last: unknown;
    return requests.map(request => {
      if (failures >= MAX_DISK_FAILURES) return { ok: false, error: last };
      try {
        const [outcome] = commitTogether([request]);
        failures = 0;
        return outcome!;
      } catch (error) {
        last = storeError(error);
        failures = last === error ? 0 : failures + 1;
        return { ok: false, error: last };
      }
    });
  };

  const commit = (requests: readonly WriteRequest[]): WriteOutcome[] => {
    try {
      return commitTogether(requests);
    } catch (error) {
      return requests.length === 1 ? [{ ok: false, error: storeError(error) }] : commitSingly(requests);
    }
  };

  return { commit };
}

/** Whether only the claim went: nothing that has to outlive this process. */
function isFreed(before: DeviceRow, row: DeviceRow): boolean {
  if (!before.claim || row.claim) return false;
  for (const name of Object.keys(before) as (keyof DeviceRow)[])
    if (name !== 'claim' && before[name] !== row[name]) return false;
  return true;
}

/** A result that holds the row takes its text from what was stored. */
function withBody(value: unknown, row: DeviceRow, body: string): Written {
  const { told } = row;
  if (value === row) return { ok: true, value, text: body, told };
  if (typeof value !== 'object' || value === null || !('row' in value) || value.row !== row) return { ok: true, value };
  const { row: _row, ...rest } = value;
  return { ok: true, value, text: `{"row":${body},${JSON.stringify(rest).slice(1)}`, told };
}

function differing(before: Columns, after: Columns): [string, string | number | null][] {
  return Object.entries(after).filter(([name, value]) => before[name] !== value);
}

function difference<T>(before: readonly T[], after: readonly T[], key: (item: T) => string): { gone: T[]; come: T[] } {
  if (before === after || (before.length === 0 && after.length === 0)) return { gone: [], come: [] };
  const old = new Set(before.map(key));
  const fresh = new Set(after.map(key));
  return { gone: before.filter(item => !fresh.has(key(item))), come: after.filter(item => !old.has(key(item))) };
}
