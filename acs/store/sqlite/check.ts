// The check of a store's file: SQLite's own, and the invariants between our tables. It only reads, in one snapshot, so it can check the
// file of a running server too.
import { createHash } from 'node:crypto';
import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import { messageOf } from '../../../shared/errors.ts';
import type { DeviceRow } from '../../device/row.ts';
import type { Task } from '../../device/task.ts';
import { CHUNK, type ContentReference, contentNameOf } from '../content-chunks.ts';
import { versionOf } from './schema.ts';
import { storeError } from './store-error.ts';
import { rowOf } from './stored-row.ts';
import { columnsOf } from './writes/device-columns.ts';

export interface StoreCheck {
  /** Problems, a sentence each. */
  problems: string[];
  /** Number of problems beyond those listed. */
  unlisted: number;
  /** Number of entries of each kind, by its name. */
  counts: Record<string, number>;
}

const MAX_LISTED = 100;

interface Findings extends StoreCheck {
  wrong(text: string): void;
}

/** @throws UserError 503 for a file that is no store of ours, or of a newer version */
export function checkStore(db: DatabaseSyncInstance, file: string): StoreCheck {
  const { version, current } = versionOf(db, file);
  const found: Findings = {
    problems: [],
    unlisted: 0,
    counts: {},
    wrong: text => {
      if (found.problems.length < MAX_LISTED) found.problems.push(text);
      else found.unlisted++;
    },
  };
  db.exec('BEGIN');
  try {
    const steps = [checkPages, ...(version === current ? [checkDevices, checkEnded, checkOthers, checkFiles] : [])];
    for (const step of steps) attempt(step, db, found);
    found.counts = counted(db);
  } catch (error) {
    found.wrong(reasonOf(error));
  } finally {
    if (db.isTransaction) db.exec('ROLLBACK');
  }
  const { problems, unlisted, counts } = found;
  return { problems, unlisted, counts };
}

const reasonOf = (error: unknown): string => messageOf(storeError(error));

/** Runs a step, which ends at the first damaged page; the other steps may find more. */
function attempt(step: (db: DatabaseSyncInstance, found: Findings) => void, db: DatabaseSyncInstance, found: Findings) {
  try {
    step(db, found);
  } catch (error) {
    found.wrong(reasonOf(error));
  }
}

function checkPages(db: DatabaseSyncInstance, { wrong }: Findings): void {
  for (const row of db.prepare(`PRAGMA integrity_check(${MAX_LISTED})`).all()) {
    const { integrity_check: text } = row as { integrity_check: string };
    if (text !== 'ok') wrong(text);
  }
  for (const row of db.prepare('PRAGMA foreign_key_check').all()) {
    const { table, rowid, parent } = row as { table: string; rowid: number | null; parent: string };
    wrong(`${table}: row ${rowid ?? ''} names a row of ${parent} that is not there`);
  }
}

/** The JSON object in a text; for any other text undefined, and a problem is noted. */
function objectIn<T>(text: string, what: string, { wrong }: Findings): T | undefined {
  const value = tryParse<T>(text);
  if (value === undefined) wrong(`${what} cannot be read`);
  return value;
}

function tryParse<T>(text: string): T | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as T) : undefined;
  } catch {
    // The caller reports it.
    return undefined;
  }
}

type Columns = Record<string, string | number | null>;
interface FoundDevice extends Columns {
  pk: number;
  id: string;
  body: string | null;
  told: string | null;
  position: string | null;
}

function checkDevices(db: DatabaseSyncInstance, found: Findings): void {
  const devices = db.prepare(`SELECT d.*, r.body, r.told, p.body AS position FROM devices d
    LEFT JOIN rows r ON r.device = d.pk LEFT JOIN positions p ON p.device = d.pk`);
  const beside = {
    tags: db.prepare('SELECT tag AS entry FROM tags WHERE device = ?'),
    'site fields': db.prepare(`SELECT name || ' ' || value AS entry FROM sites WHERE device = ?`),
    'open tasks': db.prepare(`SELECT id || ' ' || created AS entry FROM open_tasks WHERE device = ?`),
    faults: db.prepare(`SELECT id || ' ' || last AS entry FROM faults WHERE device = ?`),
  };
  for (const entry of devices.iterate()) {
    const device = entry as FoundDevice;
    const row = readableRow(device, found);
    if (!row) continue;
    for (const [name, value] of Object.entries(columnsOf(row)))
      if (device[name] !== value) found.wrong(`device ${device.id}: column ${name} is not what its row says`);
    const inRow: Record<keyof typeof beside, string[]> = {
      tags: row.tags,
      'site fields': Object.entries(row.site).map(([name, value]) => `${name} ${value}`),
      'open tasks': row.tasks.map(task => `${task.id} ${real(task.created)}`),
      faults: row.faults.map(fault => `${fault.id} ${real(fault.last)}`),
    };
    for (const [name, statement] of Object.entries(beside) as [keyof typeof beside, (typeof beside)['tags']][]) {
      const listed = statement.all(device.pk).map(line => (line as { entry: string }).entry);
      if (!sameEntries(listed, inRow[name])) found.wrong(`device ${device.id}: its ${name} are not those of its row`);
    }
  }
}

/** A number as SQLite writes a REAL. */
const real = (number: number): string => (Number.isInteger(number) ? `${number}.0` : String(number));

function sameEntries(a: readonly string[], b: readonly string[]): boolean {
  const others = new Set(b);
  return a.length === b.length && others.size === b.length && a.every(entry => others.has(entry));
}

function readableRow({ id, body, told, position }: FoundDevice, found: Findings): DeviceRow | undefined {
  if (body === null || told === null) {
    found.wrong(`device ${id} has no row`);
    return undefined;
  }
  objectIn(told, `device ${id}: its last values`, found);
  if (!objectIn(body, `device ${id}: its row`, found)) return undefined;
  if (position !== null && !objectIn(position, `device ${id}: its position in a rollout`, found)) return undefined;
  const row = rowOf({ body, told, position });
  if (row.id !== id) {
    found.wrong(`device ${id}: its row is that of ${row.id}`);
    return undefined;
  }
  if ([row.tags, row.tasks, row.faults].every(Array.isArray)) return row;
  found.wrong(`device ${id}: its row is not complete`);
  return undefined;
}

const endStates: ReadonlySet<string> = new Set(['done', 'failed', 'cancelled']);

function checkEnded(db: DatabaseSyncInstance, found: Findings): void {
  for (const entry of db.prepare('SELECT id, device, created, ended, body FROM ended_tasks').iterate()) {
    const { id, device, created, ended, body } = entry as Columns & { body: string };
    const task = objectIn<Task>(body, `ended task ${id}`, found);
    if (!task) continue;
    const same = task.id === id && task.device === device && task.created === created;
    if (!same || (task.ended ?? task.created) !== ended) found.wrong(`ended task ${id}: columns are not what it says`);
    if (!endStates.has(task.state)) found.wrong(`ended task ${id} is ${task.state}`);
  }
  for (const entry of db.prepare('SELECT id FROM open_tasks JOIN ended_tasks USING (id)').iterate())
    found.wrong(`task ${(entry as { id: string }).id} is open and has ended`);
}

function checkOthers(db: DatabaseSyncInstance, found: Findings): void {
  const documents = `SELECT d.kind, d.name, d.generation, d.body, g.generation AS newest
    FROM documents d LEFT JOIN generations g ON g.kind = d.kind`;
  for (const entry of db.prepare(documents).iterate()) {
    const { kind, name, generation, body, newest } = entry as Columns & { body: string };
    objectIn(body, `${kind} '${name}'`, found);
    if (Number(generation) > Number(newest ?? 0)) found.wrong(`${kind} '${name}' is newer than its kind`);
  }
  checkVersions(db, found);
  for (const entry of db.prepare('SELECT pk, body FROM audit').iterate()) {
    const { pk, body } = entry as { pk: number; body: string };
    objectIn(body, `audit entry ${pk}`, found);
  }
  const strays = db
    .prepare('SELECT count(*) AS n FROM parameters WHERE NOT EXISTS (SELECT 1 FROM paths WHERE pk = parameters.path)')
    .get() as { n: number };
  if (strays.n > 0) found.wrong(`${strays.n} parameters have a path that is not known`);
  const lost = db
    .prepare(
      `SELECT count(*) AS n FROM parameters p
        WHERE read > 0 AND NOT EXISTS (SELECT 1 FROM reads WHERE pk = p.read AND device = p.device)`,
    )
    .get() as { n: number };
  if (lost.n > 0) found.wrong(`${lost.n} parameters belong to a read that is not known`);
}

/** Each version can be read, and the newest one of a name is its document, or its deletion. */
function checkVersions(db: DatabaseSyncInstance, found: Findings): void {
  const versions = `SELECT v.kind, v.name, v.generation, v.body, d.generation AS document, d.body IS v.body AS same,
      v.generation = max(v.generation) OVER (PARTITION BY v.kind, v.name) AS newest
    FROM document_versions v LEFT JOIN documents d ON d.kind = v.kind AND d.name = v.name`;
  for (const entry of db.prepare(versions).iterate()) {
    const { kind, name, generation, body, document, same, newest } = entry as Columns & { body: string | null };
    if (body !== null) objectIn(body, `version ${generation} of ${kind} '${name}'`, found);
    if (!newest) continue;
    const isStored = document === null ? body === null : document === generation && same === 1;
    if (!isStored) found.wrong(`${kind} '${name}': its newest version ${generation} is not what is stored`);
  }
}

/** Each content against its SHA-256, and each file against its content. */
function checkFiles(db: DatabaseSyncInstance, found: Findings): void {
  const files = new Map<string, ContentReference>();
  for (const { name, body } of db
    .prepare(`SELECT name, body FROM documents WHERE kind = 'file'`)
    .iterate() as Iterable<{
    name: string;
    body: string;
  }>) {
    // A document that cannot be read is reported with the documents.
    const file = tryParse<ContentReference>(body);
    if (file) files.set(contentNameOf(file), { ...file, name });
  }
  const chunks = db.prepare('SELECT number, body FROM content_chunks WHERE content = ? ORDER BY number');
  const contents = db.prepare('SELECT pk, name, size, sha256 FROM contents WHERE name IS NOT NULL ORDER BY name').all();
  for (const { pk, name, size, sha256 } of contents as { pk: number; name: string; size: number; sha256: string }[]) {
    const file = files.get(name);
    files.delete(name);
    const what = file ? `file '${file.name}'` : `content '${name}'`;
    const hash = createHash('sha256');
    let length = 0;
    for (const entry of chunks.iterate(pk)) {
      const { number, body } = entry as { number: number; body: Uint8Array };
      if (number * CHUNK !== length) break;
      hash.update(body);
      length += body.length;
    }
    if (length !== size) found.wrong(`${what}: ${length} of its ${size} bytes are there`);
    else if (hash.digest('hex') !== sha256)
      found.wrong(`${what} is damaged: its bytes do not have the SHA-256 ${sha256}`);
    else if (file && (file.sealed ?? file).sha256 !== sha256)
      found.wrong(`${what}: its content is that of another file`);
  }
  for (const { name } of files.values()) found.wrong(`file '${name}' has no content`);
}

const counting: Readonly<Record<string, string>> = {
  devices: 'devices',
  parameters: 'parameters',
  'open tasks': 'open_tasks',
  'ended tasks': 'ended_tasks',
  faults: 'faults',
  documents: 'documents',
  'document versions': 'document_versions',
  'file contents': 'contents',
  'audit entries': 'audit',
  'webhook notices': 'deliveries',
  'device events': 'device_events',
  'job positions': 'job_positions',
};

function counted(db: DatabaseSyncInstance): Record<string, number> {
  const tables = new Set(
    (db.prepare('SELECT name FROM sqlite_schema').all() as { name: string }[]).map(({ name }) => name),
  );
  const present = Object.entries(counting).filter(([, table]) => tables.has(table));
  return Object.fromEntries(
    present.map(([name, table]) => [name, (db.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number }).n]),
  );
}
