// The SQLite store beyond the contract: its file, its threads, and failures of the disk or the process.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from '@photostructure/sqlite';
import { parseFilter } from '../../../acs/query/parser.ts';
import { migrations } from '../../../acs/store/sqlite/migrations.ts';
import { openSqlite, type SqliteOptions } from '../../../acs/store/sqlite/store.ts';
import type { Store } from '../../../acs/store/store.ts';
import { seededRandom, VirtualClock } from '../../../shared/clock.ts';
import { UserError } from '../../../shared/errors.ts';
import { backToBefore } from '../../support/acs/stored/old-store.ts';
import { bytesOf, putBytes } from '../../support/contents.ts';
import { identityOf, idOf, informOf, newYear } from '../../support/devices.ts';
import { eventually } from '../../support/eventually.ts';

const clock = new VirtualClock(newYear);
const id = idOf(identityOf('A'));
const announce = (store: Store, serial = 'A') =>
  store.apply(idOf(identityOf(serial)), 'announced', { identity: identityOf(serial), now: newYear, patch: {} });

function rejectsWith(work: Promise<unknown>, code: string, says: RegExp): Promise<void> {
  return assert.rejects(work, (error: unknown) => {
    assert.ok(error instanceof UserError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, says);
    return true;
  });
}

describe('SQLite store', () => {
  let folder: string;
  let file: string;
  const open: Store[] = [];
  const openStore = async (more: Partial<SqliteOptions> = {}): Promise<Store> => {
    const store = await openSqlite({ file, clock, ...more });
    open.push(store);
    return store;
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tandem-sqlite-'));
    file = join(folder, 'acs.db');
  });
  afterEach(async () => {
    for (const store of open.splice(0)) await store.close();
    await rm(folder, { recursive: true });
  });

  for (const inThread of [true, false])
    describe(inThread ? 'in-thread' : 'with threads', () => {
      it('answers store-full on a full disk, loses nothing, and writes again later', async () => {
        const store = await openStore({ inThread, maxBytes: 600_000 });
        await announce(store);
        const results = await Promise.allSettled([
          announce(store, 'B'),
          putBytes(store, 'large', Buffer.alloc(1_000_000)),
          announce(store, 'C'),
        ]);
        assert.deepEqual(
          results.map(result => result.status),
          ['fulfilled', 'rejected', 'fulfilled'],
        );
        await rejectsWith(putBytes(store, 'large', Buffer.alloc(1_000_000)), 'store-full', /disk is full/);
        await putBytes(store, 'small', Buffer.alloc(1000));
        assert.equal(await store.countDevices(undefined, newYear), 3);
        for (const serial of ['A', 'B', 'C']) assert.ok(await store.device(idOf(identityOf(serial))), serial);
      });

      it('refuses a store of a newer version', async () => {
        await (await openStore({ inThread })).close();
        const db = new DatabaseSync(file);
        db.exec('PRAGMA user_version = 99');
        db.close();
        await rejectsWith(openStore({ inThread }), 'store-too-new', /newer version.*99/);
      });

      it('refuses a file of another program, and leaves it unchanged', async () => {
        await writeFile(file, 'this is no database, but long enough to be taken for one '.repeat(20));
        await rejectsWith(openStore({ inThread }), 'not-a-store', /no database/);
        await rm(file);
        const db = new DatabaseSync(file);
        db.exec('CREATE TABLE theirs (a)');
        db.close();
        await rejectsWith(openStore({ inThread }), 'not-a-store', /another program/);
        await rejectsWith(
          openStore({ inThread, file: join(folder, 'no', 'folder', 'x.db') }),
          'store-cannot-open',
          /x\.db/,
        );
      });

      it('frees the claims of an owner that ended for the next one', async () => {
        const before = await openStore({ inThread });
        assert.equal((await before.apply(id, 'informed', informOf('A', newYear, ['1 BOOT']))).outcome, 'claimed');
        await before.close();
        const facts = informOf('A', newYear + 1, ['1 BOOT'], { owner: 'another' });
        assert.equal((await (await openStore({ inThread })).apply(id, 'informed', facts)).outcome, 'claimed');
      });

      it('refuses a second owner of the file', async () => {
        const store = await openStore({ inThread });
        await rejectsWith(openStore({ inThread }), 'store-busy', /another program holds it/);
        await store.close();
        await announce(await openStore({ inThread }));
      });
    });

  it('answers a bug in an operation to its caller, and continues', async () => {
    const store = await openStore();
    const nonsense = store.apply(id, 'nonsense' as 'released', { token: 1, complete: true, now: 1 });
    await assert.rejects(nonsense, /no device operation nonsense/);
    const broken = informOf('A', newYear, [], { events: undefined as never });
    await assert.rejects(store.apply(id, 'informed', broken), /Cannot read properties/);
    await announce(store);
  });

  it('bounds the chunks of a file in memory, however fast the source is', async () => {
    const store = await openStore();
    const db = new DatabaseSync(file, { readOnly: true });
    const written = db.prepare('SELECT coalesce(sum(length(body)), 0) AS bytes FROM content_chunks');
    let asked = 0;
    let most = 0;
    async function* source(): AsyncIterable<Uint8Array> {
      const piece = Buffer.alloc(64 * 1024, 7);
      for (; asked < 20_000_000; asked += piece.length) {
        most = Math.max(most, asked - (written.get() as { bytes: number }).bytes);
        yield piece;
      }
    }
    const { size } = await store.putContent('large', source());
    assert.equal(size, asked);
    assert.ok(most > 0 && most <= 256 * 1024, `${most} bytes were held`);
    db.close();
  });

  it('keeps no chunk of an upload that breaks off', async () => {
    const store = await openStore();
    async function* broken(): AsyncIterable<Uint8Array> {
      yield Buffer.alloc(1_000_000);
      throw new Error('the line went dead');
    }
    await assert.rejects(store.putContent('a', broken()), /the line went dead/);
    const db = new DatabaseSync(file, { readOnly: true });
    assert.equal((db.prepare('SELECT count(*) AS n FROM content_chunks').get() as { n: number }).n, 0);
    db.close();
  });

  it('deletes at the next start the upload that an ended process left', async () => {
    await (await openStore()).close();
    const before = new DatabaseSync(file);
    before.exec(`INSERT INTO contents (name, size, sha256, at) VALUES (NULL, 0, '', ${newYear})`);
    const put = before.prepare('INSERT INTO content_chunks (content, number, body) VALUES (1, ?, ?)');
    for (let number = 0; number < 600; number++) put.run(number, Buffer.alloc(100));
    before.close();
    const store = await openStore();
    await putBytes(store, 'a', Buffer.from('a'));
    const db = new DatabaseSync(file, { readOnly: true });
    assert.deepEqual(
      db
        .prepare('SELECT c.name, c.pk, count(*) AS chunks FROM contents c JOIN content_chunks ON content = pk')
        .all()
        .map(row => ({ ...(row as object) })),
      [{ name: 'a', pk: 2, chunks: 1 }],
    );
    db.close();
  });

  it('cuts files that an earlier version stored whole into chunks', async () => {
    const bytes = seededRandom(3).bytes(200_000);
    const db = new DatabaseSync(file);
    // Store version 2.
    for (const step of migrations.slice(0, 2)) db.exec(String(step));
    db.exec(`PRAGMA application_id = ${0x546e646d}; PRAGMA user_version = 2`);
    const put = db.prepare('INSERT INTO bytes (name, body) VALUES (?, ?)');
    put.run('fw.bin 12', bytes);
    put.run('empty', Buffer.alloc(0));
    db.close();
    const store = await openStore();
    assert.ok((await bytesOf(store, 'fw.bin 12'))?.equals(bytes));
    assert.equal((await bytesOf(store, 'empty'))?.length, 0);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    assert.deepEqual((await store.contents())[1], { name: 'fw.bin 12', size: 200_000, sha256, changed: 0 });
  });

  it('moves positions in rollouts that an earlier version kept in the rows', async () => {
    const store = await openStore();
    await store.apply(id, 'informed', informOf('A', newYear, ['2 PERIODIC']));
    const about = { file: 'f', fileHash: 'h', version: '99', productClass: '', soakMs: 5, timeoutMs: 1000 };
    await store.apply(id, 'rolloutAssigned', { ...about, id: 'roll', wave: 1, zone: '', now: newYear });
    await announce(store, 'B');
    const before = await store.device(id);
    assert.equal(before?.rollout?.state, 'planned');
    await store.close();
    const db = new DatabaseSync(file);
    db.exec(`UPDATE rows SET body = json_set(body, '$.rollout', json((SELECT body FROM positions WHERE device = rows.device)))
      WHERE device IN (SELECT device FROM positions)`);
    backToBefore(db, 'CREATE TABLE positions');
    db.close();
    const again = await openStore();
    assert.deepEqual(await again.device(id), before);
    assert.equal((await again.device(idOf(identityOf('B'))))?.rollout, undefined);
    const there = new DatabaseSync(file, { readOnly: true });
    const inRows = `SELECT count(*) AS n FROM rows WHERE body -> '$.rollout' IS NOT NULL`;
    assert.deepEqual({ ...(there.prepare(inRows).get() as object) }, { n: 0 });
    there.close();
  });

  it('finds faults of an earlier version by what stands in the rows', async () => {
    const store = await openStore();
    await announce(store, 'A');
    const raise = (cause: string, more: object = {}) =>
      store.apply(id, 'faultRaised', { cause, code: 9005, message: 'no', retryAt: 0, now: newYear, ...more });
    const faults = [await raise('preset:a', { parameter: 'Device.X' }), await raise('restart', { code: 'drift' })];
    await store.close();
    const step = migrations.findIndex(each => String(each).includes('DROP TABLE faults'));
    const db = new DatabaseSync(file);
    db.exec(
      `DROP TABLE faults; CREATE TABLE faults (id TEXT PRIMARY KEY, device INTEGER NOT NULL, last REAL NOT NULL) STRICT`,
    );
    db.exec(String(migrations[step]));
    db.close();
    const again = await openStore();
    const found = async (text: string) =>
      (await again.faults({ filter: parseFilter(text), limit: 9, now: newYear })).items;
    assert.deepEqual(await found('fault.code = 9005 and fault.parameter = "Device.X"'), faults.slice(0, 1));
    assert.deepEqual(await found('fault.code = "drift" and not fault.parameter exists'), faults.slice(1));
    await again.close();
  });

  it('keeps documents that an earlier version wrote as their first versions', async () => {
    const store = await openStore();
    await store.putDocument('duty', 'd', {});
    const generation = await store.putDocument('preset', 'p', { weight: 1 });
    await store.close();
    const db = new DatabaseSync(file);
    backToBefore(db, 'CREATE TABLE document_versions');
    db.close();
    const again = await openStore();
    const entry = { name: 'p', generation, changed: newYear };
    assert.deepEqual(await again.versions('preset', 'p'), [entry]);
    assert.deepEqual(await again.version('preset', 'p', generation), { ...entry, body: { weight: 1 } });
    await again.putDocument('preset', 'p', { weight: 2 });
    assert.equal((await again.versions('preset', 'p')).length, 2);
  });

  it('copies the log into the file beside the writer', async () => {
    const store = await openStore();
    const { size } = await stat(file);
    // Far fewer pages than the writer lets gather before it copies them itself.
    const changes = Array.from({ length: 1500 }, (_, n) => announce(store, `S${n}`));
    await Promise.all(changes);
    await eventually('a larger file', async () => {
      await store.putDocument('setting', 's', 1);
      return (await stat(file)).size > size;
    });
    assert.equal(await store.countDevices(undefined, newYear), 1500);
    await store.close();
    assert.equal((await stat(`${file}-wal`)).size, 0, 'the rest of the log is in the file');
  });

  it('runs a search beside changes', async () => {
    const store = await openStore();
    await Promise.all(Array.from({ length: 300 }, (_, n) => announce(store, `S${n}`)));
    const [count] = await Promise.all([
      store.countDevices(undefined, newYear),
      ...Array.from({ length: 300 }, (_, n) => announce(store, `T${n}`)),
    ]);
    assert.ok(count >= 300 && count <= 600);
    assert.equal(await store.countDevices(undefined, newYear), 600);
  });

  it('keeps the row of a device at about 1 KB', async () => {
    const store = await openStore({ inThread: true });
    for (let turn = 0; turn < 20; turn++)
      await store.apply(id, 'informed', informOf('A', newYear + turn * 1000, ['2 PERIODIC']));
    const row = await store.device(id);
    assert.ok(JSON.stringify(row).length < 1500);
  });

  it('has all acknowledged changes after a kill at any instant', async function () {
    this.timeout(60_000);
    const random = seededRandom(11);
    const acknowledged: string[] = [];
    for (let round = 0; round < 3; round++) {
      acknowledged.push(...(await killedWriter(file, round * 100_000, random.int(20, 600))));
      const store = await openStore();
      for (const fact of acknowledged) await assertKept(store, fact);
      await store.close();
    }
    assert.ok(acknowledged.length > 60);
  });
});

/** Runs the writer until it has printed that number of facts, and kills it. @returns all printed facts */
async function killedWriter(file: string, from: number, lines: number): Promise<string[]> {
  const script = fileURLToPath(new URL('../../support/acs/store-writer.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, file, String(from)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const facts: string[] = [];
  const exited = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    facts.push(line);
    if (facts.length === lines) child.kill('SIGKILL');
  }
  const [, signal] = (await exited) as [number | null, string | null];
  assert.equal(signal, 'SIGKILL', 'the writer ended by itself');
  return facts;
}

async function assertKept(store: Store, fact: string): Promise<void> {
  const [kind, name = '', value = ''] = fact.split(' ');
  if (kind === 'device') assert.equal((await store.device(name))?.fence, Number(value), fact);
  else if (kind === 'parameter') assert.equal((await store.parameters(name, 'Device.A'))[0]?.value, value, fact);
  else if (kind === 'document') {
    assert.equal((await store.document('setting', value))?.generation, Number(name), fact);
    assert.ok(store.generation('setting') >= Number(name), fact);
  } else {
    const state = (await store.task(name))?.state;
    assert.ok(state === value || (value === 'queued' && state === 'cancelled'), `${fact}, found ${state}`);
  }
}
