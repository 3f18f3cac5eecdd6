// Every read of the SQLite store, on one connection of its own: synchronous, for the main thread and for the search thread.
import type { DatabaseSyncInstance, StatementSyncInstance } from '@photostructure/sqlite';
import type { DeviceFault } from '../../device/fault.ts';
import type { KnownValue } from '../../device/parameter.ts';
import type { DeviceRow } from '../../device/row.ts';
import type { Task } from '../../device/task.ts';
import type { Filter } from '../../query/filter.ts';
import { badCursor, cursorText, newestFirst, pageOf, readCursor, sortOf } from '../paging.ts';
import type { AuditEntry, Delivery, DeviceEvent, DocumentKind, StoredDocument } from '../records.ts';
import type { Bucket } from '../series.ts';
import type {
  DeliveryCount,
  DeliveryQuery,
  DeviceQuery,
  GroupQuery,
  OverdueQuery,
  SeriesQuery,
  StoredContent,
} from '../store.ts';
import { countDeliveries, readDeliveries } from './deliveries.ts';
import { below, columns, toSql } from './filter.ts';
import { groupsSql } from './groups.ts';
import { readDeviceEvents, readSeries, readSeriesPaths } from './history.ts';

/** Reads that may have to walk all devices: plain data, so that they can be sent to another thread. */
export type SearchRequest =
  | { do: 'devices'; query: DeviceQuery }
  | { do: 'countDevices'; filter?: Filter; now: number }
  | { do: 'groups'; query: GroupQuery }
  | { do: 'overdue'; query: OverdueQuery }
  | { do: 'knownValues'; devices: readonly string[]; paths: readonly string[] };

/** Devices of which some fields alone are wanted: the id of each, then its values in the order of the fields, null for none. */
export interface PartsAnswer {
  parts: unknown[][];
  next?: string;
}

/** As it travels: each different answer once, and for each device its place among them. */
export interface KnownAnswer {
  texts: (string | null)[][];
  of: [device: string, at: number][];
}

export interface Reading {
  device(id: string): DeviceRow | undefined;
  deviceByUsername(username: string): Pick<DeviceRow, 'id' | 'credentials'> | undefined;
  devices(query: DeviceQuery): { items: DeviceRow[]; next?: string };
  countDevices(filter: Filter | undefined, now: number): number;
  overdue(query: OverdueQuery): string[];
  parameters(device: string, path: string): KnownValue[];
  tasks(query: { device?: string; limit: number }): Task[];
  task(id: string): Task | undefined;
  faults(limit: number): DeviceFault[];
  documents(kind: DocumentKind): StoredDocument[];
  document(kind: DocumentKind, name: string): StoredDocument | undefined;
  generations(): Map<string, number>;
  deliveries(query: DeliveryQuery): Delivery[];
  deliveryCounts(): DeliveryCount[];
  series(query: SeriesQuery): Bucket[];
  seriesPaths(device: string): string[];
  deviceEvents(device: string, limit: number): DeviceEvent[];
  audit(query: { limit: number; cursor?: string }): { items: AuditEntry[]; next?: string };
  content(name: string): { pk: number; size: number } | undefined;
  chunk(content: number, number: number): Uint8Array | undefined;
  contents(): StoredContent[];
  /** Whether there is one that no name stands for. */
  hasLooseContent(): boolean;
  /** @returns JSON, that it is made into once. Devices by `only` come as `PartsAnswer` */
  search(request: SearchRequest): string;
}

/** Prepares each statement once. */
export function statements(db: DatabaseSyncInstance): (sql: string) => StatementSyncInstance {
  const prepared = new Map<string, StatementSyncInstance>();
  return sql => {
    const known = prepared.get(sql);
    if (known) return known;
    // Filters make statements without end; the fixed ones come back at once.
    if (prepared.size >= 200) prepared.clear();
    const statement = db.prepare(sql);
    prepared.set(sql, statement);
    return statement;
  };
}

export function createReading(db: DatabaseSyncInstance): Reading {
  const sql = statements(db);
  const all = <T>(text: string, ...params: (string | number)[]): T[] => sql(text).all(...params) as T[];
  const one = <T>(text: string, ...params: (string | number)[]): T | undefined =>
    (sql(text).get(...params) as T | undefined) ?? undefined;
  const bodies = <T>(rows: { body: string }[]): T[] => rows.map(row => JSON.parse(row.body) as T);
  const bodyOf = <T>(row: { body: string } | undefined): T | undefined => row && (JSON.parse(row.body) as T);

  const rowWhere = (where: string, value: string | number): DeviceRow | undefined => {
    const found = one<StoredRow>(`SELECT body, told FROM rows WHERE device = ${where}`, value);
    return found && rowOf(found);
  };
  const device = (id: string): DeviceRow | undefined => rowWhere('(SELECT pk FROM devices WHERE id = ?)', id);
  /** In every session, so no more is read than it takes. */
  const deviceByUsername = (username: string): Pick<DeviceRow, 'id' | 'credentials'> | undefined =>
    bodyOf(
      one('SELECT body FROM rows WHERE device = (SELECT pk FROM devices WHERE username = ? LIMIT 1)', username) ??
        one('SELECT body FROM rows WHERE device = (SELECT pk FROM devices WHERE next_username = ? LIMIT 1)', username),
    );

  const devices = (query: DeviceQuery): { items: DeviceRow[]; next?: string } => {
    const limit = pageOf(query.limit);
    const { text, params } = pageSql(query);
    const found = all<Placed & { pk: number }>(text, ...params, limit + 1);
    const items = found.slice(0, limit).flatMap(({ pk }) => rowWhere('?', pk) ?? []);
    return { items, ...nextOf(found, limit, query) };
  };
  /** A whole fleet goes this way: the database takes the fields out of each row, and nobody reads the rest of it. */
  const parts = (query: DeviceQuery, only: NonNullable<DeviceQuery['only']>): string => {
    const limit = pageOf(query.limit);
    const { text, params } = pageSql(query);
    // Of a single path the bare value would come, so there is one more in front.
    const listed = `json_extract(r.body, '$.id', ${only.map(() => '?').join(', ')})`;
    const told = only.indexOf('told');
    const list = told < 0 ? listed : `json_set(${listed}, '$[${told + 1}]', r.told)`;
    const found = all<Placed & { list: string }>(
      `SELECT p.id, p.key, (SELECT ${list} FROM rows r WHERE r.device = p.pk) AS list FROM (${text}) p`,
      ...only.map(field => `$.${field}`),
      ...params,
      limit + 1,
    );
    const next = JSON.stringify(nextOf(found, limit, query).next);
    const lists = found.slice(0, limit).map(({ list }) => list);
    return `{"parts":[${lists.join(',')}]${next === undefined ? '' : `,"next":${next}`}}`;
  };

  const countDevices = (filter: Filter | undefined, now: number): number => {
    const where = filter ? toSql(filter, now) : { sql: '1', params: [] };
    return one<{ n: number }>(`SELECT count(*) AS n FROM devices d WHERE ${where.sql}`, ...where.params)?.n ?? 0;
  };

  /** In the order of the index `devices_due`. */
  const overdue = ({ now, limit, blindSpot }: OverdueQuery): string[] => {
    const due = 'SELECT id FROM devices WHERE due > 0 AND due < ?';
    const found = blindSpot
      ? all<{ id: string }>(
          `${due} AND (due < ? OR last_inform >= ?) ORDER BY due LIMIT ?`,
          now,
          now - blindSpot.ms,
          blindSpot.until,
          limit,
        )
      : all<{ id: string }>(`${due} ORDER BY due LIMIT ?`, now, limit);
    return found.map(({ id }) => id);
  };

  const parameters = (id: string, path: string): KnownValue[] => {
    const pk = one<{ pk: number }>('SELECT pk FROM devices WHERE id = ?', id)?.pk;
    if (pk === undefined) return [];
    const select = `SELECT d.path, p.value, p.type, p.writable, p.notification, p.time
      FROM parameters p CROSS JOIN paths d ON d.pk = p.path WHERE p.device = ?`;
    const rows =
      path !== '' && !path.endsWith('.')
        ? all<ParameterRow>(`${select} AND p.path = (SELECT pk FROM paths WHERE path = ?)`, pk, path)
        : path === ''
          ? all<ParameterRow>(`${select} ORDER BY d.path`, pk)
          : all<ParameterRow>(`${select} AND d.path >= ? AND d.path < ? ORDER BY d.path`, pk, ...below(path));
    return rows.map(knownValue);
  };

  const knownValues = (devices: readonly string[], paths: readonly string[]): KnownAnswer => {
    const places = new Map(
      all<{ pk: number; path: string }>(
        'SELECT pk, path FROM paths WHERE path IN (SELECT value FROM json_each(?))',
        JSON.stringify(paths),
      ).map(({ pk, path }) => [pk, paths.indexOf(path)]),
    );
    // One text a device: equal ones, which most are, are told apart from the others without being read.
    const found = all<{ id: string; told: string }>(
      `SELECT d.id, (SELECT json_group_array(p.path || ' ' || p.value) FROM parameters p
         WHERE p.device = d.pk AND p.path IN (SELECT value FROM json_each(?))) AS told
       FROM json_each(?) j CROSS JOIN devices d ON d.id = j.value`,
      JSON.stringify([...places.keys()]),
      JSON.stringify(devices),
    );
    const answer: KnownAnswer = { texts: [], of: [] };
    const seen = new Map<string, number>();
    for (const { id, told } of found) {
      if (told === '[]') continue;
      let at = seen.get(told);
      if (at === undefined) {
        const texts = Array<string | null>(paths.length).fill(null);
        for (const entry of JSON.parse(told) as string[]) {
          const blank = entry.indexOf(' ');
          texts[places.get(Number(entry.slice(0, blank)))!] = entry.slice(blank + 1);
        }
        at = answer.texts.push(texts) - 1;
        seen.set(told, at);
      }
      answer.of.push([id, at]);
    }
    return answer;
  };

  const openTasks = (limit: number): Task[] => {
    const found = all<{ id: string; body: string }>(
      `SELECT o.id, r.body FROM open_tasks o JOIN rows r ON r.device = o.device
       ORDER BY o.created DESC, o.id DESC LIMIT ?`,
      limit,
    );
    return found.flatMap(({ id, body }) => (JSON.parse(body) as DeviceRow).tasks.filter(task => task.id === id));
  };

  const tasks = (query: { device?: string; limit: number }): Task[] => {
    const limit = pageOf(query.limit);
    const order = 'ORDER BY created DESC, id DESC LIMIT ?';
    const open = query.device === undefined ? openTasks(limit) : (device(query.device)?.tasks ?? []);
    const ended: Task[] = bodies(
      query.device === undefined
        ? all(`SELECT body FROM ended_tasks ${order}`, limit)
        : all(`SELECT body FROM ended_tasks WHERE device = ? ${order}`, query.device, limit),
    );
    // One that ends between the two reads is in both: it has ended.
    const byId = new Map([...open, ...ended].map(task => [task.id, task]));
    return [...byId.values()].sort(newestFirst).slice(0, limit);
  };

  const task = (id: string): Task | undefined => {
    const row = bodyOf<DeviceRow>(
      one('SELECT body FROM rows WHERE device = (SELECT device FROM open_tasks WHERE id = ?)', id),
    );
    const open = row?.tasks.find(candidate => candidate.id === id);
    return open ?? bodyOf<Task>(one('SELECT body FROM ended_tasks WHERE id = ?', id));
  };

  const faults = (limit: number): DeviceFault[] => {
    const found = all<{ id: string; body: string }>(
      'SELECT f.id, r.body FROM faults f JOIN rows r ON r.device = f.device ORDER BY f.last DESC, f.id LIMIT ?',
      pageOf(limit),
    );
    return found.flatMap(({ id, body }) => (JSON.parse(body) as DeviceRow).faults.filter(fault => fault.id === id));
  };

  const documentColumns = 'SELECT name, generation, changed, body FROM documents WHERE kind = ?';
  const documents = (kind: DocumentKind): StoredDocument[] =>
    all<DocumentRow>(`${documentColumns} ORDER BY name`, kind).map(storedDocument);
  const document = (kind: DocumentKind, name: string): StoredDocument | undefined => {
    const row = one<DocumentRow>(`${documentColumns} AND name = ?`, kind, name);
    return row && storedDocument(row);
  };

  const generations = (): Map<string, number> =>
    new Map(
      all<{ kind: string; generation: number }>('SELECT kind, generation FROM generations').map(row => [
        row.kind,
        row.generation,
      ]),
    );

  const audit = (query: { limit: number; cursor?: string }): { items: AuditEntry[]; next?: string } => {
    const limit = pageOf(query.limit);
    const from = query.cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(query.cursor);
    if (!Number.isSafeInteger(from)) throw badCursor();
    const found = all<{ pk: number; body: string }>(
      'SELECT pk, body FROM audit WHERE pk < ? ORDER BY pk DESC LIMIT ?',
      from,
      limit + 1,
    );
    const items = bodies<AuditEntry>(found.slice(0, limit));
    return found.length > limit ? { items, next: String(found[limit - 1]?.pk) } : { items };
  };

  const content = (name: string): { pk: number; size: number } | undefined =>
    one('SELECT pk, size FROM contents WHERE name = ?', name);
  const chunk = (pk: number, number: number): Uint8Array | undefined =>
    one<{ body: Uint8Array }>('SELECT body FROM content_chunks WHERE content = ? AND number = ?', pk, number)?.body;
  const contents = (): StoredContent[] =>
    all<StoredContent>(
      'SELECT name, size, sha256, at AS changed FROM contents WHERE name IS NOT NULL ORDER BY name',
    ).map(row => ({ ...row }));
  const hasLooseContent = (): boolean => one('SELECT 1 FROM contents WHERE name IS NULL LIMIT 1') !== undefined;

  const searched = (request: SearchRequest): unknown => {
    if (request.do === 'devices') return devices(request.query);
    if (request.do === 'groups') return groupsSql(all, request.query);
    if (request.do === 'overdue') return overdue(request.query);
    if (request.do === 'knownValues') return knownValues(request.devices, request.paths);
    return countDevices(request.filter, request.now);
  };
  const search = (request: SearchRequest): string =>
    request.do === 'devices' && request.query.only
      ? parts(request.query, request.query.only)
      : JSON.stringify(searched(request));

  return {
    device,
    deviceByUsername,
    devices,
    countDevices,
    overdue,
    parameters,
    tasks,
    task,
    faults,
    documents,
    document,
    generations,
    audit,
    deliveries: query => readDeliveries(all, query),
    deliveryCounts: () => countDeliveries(all),
    series: query => readSeries(all, query),
    seriesPaths: device => readSeriesPaths(all, device),
    deviceEvents: (device, limit) => readDeviceEvents(all, device, limit),
    content,
    chunk,
    contents,
    hasLooseContent,
    search,
  };
}

/** As the table has it. */
export interface StoredRow {
  body: string;
  told: string;
}

export function rowOf({ body, told }: StoredRow): DeviceRow {
  const row = JSON.parse(body) as DeviceRow;
  row.told = told;
  return row;
}

interface ParameterRow {
  path: string;
  value: string;
  type: string;
  writable: number | null;
  notification: number | null;
  time: number;
}

function knownValue({ path, value, type, writable, notification, time }: ParameterRow): KnownValue {
  const known: KnownValue = { path, value, type, time };
  if (writable !== null) known.writable = writable === 1;
  if (notification !== null) known.notification = notification;
  return known;
}

interface DocumentRow {
  name: string;
  generation: number;
  changed: number;
  body: string;
}

const storedDocument = ({ name, generation, changed, body }: DocumentRow): StoredDocument => ({
  name,
  generation,
  changed,
  body: JSON.parse(body) as unknown,
});

/** Where a device stands in the order of a search. */
interface Placed {
  id: string;
  key: string | number;
}

/** @param found one more than the page has, where there is a next one */
function nextOf(found: readonly Placed[], limit: number, { sort }: DeviceQuery): { next?: string } {
  const last = found.length > limit ? found[limit - 1] : undefined;
  return last ? { next: cursorText(sort, last.key, last.id) } : {};
}

/** The rows with the fields that were asked for. */
export function rowsOf(parts: PartsAnswer['parts'], only: NonNullable<DeviceQuery['only']>): DeviceRow[] {
  return parts.map(values => {
    const row: Record<string, unknown> = {};
    for (let at = 0; at < only.length; at++) if (values[at + 1] !== null) row[only[at]!] = values[at + 1];
    return row as unknown as DeviceRow;
  });
}

/** One page of a search by keyset: where the last one ended, not how many came before. */
function pageSql(query: DeviceQuery): { text: string; params: (string | number)[] } {
  const { column, descending } = sortOf(query.sort, columns);
  const where = query.filter ? [toSql(query.filter, query.now)] : [];
  if (query.cursor !== undefined) {
    const { key, id } = readCursor(query.cursor, query.sort);
    const side = descending ? '<' : '>';
    where.push(
      column === 'id'
        ? { sql: `d.id ${side} ?`, params: [id] }
        : { sql: `(d.${column}, d.id) ${side} (?, ?)`, params: [key, id] },
    );
  }
  const order = descending ? 'DESC' : 'ASC';
  const by = column === 'id' ? `d.id ${order}` : `d.${column} ${order}, d.id ${order}`;
  return {
    text: `SELECT d.pk, d.id, d.${column} AS key FROM devices d
      WHERE ${where.map(part => part.sql).join(' AND ') || '1'} ORDER BY ${by} LIMIT ?`,
    params: where.flatMap(part => part.params),
  };
}
