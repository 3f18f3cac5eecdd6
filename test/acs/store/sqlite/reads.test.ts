// Reads of many parameters in SQLite: what is as it was is not written, and each value has the time of its last read.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import type { KnownValue } from '../../../../acs/device/parameter.ts';
import { migrations } from '../../../../acs/store/sqlite/migrations.ts';
import { ParameterQueries } from '../../../../acs/store/sqlite/queries/parameter-queries.ts';
import { Statements } from '../../../../acs/store/sqlite/statements.ts';
import { openSqlite } from '../../../../acs/store/sqlite/store.ts';
import { SqliteWrites } from '../../../../acs/store/sqlite/writes/writes.ts';
import type { Store } from '../../../../acs/store/store.ts';
import { VirtualClock } from '../../../../shared/clock.ts';
import { announce, known } from '../../../support/acs/store-contract.ts';
import { backToBefore } from '../../../support/acs/stored/old-store.ts';
import { identityOf, idOf, newYear } from '../../../support/devices.ts';

const id = idOf(identityOf('A'));

describe('reads of many parameters in SQLite', () => {
  let folder: string;
  let file: string;
  let closing: Store[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tandem-reads-'));
    file = join(folder, 'acs.db');
    closing = [];
  });
  afterEach(async () => {
    for (const store of closing) await store.close();
    await rm(folder, { recursive: true });
  });
  const openStore = async (): Promise<Store> => {
    const store = await openSqlite({ file, clock: new VirtualClock(newYear), inThread: true });
    closing.push(store);
    return store;
  };

  it('keeps values that an earlier version wrote, with their times', async () => {
    const store = await openStore();
    await announce(store, 'A');
    await store.close();
    const db = new DatabaseSync(file);
    backToBefore(db, 'CREATE TABLE reads');
    db.exec(`INSERT INTO paths VALUES (1, 'Device.A')`);
    db.exec(`INSERT INTO parameters SELECT pk, 1, 'a', 'xsd:string', 1, NULL, 77 FROM devices`);
    db.close();
    const again = await openStore();
    const value = { path: 'Device.A', value: 'a', type: 'xsd:string', writable: true, time: 77 };
    assert.deepEqual(await again.parameters(id, ''), [value]);
  });

  it('does not write the values of a read again that are as they were', async () => {
    const db = new DatabaseSync(':memory:');
    for (const step of migrations) typeof step === 'string' ? db.exec(step) : step(db);
    const writes = new SqliteWrites(db);
    const read = (time: number, value = 'v'): KnownValue[] =>
      Array.from({ length: 1_000 }, (_, n) => known(`Device.T.${n}.V`, n === 400 ? value : `value ${n}`, { time }));
    const changes = (values: readonly KnownValue[]): number => {
      const total = (): number => (db.prepare('SELECT total_changes() AS n').get() as { n: number }).n;
      const before = total();
      const [outcome] = writes.commit([{ do: 'putParameters', device: id, values: [...values] }]);
      assert.equal(outcome?.ok, true);
      return total() - before;
    };
    const announced = { identity: identityOf('A'), now: newYear, patch: {} };
    writes.commit([{ do: 'apply', id, name: 'announced', args: announced }]);
    assert.ok(changes(read(1)) >= 1_000);
    assert.equal(changes(read(2)), 1, 'the time of the read alone');
    assert.equal(changes(read(3, 'w')), 2);
    assert.equal(changes([known('Device.T.7.V', 'other', { time: 4 })]), 1);
    assert.equal(changes(read(5, 'w')), 2, 'the one that was put beside it is of the read again');
    // Another process has a memory of its own.
    const [outcome] = new SqliteWrites(db).commit([{ do: 'putParameters', device: id, values: read(6, 'w') }]);
    assert.equal(outcome?.ok, true);
    assert.deepEqual(
      [...new Set(new ParameterQueries(new Statements(db)).ofDevice(id, '').map(({ time }) => time))],
      [6],
    );
    db.close();
  });

  it('gives the values of many different reads their times', async () => {
    const store = await openStore();
    await announce(store, 'A');
    const read = (n: number, time: number): KnownValue[] =>
      Array.from({ length: 30 }, (_, at) => known(`Device.T${n}.${at}.V`, 'v', { time }));
    for (let n = 0; n < 20; n++) await store.putParameters(id, read(n, n + 1));
    await store.putParameters(id, read(3, 99));
    for (let n = 0; n < 20; n++) {
      const times = (await store.parameters(id, `Device.T${n}.`)).map(({ time }) => time);
      assert.deepEqual([...new Set(times)], [n === 3 ? 99 : n + 1]);
    }
    const db = new DatabaseSync(file, { readOnly: true });
    assert.deepEqual({ ...(db.prepare('SELECT count(*) AS n FROM reads').get() as object) }, { n: 8 });
    db.close();
  });
});
