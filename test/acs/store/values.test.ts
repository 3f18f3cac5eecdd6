// Known parameters and history in every store.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { KnownValue } from '../../../acs/device/parameter.ts';
import { MAX_SESSIONS } from '../../../acs/store/session-record.ts';
import {
  addTask,
  announce,
  contractSuite,
  deviceId,
  inform,
  known,
  rejectsWith,
} from '../../support/acs/store-contract.ts';
import { newYear, taskOf } from '../../support/devices.ts';

/**
 * One put of values: merged, the same as before once more, the same but for one of them, with attributes or in another order, some of them or
 * one of them, or all that there is below a table or at all.
 */
interface Turn {
  table: number;
  count: number;
  how: 'merge' | 'again' | 'changed' | 'attributed' | 'turned' | 'part' | 'one' | 'table' | 'all';
}
const turnArb: fc.Arbitrary<Turn> = fc.record({
  table: fc.nat(2),
  count: fc.constantFrom(0, 1, 3, 40, 200, 700),
  how: fc.constantFrom(
    ...([
      'merge',
      'merge',
      'again',
      'again',
      'changed',
      'changed',
      'attributed',
      'turned',
      'part',
      'one',
      'table',
      'all',
    ] as const),
  ),
});

function putsOf(turns: readonly Turn[]): { values: KnownValue[]; cut: string | undefined }[] {
  let last: KnownValue[] = [];
  return turns.map(({ table, count, how }, turn) => {
    const time = newYear + turn;
    const fresh = Array.from({ length: count }, (_, n) =>
      known(`Device.T${table}.${n}.V`, `${turn % 2} of ${n} ${'x'.repeat(30)}`, { time }),
    );
    const again = last.map(value => ({ ...value, time }));
    const some = again.slice(0, Math.ceil(again.length / 2));
    const one = again.slice(count % 30, (count % 30) + 1).map(value => ({ ...value, value: `one ${turn}` }));
    const puts: Record<Turn['how'], KnownValue[]> = {
      ...{ merge: fresh, table: fresh, all: fresh, again, part: some, one, turned: [...again].reverse() },
      changed: again.map((value, at) => (at === count % 30 ? { ...value, value: `changed ${turn}` } : value)),
      attributed: again.map((value, at) => (at === count % 30 ? { ...value, writable: turn % 2 === 0 } : value)),
    };
    if (how !== 'part' && how !== 'one') last = puts[how];
    return { values: puts[how], cut: how === 'table' ? `Device.T${table}.` : how === 'all' ? '' : undefined };
  });
}

function putInto(expected: Map<string, KnownValue>, values: readonly KnownValue[], cut: string | undefined): void {
  for (const path of expected.keys()) if (cut !== undefined && path.startsWith(cut)) expected.delete(path);
  for (const value of values) {
    const { writable = expected.get(value.path)?.writable } = value;
    expected.set(value.path, { ...value, ...(writable === undefined ? {} : { writable }) });
  }
}

contractSuite('parameters and history', subject => {
  describe('parameters', () => {
    const paths = async (path: string): Promise<string[]> =>
      (await subject.store.parameters(deviceId('A'), path)).map(value => value.path);

    beforeEach(async () => {
      await announce(subject.store, 'A');
      const values = ['Device.A.B', 'Device.A.B.1.C', 'Device.A.B.10.C', 'Device.A.Bc', 'Device.Z'];
      await subject.store.putParameters(
        deviceId('A'),
        values.map(path => known(path, path)),
      );
    });

    it('reads all parameters, those below a partial path, or one', async () => {
      assert.equal((await paths('')).length, 5);
      assert.equal((await paths('Device.')).length, 5);
      assert.deepEqual(await paths('Device.A.B.'), ['Device.A.B.1.C', 'Device.A.B.10.C']);
      assert.deepEqual(await paths('Device.A.B'), ['Device.A.B']);
      assert.deepEqual(await paths('Device.Q'), []);
      assert.deepEqual(await subject.store.parameters('nobody', ''), []);
    });

    it('keeps the attributes of a parameter that a later value does not carry', async () => {
      const attributes = { writable: true, notification: 2 };
      await subject.store.putParameters(deviceId('A'), [known('Device.Z', '1', attributes)]);
      await subject.store.putParameters(deviceId('A'), [
        known('Device.Z', '2', { type: 'xsd:int', time: newYear + 5 }),
      ]);
      assert.deepEqual(await subject.store.parameters(deviceId('A'), 'Device.Z'), [
        { path: 'Device.Z', value: '2', type: 'xsd:int', time: newYear + 5, ...attributes },
      ]);
    });

    it('replaces the parameters below a partial path', async () => {
      await subject.store.putParameters(deviceId('A'), [known('Device.A.B.2.C', 'x')], 'Device.A.B.');
      assert.deepEqual(await paths('Device.A.'), ['Device.A.B', 'Device.A.B.2.C', 'Device.A.Bc']);
      await subject.store.putParameters(deviceId('A'), [], '');
      assert.deepEqual(await paths(''), []);
    });

    it('B3: reads parameters in pages, by path', async () => {
      const { store } = subject;
      const names = Array.from({ length: 2500 }, (_, n) => `Device.P.${String(n).padStart(4, '0')}.${'v'.repeat(60)}`);
      await store.putParameters(
        deviceId('A'),
        names.map(path => known(path, 'x')),
      );
      const walk = async (path: string, limit: number): Promise<string[][]> => {
        const pages: string[][] = [];
        for (let cursor: string | undefined = ''; cursor !== undefined; ) {
          const page = await store.parameterPage({ device: deviceId('A'), path, limit, ...(cursor ? { cursor } : {}) });
          pages.push(page.items.map(item => item.path));
          cursor = page.next;
        }
        return pages;
      };
      const pages = await walk('Device.P.', 1000);
      assert.deepEqual(
        pages.map(page => page.length),
        [1000, 1000, 500],
      );
      assert.deepEqual(pages.flat(), names);
      assert.deepEqual((await walk('Device.P.', 1250)).flat(), names, 'at most 1,000 a page');
      assert.deepEqual((await walk('', 700)).flat(), await paths(''));
      assert.deepEqual(await walk('Device.A.B.', 1), [['Device.A.B.1.C'], ['Device.A.B.10.C']]);
      assert.deepEqual(await walk('Device.A.B', 5), [['Device.A.B']]);
      assert.deepEqual(await walk('Device.Q.', 5), [[]]);
      assert.deepEqual(await store.parameterPage({ device: 'nobody', path: '', limit: 5 }), { items: [] });
      await rejectsWith(
        store.parameterPage({ device: deviceId('A'), path: '', limit: 5, cursor: 'x' }),
        400,
        'bad-cursor',
      );
    });

    it('B3: refuses values by which a device would have more parameters than a limit', async () => {
      const { store } = subject;
      const ids = (count: number, at = 0) => Array.from({ length: count }, (_, n) => known(`Device.N.${n + at}`, 'n'));
      const full = (put: Promise<unknown>) => rejectsWith(put, 413, 'parameter-limit');
      await full(store.putParameters(deviceId('A'), ids(6), undefined, 10));
      assert.equal((await paths('')).length, 5, 'all or nothing');
      await store.putParameters(deviceId('A'), ids(5), undefined, 10);
      await full(store.putParameters(deviceId('A'), ids(1, 5), undefined, 10));
      await store.putParameters(deviceId('A'), ids(5), undefined, 10);
      await full(store.putParameters(deviceId('A'), ids(3, 9), 'Device.A.B.', 10));
      await store.putParameters(deviceId('A'), ids(2, 9), 'Device.A.B.', 10);
      await store.putParameters(deviceId('A'), ids(3, 20));
      await store.putParameters(deviceId('A'), ids(5), undefined, 10);
      assert.equal((await paths('')).length, 13, 'a tree beyond the limit may change, and not grow');
      const { token } = await inform(store, 'A', newYear);
      await addTask(store, 'A', taskOf('t1', 'GetParameterValues', newYear));
      const settle = (values: ReturnType<typeof ids>) =>
        store.apply(deviceId('A'), 'taskSettled', {
          ...{ token, id: 't1', outcome: { state: 'done' }, now: newYear, known: values, most: 14 },
        });
      await full(settle(ids(2, 30)));
      assert.equal((await store.task('t1'))?.state, 'queued');
      assert.ok(typeof (await settle(ids(1, 30))) === 'object');
      assert.equal((await paths('')).length, 14);
    });

    it('keeps few values and many as they were put last, in any order', async () => {
      let serial = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(turnArb, { minLength: 1, maxLength: 10 }), async turns => {
          const device = deviceId(`M${++serial}`);
          await announce(subject.store, `M${serial}`);
          const expected = new Map<string, KnownValue>();
          for (const { values, cut } of putsOf(turns)) {
            await subject.store.putParameters(device, values, cut);
            putInto(expected, values, cut);
          }
          const sorted = [...expected.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
          const middle = sorted.slice(sorted.length >> 1).slice(0, 1);
          const table = sorted.filter(({ path }) => path.startsWith('Device.T1.'));
          assert.deepEqual(await subject.store.parameters(device, ''), sorted);
          assert.deepEqual(await subject.store.parameters(device, middle[0]?.path ?? 'Device.T0.0.V'), middle);
          assert.deepEqual(await subject.store.parameters(device, 'Device.T1.'), table);
        }),
        { numRuns: 25 },
      );
    });

    it('refuses parameters of an unknown device, and values with a NUL', async () => {
      await rejectsWith(subject.store.putParameters('nobody', [known('Device.A', '1')]), 404, 'no-such-device');
      const values = [known('Device.New', '1'), known('Device.A', 'a\0b')];
      await rejectsWith(subject.store.putParameters(deviceId('A'), values), 400, 'nul-in-text');
      assert.deepEqual(await paths('Device.New'), [], 'all or nothing');
      await subject.store.putParameters(deviceId('A'), [known('Device.New', '1')]);
      assert.deepEqual(await paths('Device.New'), ['Device.New']);
    });
  });

  it('reads known values of many devices, null for unknown ones, absent without any', async () => {
    for (const name of ['K1', 'K2', 'K3', 'K4']) await inform(subject.store, name, newYear);
    const put = (name: string, values: Record<string, string>): Promise<void> =>
      subject.store.putParameters(
        deviceId(name),
        Object.entries(values).map(([path, value]) => ({ path, value, type: 'xsd:string', time: newYear })),
      );
    await put('K1', { 'Device.K.A': '1', 'Device.K.B': '2', 'Device.K.C': 'not asked' });
    await put('K2', { 'Device.K.A': '1', 'Device.K.B': '2' });
    await put('K3', { 'Device.K.B': '' });
    await put('K4', { 'Device.K.C': 'not asked' });
    const ids = ['K3', 'K1', 'K4', 'K2'].map(deviceId);
    const found = await subject.store.knownValues([...ids, 'nobody'], ['Device.K.B', 'Device.K.A', 'Device.K.Never']);
    assert.deepEqual(
      [...found].sort(([a], [b]) => (a < b ? -1 : 1)),
      [
        [deviceId('K1'), ['2', '1', null]],
        [deviceId('K2'), ['2', '1', null]],
        [deviceId('K3'), ['', null, null]],
      ],
    );
    assert.equal(found.get(deviceId('K1')), found.get(deviceId('K2')), 'equal answers are one object');
    assert.equal((await subject.store.knownValues([], ['Device.K.A'])).size, 0);
    assert.equal((await subject.store.knownValues(ids, [])).size, 0);
  });

  describe('history', () => {
    const at = newYear + 3600_000;
    const sample = (serial: string, path: string, time: number, value: number) =>
      subject.store.appendHistory([{ device: deviceId(serial), samples: [{ path, time, value }] }]);
    const series = async (serial: string, path: string, level: number) =>
      (await subject.store.series({ device: deviceId(serial), path, level })).sort((a, b) => a.bucket - b.bucket);

    it('merges numbers into rings of three widths, and replaces buckets that a ring has passed', async () => {
      await announce(subject.store, 'A');
      for (const [after, value] of [
        [0, 4],
        [10_000, 8],
        [60_000, -1],
        [400_000, 2.5],
      ] as const)
        await sample('A', 'Device.X', at + after, value);
      assert.deepEqual(
        (await series('A', 'Device.X', 0)).map(({ n, sum, min, max }) => [n, sum, min, max]),
        [
          [2, 12, 4, 8],
          [1, -1, -1, -1],
          [1, 2.5, 2.5, 2.5],
        ],
      );
      assert.deepEqual(
        (await series('A', 'Device.X', 1)).map(({ n, sum, min, max }) => [n, sum, min, max]),
        [
          [3, 11, -1, 8],
          [1, 2.5, 2.5, 2.5],
        ],
      );
      assert.deepEqual(
        (await series('A', 'Device.X', 2)).map(({ n, sum, min, max }) => [n, sum, min, max]),
        [[4, 13.5, -1, 8]],
      );
      const day = 24 * 3600_000;
      await sample('A', 'Device.X', at + day, 9);
      await sample('A', 'Device.X', at, 100);
      const raw = await series('A', 'Device.X', 0);
      assert.deepEqual(
        raw.map(({ max }) => max),
        [-1, 2.5, 9],
        'a ring later; one that comes too late is left out',
      );
      assert.deepEqual(await subject.store.seriesPaths(deviceId('A')), ['Device.X']);
      assert.deepEqual(await series('B', 'Device.X', 0), []);
    });

    it('keeps the newest sessions of a device, each once, and deletes them with it', async () => {
      await announce(subject.store, 'A');
      const record = (claim: number) => ({
        ...{ started: at + claim * 1000, ended: at + claim * 1000 + 40, claim, events: ['2 PERIODIC'], outcome: 'ok' },
        ...{ rpcs: 0, bytesUp: 900, bytesDown: 400, address: '198.51.100.7' },
      });
      const odd = {
        ...record(0),
        outcome: 'lost',
        fault: 9005,
        tls: 'TLSv1.3 TLS_AES_256_GCM_SHA384',
        error: '"gone"\n',
      };
      const sessions = [odd, ...Array.from({ length: 11 }, (_, n) => record(n + 1))];
      for (let repeat = 0; repeat < 2; repeat++)
        await subject.store.appendHistory([
          { device: deviceId('A'), sessions },
          { device: deviceId('nobody'), sessions },
        ]);
      const list = async (limit: number, before?: { started: number; claim: number }) =>
        await subject.store.deviceSessions({ device: deviceId('A'), limit, ...(before ? { before } : {}) });
      const first = await list(5);
      const rest = await list(100, first.at(-1));
      assert.deepEqual([...first, ...rest], [...sessions].reverse());
      for (let claim = 12; claim < 300; claim += 6)
        await subject.store.appendHistory([
          { device: deviceId('A'), sessions: Array.from({ length: 6 }, (_, n) => record(claim + n)) },
        ]);
      const kept = await list(1000);
      assert.ok(kept.length >= 40 && kept.length <= MAX_SESSIONS, `${kept.length}`);
      assert.deepEqual(kept[0], record(299));
      await subject.store.apply(deviceId('A'), 'removed', { now: at });
      await announce(subject.store, 'A');
      assert.deepEqual(await list(10), []);
    });

    it('bounds the series and events of a device, and deletes them with the device', async () => {
      await announce(subject.store, 'A');
      const many = Array.from({ length: 80 }, (_, n) => ({ path: `Device.P${n}`, time: at, value: n }));
      await subject.store.appendHistory([{ device: deviceId('A'), samples: many }]);
      await sample('A', 'Device.One.More', at, 1);
      assert.equal((await subject.store.seriesPaths(deviceId('A'))).length, 64);
      await sample('A', 'Device.P1', at + 1, 1);
      assert.equal((await series('A', 'Device.P1', 0))[0]?.n, 2);
      const event = (n: number) => ({ time: at + n, type: 'inform', data: { n } });
      for (let from = 0; from < 500; from += 50)
        await subject.store.appendHistory([
          { device: deviceId('A'), events: Array.from({ length: 50 }, (_, n) => event(from + n)) },
          { device: deviceId('nobody'), events: [event(from)] },
        ]);
      const kept = await subject.store.deviceEvents(deviceId('A'), 1000);
      assert.ok(kept.length >= 168 && kept.length <= 200, `${kept.length}`);
      assert.deepEqual(kept.slice(0, 2), [event(499), event(498)]);
      await subject.store.apply(deviceId('A'), 'removed', { now: at });
      await announce(subject.store, 'A');
      assert.deepEqual(await subject.store.deviceEvents(deviceId('A'), 10), []);
      assert.deepEqual(await subject.store.seriesPaths(deviceId('A')), []);
      await sample('A', 'Device.One.More', at, 1);
      assert.deepEqual(await subject.store.seriesPaths(deviceId('A')), ['Device.One.More']);
    });
  });
});
