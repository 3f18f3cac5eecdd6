// Backup, check and restore of a store and its data directory; test/processes/backup.test.ts runs them as programs.
import assert from 'node:assert/strict';
import { copyFile, mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { backUp, type DataLocation, restore } from '../../../acs/cli/backup.ts';
import { openData } from '../../../acs/server/data-directory.ts';
import { checkFile } from '../../../acs/store/sqlite/backup.ts';
import { openSqlite } from '../../../acs/store/sqlite/store.ts';
import type { Store } from '../../../acs/store/store.ts';
import { seededRandom, VirtualClock } from '../../../shared/clock.ts';
import { UserError } from '../../../shared/errors.ts';
import { sealAnew } from '../../support/acs/sealed.ts';
import { bytesOf, inPieces } from '../../support/contents.ts';
import { identityOf, idOf, informOf, newYear, taskOf } from '../../support/devices.ts';

const clock = new VirtualClock(newYear);
const random = seededRandom(5);
const careful = { clock, random, force: false };
const forced = { clock, random, force: true };

const image = random.bytes(200_000);

const hasCode = (code: string) => (error: unknown) => error instanceof UserError && error.code === code;

async function fill(store: Store): Promise<void> {
  for (const serial of ['A', 'B', 'C']) {
    const id = idOf(identityOf(serial));
    await store.apply(id, 'informed', informOf(serial, newYear, ['0 BOOTSTRAP', '1 BOOT']));
    await store.apply(id, 'patched', { patch: { tags: ['red', serial] } });
    await store.apply(id, 'taskAdded', { task: taskOf(`done-${serial}`, 'Reboot', newYear) });
    await store.apply(id, 'taskCancelled', { id: `done-${serial}`, now: newYear + 1 });
    await store.apply(id, 'taskAdded', { task: taskOf(`open-${serial}`, 'FactoryReset', newYear) });
    await store.apply(id, 'faultRaised', { cause: 'reconcile', code: 9005, message: 'no', retryAt: 1, now: newYear });
    await store.putParameters(id, [{ path: `Device.${serial}`, value: serial, type: 'xsd:string', time: newYear }]);
  }
  await store.putDocument('preset', 'p', { set: {} });
  const content = 'fw.bin 1';
  const sum = await store.putContent(content, inPieces(image));
  await store.putDocument('file', 'fw.bin', { name: 'fw.bin', type: 'firmware', ...sum, content });
  await store.appendAudit([{ id: '1', time: newYear, who: 'admin', what: 'putPreset', target: 'p', status: 201 }]);
}

describe('Backup, check and restore', () => {
  let folder: string;
  let kept: DataLocation;
  let backup: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tandem-backup-'));
    kept = { data: join(folder, 'data'), store: join(folder, 'data', 'tandem.db') };
    backup = join(folder, 'acs.backup');
    const data = await openData(kept.data, clock, random);
    await data.adminToken();
    await writeFile(join(kept.data, 'pki', 'ca.pem'), 'a certificate');
    await writeFile(join(kept.data, 'pki', 'ca.key'), 'a key', { mode: 0o600 });
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  const withStore = async (work: (store: Store) => Promise<void>, file = kept.store): Promise<void> => {
    const store = await openSqlite({ file, clock, inThread: true });
    try {
      await work(store);
    } finally {
      await store.close();
    }
  };
  const made = async (): Promise<void> => {
    await withStore(async store => {
      await fill(store);
      await backUp(kept, backup, careful);
    });
  };
  const target = (): DataLocation => ({ data: join(folder, 'other'), store: join(folder, 'other', 'tandem.db') });

  it('restores the store, and the secrets with their modes, from one file', async () => {
    await made();
    assert.equal((await stat(backup)).mode & 0o777, 0o600);
    const { problems, counts, backup: about } = await checkFile(backup);
    assert.deepEqual(problems, []);
    assert.equal(about?.time, newYear);
    assert.deepEqual(counts, {
      devices: 3,
      parameters: 3,
      'open tasks': 3,
      'ended tasks': 3,
      faults: 3,
      documents: 2,
      'document versions': 1,
      'file contents': 1,
      'job positions': 0,
      'audit entries': 1,
      'device events': 0,
      'webhook notices': 0,
    });
    const other = target();
    assert.deepEqual((await restore(other, backup, careful)).aside, []);
    for (const name of ['server-key', 'admin-token', 'pki/ca.pem', 'pki/ca.key']) {
      assert.deepEqual(await readFile(join(other.data, name)), await readFile(join(kept.data, name)), name);
      assert.equal((await stat(join(other.data, name))).mode, (await stat(join(kept.data, name))).mode, name);
    }
    assert.equal((await stat(other.store)).mode & 0o777, 0o600);
    await withStore(async store => {
      assert.equal((await store.device(idOf(identityOf('B'))))?.tasks[0]?.id, 'open-B');
      assert.equal((await store.task('done-C'))?.state, 'cancelled');
      assert.equal((await store.parameters(idOf(identityOf('A')), ''))[0]?.value, 'A');
      assert.equal(store.generation('preset'), 1);
      assert.ok((await bytesOf(store, 'fw.bin 1'))?.equals(image));
    }, other.store);
    const key = await readFile(join(kept.data, 'server-key'));
    assert.ok(!(await readFile(other.store)).includes(key.subarray(0, 64)), 'no secret stays in the store');
    assert.deepEqual((await readdir(folder)).sort(), ['acs.backup', 'data', 'other'], 'nothing is left over');
  });

  it('refuses to replace a store without force, and with it moves the store aside', async () => {
    await made();
    const before = await readFile(backup);
    await assert.rejects(backUp(kept, backup, careful), hasCode('file-exists'));
    await assert.rejects(restore(kept, backup, careful), hasCode('store-exists'));
    assert.deepEqual(await readFile(backup), before);
    await backUp(kept, backup, forced);
    await withStore(async store => {
      await store.apply(idOf(identityOf('A')), 'removed', {});
    });
    const { aside } = await restore(kept, backup, forced);
    await withStore(async store => assert.equal(await store.countDevices(undefined, newYear), 3));
    const [old = ''] = aside;
    assert.equal((await checkFile(old)).counts.devices, 2);
  });

  it('refuses to replace another server key without force', async () => {
    await made();
    const other = target();
    await openData(other.data, clock, random);
    await assert.rejects(restore(other, backup, careful), hasCode('secrets-differ'));
    await assert.rejects(stat(other.store));
    await restore(other, backup, forced);
    assert.deepEqual(await readFile(join(other.data, 'server-key')), await readFile(join(kept.data, 'server-key')));
  });

  it('refuses to restore over the store of a running server', async () => {
    await made();
    await withStore(async store => {
      await assert.rejects(restore(kept, backup, forced), hasCode('server-runs'));
      assert.equal(await store.countDevices(undefined, newYear), 3);
    });
  });

  it('detects any changed byte, and restores nothing', async () => {
    await made();
    const whole = await readFile(backup);
    const damaged = join(folder, 'damaged');
    for (let round = 0; round < 60; round++) {
      const at = random.int(0, whole.length - 1);
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.int(0, 7));
      await writeFile(damaged, bytes);
      assert.ok(await isTold(damaged), `byte ${at}`);
      await assert.rejects(restore(target(), damaged, forced), UserError, `byte ${at}`);
    }
    await assert.rejects(stat(target().store));
  });

  it('detects a truncated file', async () => {
    await made();
    const { size } = await stat(backup);
    for (const length of [0, 100, 4096, size >> 1, size - 4096, size - 1]) {
      const cut = join(folder, 'cut');
      await copyFile(backup, cut);
      await truncate(cut, length);
      assert.ok(await isTold(cut), `${length} of ${size}`);
      await assert.rejects(restore(target(), cut, forced), UserError, `${length} of ${size}`);
    }
  });

  it('refuses to restore a bare store, a file of another program, and a missing file', async () => {
    await made();
    await assert.rejects(restore(target(), kept.store, careful), hasCode('not-a-backup'));
    await writeFile(join(folder, 'text'), 'no database '.repeat(1000));
    await assert.rejects(restore(target(), join(folder, 'text'), careful), hasCode('not-a-store'));
    await assert.rejects(restore(target(), join(folder, 'nowhere'), careful), hasCode('store-cannot-open'));
  });

  it('refuses to start a server on a backup', async () => {
    await made();
    const before = await readFile(backup);
    await assert.rejects(openSqlite({ file: backup, clock, inThread: true }), hasCode('is-a-backup'));
    assert.deepEqual(await readFile(backup), before);
  });

  it('refuses a backup without the server key, whose secrets would be lost', async () => {
    await withStore(fill);
    await rm(join(kept.data, 'server-key'));
    await assert.rejects(backUp(kept, backup, careful), hasCode('data-unusable'));
    await assert.rejects(stat(backup));
  });

  it('refuses a backup of a damaged store', async () => {
    await withStore(fill);
    const file = await open(kept.store, 'r+');
    const text = (await readFile(kept.store)).indexOf('"id":"open-B"');
    await file.write('"id":"open-X"', text);
    await file.close();
    await assert.rejects(backUp(kept, backup, careful), hasCode('store-corrupt'));
    await assert.rejects(stat(backup));
    assert.deepEqual(await readdir(folder), ['data']);
  });

  it('refuses to start after an interrupted restore', async () => {
    await made();
    const other = target();
    await restore(other, backup, careful);
    await writeFile(join(other.data, 'restore-unfinished'), '');
    await assert.rejects(openData(other.data, clock, random), /restore was interrupted/);
    await restore(other, backup, forced);
    await openData(other.data, clock, random);
  });

  it('restores no carried file whose name leads out of the data directory', async () => {
    await made();
    const evil = join(folder, 'evil');
    await copyFile(backup, evil);
    await sealAnew(evil, db =>
      db.exec(`INSERT INTO backup_files VALUES ('pki/../../escaped', 384, x'41'), ('../escaped', 384, x'41')`),
    );
    assert.deepEqual((await checkFile(evil)).problems, []);
    await restore(target(), evil, careful);
    assert.deepEqual((await readdir(folder)).sort(), ['acs.backup', 'data', 'evil', 'other']);
    assert.deepEqual((await readdir(join(folder, 'other', 'pki'))).sort(), ['ca.key', 'ca.pem']);
  });

  describe('check', () => {
    const damages: Record<string, [change: string, says: RegExp]> = {
      'an open task that is not listed': ['DELETE FROM open_tasks', /open tasks are not those of its row/],
      'a listed task that is in no row': [
        `INSERT INTO open_tasks SELECT 'x', device, created FROM open_tasks LIMIT 1`,
        /open tasks are not those/,
      ],
      'a fault with another time': ['UPDATE faults SET last = last + 1', /faults are not those/],
      'a tag that no row has': [`INSERT INTO tags SELECT 'blue', min(pk) FROM devices`, /tags are not those/],
      'a column that differs from the row': [`UPDATE devices SET firmware = '1'`, /column firmware is not/],
      'a row that cannot be read': [`UPDATE rows SET body = substr(body, 2)`, /its row cannot be read/],
      'values of a device that cannot be read': [`UPDATE rows SET told = '{'`, /its last values cannot be read/],
      'a device without a row': ['DELETE FROM rows', /has no row/],
      'a position that cannot be read': [
        `INSERT INTO positions SELECT min(pk), '{' FROM devices`,
        /its position in a rollout cannot be read/,
      ],
      'a position that no column tells': [
        `INSERT INTO positions SELECT min(pk), '{"id":"r","state":"planned","zone":"","wave":1}' FROM devices`,
        /column rollout is not what its row says/,
      ],
      'an ended task that cannot be read': [`UPDATE ended_tasks SET body = '}'`, /ended task done-A cannot be read/],
      'an ended task that has not ended': [
        `UPDATE ended_tasks SET body = replace(body, 'cancelled', 'sent')`,
        /ended task done-A is sent/,
      ],
      'a task both open and ended': [
        `INSERT INTO ended_tasks (id, device, created, ended, body) SELECT id, 'd', 1, 1, '{}' FROM open_tasks LIMIT 1`,
        /is open and has ended/,
      ],
      'a document newer than its kind': ['UPDATE generations SET generation = 0', /newer than its kind/],
      'a parameter without a path': ['DELETE FROM paths', /3 parameters have a path that is not known/],
      'a file with a changed byte': [
        `UPDATE content_chunks SET body = CAST(x'00' || substr(body, 2) AS BLOB) WHERE number = 1`,
        /file 'fw.bin' is damaged: its bytes do not have the SHA-256 [0-9a-f]{64}/,
      ],
      'a file with a missing chunk': [
        'DELETE FROM content_chunks WHERE number = 2',
        /file 'fw.bin': 131072 of its 200000 bytes are there/,
      ],
      'a file with the content of another one': [
        `UPDATE documents SET body = replace(body, '"sha256":"', '"sha256":"0') WHERE kind = 'file'`,
        /file 'fw.bin': its content is that of another file/,
      ],
      'a file without a content': [`UPDATE contents SET name = 'other'`, /file 'fw.bin' has no content/],
      'an entry of a device that is not there': [
        'UPDATE tags SET device = 999 WHERE device = 1',
        /names a row of devices that is not there/,
      ],
    };
    for (const [problem, [change, says]] of Object.entries(damages))
      it(`reports ${problem}`, async () => {
        await withStore(fill);
        assert.deepEqual((await checkFile(kept.store)).problems, []);
        const db = new DatabaseSync(kept.store);
        db.exec('PRAGMA foreign_keys = OFF');
        db.exec(change);
        db.close();
        const { problems } = await checkFile(kept.store);
        assert.match(problems.join('\n'), says);
      });

    it('finds no problem in a store that a server is changing', async () => {
      const store = await openSqlite({ file: kept.store, clock });
      try {
        const changes = Promise.all([fill(store), fill2(store)]);
        for (let round = 0; round < 5; round++) assert.deepEqual((await checkFile(kept.store)).problems, []);
        await changes;
        assert.deepEqual((await checkFile(kept.store)).problems, []);
      } finally {
        await store.close();
      }
    });
  });

  async function isTold(file: string): Promise<boolean> {
    try {
      return (await checkFile(file)).problems.length > 0;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return true;
    }
  }
});

async function fill2(store: Store): Promise<void> {
  for (let n = 0; n < 200; n++)
    await store.apply(idOf(identityOf(`S${n}`)), 'informed', informOf(`S${n}`, newYear, ['1 BOOT']));
}
