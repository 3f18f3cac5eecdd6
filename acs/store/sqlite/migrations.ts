// The tables of the SQLite store, as the steps that lead to them.
import { createHash } from 'node:crypto';
import type { DatabaseSyncInstance } from '@photostructure/sqlite';

/** The steps, each from one version to the next (`user_version`); a step that was released is never changed. */
export const migrations: readonly (string | ((db: DatabaseSyncInstance) => void))[] = [
  `
  -- The columns that devices are filtered and sorted by. The table is narrow, so that a search can read all of it. Unknown is '' or 0.
  CREATE TABLE devices (
    pk INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    username TEXT,
    next_username TEXT,
    oui TEXT NOT NULL,
    product_class TEXT NOT NULL,
    serial TEXT NOT NULL,
    manufacturer TEXT NOT NULL,
    firmware TEXT NOT NULL,
    firmware_key TEXT NOT NULL,
    hardware TEXT NOT NULL,
    address TEXT NOT NULL,
    state TEXT NOT NULL,
    created REAL NOT NULL,
    last_inform REAL NOT NULL,
    last_boot REAL NOT NULL,
    online_until REAL NOT NULL
  ) STRICT;
  CREATE INDEX devices_username ON devices (username) WHERE username IS NOT NULL;
  CREATE INDEX devices_next_username ON devices (next_username) WHERE next_username IS NOT NULL;
  CREATE INDEX devices_oui ON devices (oui, id);
  CREATE INDEX devices_product_class ON devices (product_class, id);
  CREATE INDEX devices_serial ON devices (serial, id);
  CREATE INDEX devices_firmware ON devices (firmware_key, id);
  CREATE INDEX devices_state ON devices (state, id);
  CREATE INDEX devices_created ON devices (created, id);
  CREATE INDEX devices_last_inform ON devices (last_inform, id);

  -- The row itself, JSON.
  CREATE TABLE rows (
    device INTEGER PRIMARY KEY REFERENCES devices ON DELETE CASCADE,
    body TEXT NOT NULL
  ) STRICT;
  CREATE TABLE tags (
    tag TEXT NOT NULL,
    device INTEGER NOT NULL REFERENCES devices ON DELETE CASCADE,
    PRIMARY KEY (tag, device)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX tags_device ON tags (device);

  -- The parameter trees, with numbers in place of paths.
  CREATE TABLE paths (pk INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE parameters (
    device INTEGER NOT NULL REFERENCES devices ON DELETE CASCADE,
    path INTEGER NOT NULL,
    value TEXT NOT NULL,
    type TEXT NOT NULL,
    writable INTEGER,
    notification INTEGER,
    time REAL NOT NULL,
    PRIMARY KEY (device, path)
  ) STRICT, WITHOUT ROWID;

  -- Open tasks and faults are stored in their device's row: these tables find them by id and in order.
  CREATE TABLE open_tasks (
    id TEXT PRIMARY KEY,
    device INTEGER NOT NULL REFERENCES devices ON DELETE CASCADE,
    created REAL NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX open_tasks_device ON open_tasks (device);
  CREATE INDEX open_tasks_created ON open_tasks (created, id);
  CREATE TABLE faults (
    id TEXT PRIMARY KEY,
    device INTEGER NOT NULL REFERENCES devices ON DELETE CASCADE,
    last REAL NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX faults_device ON faults (device);
  CREATE INDEX faults_last ON faults (last, id);
  CREATE TABLE ended_tasks (
    id TEXT PRIMARY KEY,
    device TEXT NOT NULL,
    created REAL NOT NULL,
    ended REAL NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX ended_tasks_device ON ended_tasks (device, created, id);
  CREATE INDEX ended_tasks_created ON ended_tasks (created, id);
  CREATE INDEX ended_tasks_ended ON ended_tasks (ended);

  CREATE TABLE generations (kind TEXT PRIMARY KEY, generation INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE documents (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    generation INTEGER NOT NULL,
    changed REAL NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, name)
  ) STRICT;
  CREATE TABLE bytes (name TEXT PRIMARY KEY, body BLOB NOT NULL) STRICT;
  `,
  `
  CREATE TABLE audit (
    pk INTEGER PRIMARY KEY,
    time REAL NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX audit_time ON audit (time);

  -- The values of the last Informs, apart from the row: they are long, seldom change and are seldom read.
  ALTER TABLE rows ADD COLUMN told TEXT NOT NULL DEFAULT '{}';
  UPDATE rows SET told = json_extract(body, '$.values'), body = json_remove(body, '$.values', '$.claim');
  `,
  `
  -- The time at which the liveness of a device must be judged next (liveness.ts); 0 for never.
  ALTER TABLE devices ADD COLUMN due REAL NOT NULL DEFAULT 0;
  UPDATE devices SET due = online_until WHERE state = 'enrolled';
  CREATE INDEX devices_due ON devices (due) WHERE due > 0;
  `,
  `
  -- Contents of files, in chunks of 64 KB. One without a name is being written, or was replaced and may still be read.
  CREATE TABLE contents (
    -- Never used again: who reads a content must not come upon another one.
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT UNIQUE,
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    -- When all of it had come; without a name: the last sign of who writes or reads it, below 0 once it is being deleted.
    at REAL NOT NULL
  ) STRICT;
  CREATE INDEX contents_loose ON contents (at) WHERE name IS NULL;
  CREATE TABLE content_chunks (
    content INTEGER NOT NULL REFERENCES contents,
    number INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (content, number)
  ) STRICT;
  `,
  cutFiles,
  `
  ALTER TABLE devices ADD COLUMN rollout TEXT NOT NULL DEFAULT '';
  ALTER TABLE devices ADD COLUMN rollout_state TEXT NOT NULL DEFAULT '';
  ALTER TABLE devices ADD COLUMN rollout_zone TEXT NOT NULL DEFAULT '';
  ALTER TABLE devices ADD COLUMN rollout_wave REAL NOT NULL DEFAULT 0;
  ALTER TABLE devices ADD COLUMN rollout_due REAL NOT NULL DEFAULT 0;
  CREATE INDEX devices_rollout ON devices (rollout, id);
  CREATE INDEX devices_rollout_state ON devices (rollout, rollout_state, rollout_zone, rollout_wave, id);
  CREATE INDEX devices_rollout_due ON devices (rollout_state, rollout_due, id);
  `,
  `
  -- The queue of notices to webhooks.
  CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    webhook TEXT NOT NULL,
    due REAL NOT NULL,
    created REAL NOT NULL,
    attempts INTEGER NOT NULL,
    dead INTEGER NOT NULL,
    error TEXT,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX deliveries_due ON deliveries (webhook, dead, due, id);
  CREATE INDEX deliveries_created ON deliveries (webhook, dead, created, id);
  `,
  `
  -- The history of devices: numbers in rings (series.ts), and events.
  CREATE TABLE series (
    device INTEGER NOT NULL REFERENCES devices ON DELETE CASCADE,
    path INTEGER NOT NULL,
    level INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    n INTEGER NOT NULL,
    sum REAL NOT NULL,
    min REAL NOT NULL,
    max REAL NOT NULL,
    PRIMARY KEY (device, level, path, slot)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE device_events (
    pk INTEGER PRIMARY KEY,
    device INTEGER NOT NULL REFERENCES devices ON DELETE CASCADE,
    time REAL NOT NULL,
    type TEXT NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX device_events_device ON device_events (device, pk);
  `,
  `
  -- 1: the last sessions were all lost (liveness.ts).
  ALTER TABLE devices ADD COLUMN unfinished INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX devices_unfinished ON devices (id) WHERE unfinished > 0;
  `,
  `
  -- Positions in rollouts, JSON, apart from the rows: a rollout over all devices, and its abort, write one of each device.
  CREATE TABLE positions (
    device INTEGER PRIMARY KEY REFERENCES devices ON DELETE CASCADE,
    body TEXT NOT NULL
  ) STRICT;
  INSERT INTO positions SELECT device, body -> '$.rollout' FROM rows WHERE body -> '$.rollout' IS NOT NULL;
  UPDATE rows SET body = json_remove(body, '$.rollout') WHERE device IN (SELECT device FROM positions);
  -- A device without a rollout has no entry in these.
  DROP INDEX devices_rollout;
  DROP INDEX devices_rollout_state;
  DROP INDEX devices_rollout_due;
  CREATE INDEX devices_rollout ON devices (rollout, id) WHERE rollout > '';
  CREATE INDEX devices_rollout_state ON devices (rollout, rollout_state, rollout_zone, rollout_wave, id) WHERE rollout > '';
  CREATE INDEX devices_rollout_due ON devices (rollout_state, rollout_due, id) WHERE rollout_due > 0;
  `,
  `
  -- Reads of many parameters of a device: the same ones again are one read, which has the time of all values that belong to it.
  CREATE TABLE reads (
    pk INTEGER PRIMARY KEY,
    device INTEGER NOT NULL REFERENCES devices ON DELETE CASCADE,
    -- A digest of the numbers of their paths, in the order of the answer.
    paths TEXT NOT NULL,
    time REAL NOT NULL,
    UNIQUE (device, paths)
  ) STRICT;
  ALTER TABLE parameters ADD COLUMN read INTEGER;
  `,
  `
  -- The last sessions of each device, packed (session-record.ts). Those of one device lie together.
  CREATE TABLE device_sessions (
    device INTEGER NOT NULL REFERENCES devices ON DELETE CASCADE,
    started REAL NOT NULL,
    claim INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (device, started, claim)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- What faults are filtered, sorted and grouped by stands beside their ids.
  DROP TABLE faults;
  CREATE TABLE faults (
    id TEXT PRIMARY KEY,
    device INTEGER NOT NULL REFERENCES devices ON DELETE CASCADE,
    cause TEXT NOT NULL,
    code TEXT NOT NULL,
    parameter TEXT NOT NULL,
    first REAL NOT NULL,
    last REAL NOT NULL,
    count INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT OR REPLACE INTO faults
    SELECT f.value ->> '$.id', r.device, f.value ->> '$.cause', CAST(f.value ->> '$.code' AS TEXT), COALESCE(f.value ->> '$.parameter', ''),
      f.value ->> '$.first', f.value ->> '$.last', f.value ->> '$.count'
    FROM rows r, json_each(r.body, '$.faults') f;
  CREATE INDEX faults_device ON faults (device);
  CREATE INDEX faults_last ON faults (last, id);
  CREATE INDEX faults_code ON faults (code, device);
  CREATE INDEX faults_cause ON faults (cause, code, parameter, device);
  `,
  `
  -- The author and the comment of the last change of a document.
  ALTER TABLE documents ADD COLUMN author TEXT;
  ALTER TABLE documents ADD COLUMN comment TEXT;
  -- What was stored under a name, for kinds that keep it; a deletion has no body.
  CREATE TABLE document_versions (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    generation INTEGER NOT NULL,
    changed REAL NOT NULL,
    author TEXT,
    comment TEXT,
    size INTEGER NOT NULL,
    body TEXT,
    PRIMARY KEY (kind, name, generation)
  ) STRICT;
  INSERT INTO document_versions (kind, name, generation, changed, size, body)
    SELECT kind, name, generation, changed, length(body), body FROM documents
      WHERE kind IN ('preset', 'alert', 'enrolRule', 'setting', 'webhook');
  `,
  `
  -- What devices are found and grouped by besides: the provisioning code, a pending restart, the number of values that drift, site fields.
  ALTER TABLE devices ADD COLUMN provisioning_code TEXT NOT NULL DEFAULT '';
  ALTER TABLE devices ADD COLUMN restart INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE devices ADD COLUMN drift INTEGER NOT NULL DEFAULT 0;
  UPDATE devices SET (provisioning_code, restart, drift) =
    (SELECT COALESCE(body ->> '$.provisioningCode', ''), body -> '$.restart' IS NOT NULL,
      COALESCE(json_array_length(body, '$.drift'), 0) FROM rows WHERE device = devices.pk)
    WHERE pk IN (SELECT device FROM rows);
  CREATE INDEX devices_restart ON devices (id) WHERE restart > 0;
  CREATE INDEX devices_drift ON devices (id) WHERE drift > 0;
  CREATE TABLE sites (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    device INTEGER NOT NULL REFERENCES devices ON DELETE CASCADE,
    PRIMARY KEY (name, value, device)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX sites_device ON sites (device, name);
  INSERT INTO sites (name, value, device)
    SELECT j.key, j.value, r.device FROM rows r, json_each(r.body, '$.site') j WHERE j.type = 'text';
  `,
  `
  -- Positions of devices in jobs. A device that was removed keeps its positions until the job is deleted.
  CREATE TABLE job_positions (
    job TEXT NOT NULL,
    device TEXT NOT NULL,
    state TEXT NOT NULL,
    zone TEXT NOT NULL,
    wave INTEGER NOT NULL,
    due REAL NOT NULL,
    version INTEGER NOT NULL,
    code TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (job, device)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX job_positions_state ON job_positions (job, state, zone, wave, device);
  CREATE INDEX job_positions_due ON job_positions (job, due) WHERE due > 0;
  CREATE INDEX job_positions_next ON job_positions (due) WHERE due > 0;
  CREATE INDEX job_positions_away ON job_positions (device) WHERE state = 'away';
  CREATE INDEX job_positions_code ON job_positions (job, code, state) WHERE code > '';
  `,
  `
  -- What ended tasks are chosen by; their index has it, so that no text is read for it.
  ALTER TABLE ended_tasks ADD COLUMN state TEXT NOT NULL DEFAULT '';
  ALTER TABLE ended_tasks ADD COLUMN method TEXT NOT NULL DEFAULT '';
  UPDATE ended_tasks SET state = body ->> '$.state', method = body ->> '$.method';
  DROP INDEX IF EXISTS ended_tasks_created;
  CREATE INDEX ended_tasks_kind ON ended_tasks (created, id, state, method, device);
  `,
];

/** Cuts files that were stored whole into chunks. In SQL each chunk would read the whole file again. */
function cutFiles(db: DatabaseSyncInstance): void {
  const begin = db.prepare('INSERT INTO contents (name, size, sha256, at) VALUES (?, ?, ?, 0) RETURNING pk');
  const put = db.prepare('INSERT INTO content_chunks (content, number, body) VALUES (?, ?, ?)');
  const read = db.prepare('SELECT body FROM bytes WHERE name = ?');
  for (const { name } of db.prepare('SELECT name FROM bytes').all() as { name: string }[]) {
    const { body } = read.get(name) as { body: Uint8Array };
    const sha256 = createHash('sha256').update(body).digest('hex');
    const { pk } = begin.get(name, body.length, sha256) as { pk: number };
    for (let at = 0; at < body.length; at += 65_536) put.run(pk, at / 65_536, body.subarray(at, at + 65_536));
  }
  db.exec('DROP TABLE bytes');
}
