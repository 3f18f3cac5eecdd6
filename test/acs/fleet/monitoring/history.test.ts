// History: events of devices and chosen parameters over time, bounded however long it runs.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Bucket, bucketAt, levels, merged, pointsOf, slotOf } from '../../../../acs/store/series.ts';
import { type TestApi, testApi } from '../../../support/acs/api.ts';
import { memoryCpe, ScriptedCpe } from '../../../support/cpe/scripted-cpe.ts';
import { identityOf, idOf } from '../../../support/devices.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const load = 'Device.DeviceInfo.ProcessStatus.CPUUsage';
const state = 'Device.X_0090F8_SipEp.TlsPersistentConnectionStatus.1.State';

interface Points {
  step: number;
  points: { time: string; avg: number; min: number; max: number; count: number }[];
}
interface Event {
  time: string;
  type: string;
  data: Record<string, unknown>;
}

describe('history', () => {
  let api: TestApi;
  const id = idOf(identityOf('A'));
  const inform = async (values: Record<string, string>, events = ['2 PERIODIC'], serial = 'A') => {
    const cpe = new ScriptedCpe(api.acs.app, { serial, parameters: values, events, scheme: 'none' });
    return (await cpe.session(memoryCpe({}).answer)).asked;
  };
  const put = async (body: Record<string, unknown>) => {
    const answer = await api.call('PUT', '/settings/history', { body });
    assert.equal(answer.status, 200, answer.text);
  };
  const points = async (query: string) =>
    (await api.call('GET', `/devices/${id}/history?${query}`)).json as unknown as Points;
  const events = async (): Promise<Event[]> =>
    ((await api.call('GET', `/devices/${id}/events`)).json as unknown as { items: Event[] }).items;

  beforeEach(async () => {
    api = await testApi({ cpeAuth: 'none', enrol: 'auto' });
  });
  afterEach(async () => {
    await api.close();
  });

  it('keeps only rare events without a setting', async () => {
    await inform({ [load]: '5' });
    await api.acs.clock.advance(3 * HOUR);
    await api.acs.store.apply(id, 'missed', { now: api.acs.clock.now() });
    await inform({ [load]: '6' });
    assert.deepEqual(
      (await events()).map(({ type }) => type),
      ['back', 'enrolled'],
    );
    assert.deepEqual((await api.call('GET', `/devices/${id}/history`)).json, { paths: [] });
    await api.refused(404, 'no-such-setting', 'GET', '/settings/history');
    await api.refused(404, 'no-such-setting', 'DELETE', '/settings/history');
    await api.refused(404, 'no-such-device', 'GET', '/devices/0090F8-4102S-none/events');
  });

  it('keeps all below a partial path with *', async () => {
    await put({ parameters: ['Device.X_0090F8_SipEp.*.1.'] });
    await inform({ [state]: 'Up', 'Device.Other.1.State': 'Up' });
    const values = (await events()).filter(({ type }) => type === 'value').map(({ data }) => data.path);
    assert.deepEqual(values, [state]);
  });

  it('keeps numbers as series and changes of other values as events, but no secret', async () => {
    await put({ filter: 'serial = "A"', parameters: [load, 'Device.X_0090F8_SipEp.*.1.State', 'Device.Secret.'] });
    for (const [n, value] of ['10', '20', '60', '30'].entries()) {
      const values = {
        [load]: value,
        [state]: n < 2 ? 'Up' : 'Down',
        'Device.Secret.Password': 'x',
        'Device.Other': '1',
      };
      await inform(values);
      await inform(values, ['2 PERIODIC'], 'B');
      await api.acs.clock.advance(10 * MINUTE);
    }
    assert.deepEqual((await api.call('GET', `/devices/${id}/history`)).json, { paths: [load] });
    const fine = await points(`path=${load}`);
    assert.deepEqual(
      fine.points.map(({ avg, count }) => [avg, count]),
      [
        [10, 1],
        [20, 1],
        [60, 1],
        [30, 1],
      ],
    );
    const coarse = await points(`path=${load}&points=1`);
    assert.deepEqual(
      coarse.points.map(({ avg, min, max, count }) => [avg, min, max, count]),
      [[30, 10, 60, 4]],
    );
    const now = new Date(api.acs.clock.now()).toISOString();
    const span = `path=${load}&from=${new Date(api.acs.clock.now() - 30 * 24 * HOUR).toISOString()}&to=${now}`;
    assert.equal((await points(span)).step % 3600, 0, 'a month is shown by the hour');
    const values = (await events()).filter(({ type }) => type === 'value').map(({ data }) => data.value);
    assert.deepEqual(values, ['Down', 'Up']);
    const informs = (await events()).filter(({ type }) => type === 'inform');
    assert.deepEqual([informs.length, informs[0]?.data.events], [4, ['2 PERIODIC']]);
    const other = (await api.call('GET', `/devices/${idOf(identityOf('B'))}/events`)).json as unknown as {
      items: Event[];
    };
    assert.deepEqual(
      other.items.map(({ type }) => type),
      ['enrolled'],
    );
  });

  it('keeps Informs and ended tasks unless the setting says otherwise', async () => {
    await put({ parameters: [], events: true });
    await inform({});
    const { id: task } = await api.acs.fleet.tasks.add(id, { method: 'Reboot', args: {} });
    await api.call('DELETE', `/tasks/${task}`);
    await put({ parameters: [], events: false });
    await inform({});
    assert.deepEqual((await events()).map(({ type }) => type).sort(), ['enrolled', 'inform', 'task']);
  });

  it('reads chosen parameters in existing sessions, at most once in the interval', async () => {
    await put({ parameters: ['Device.X_0090F8_SipEp.TlsPersistentConnectionStatus.*.State', load], read: '15m' });
    const unit = memoryCpe({ [state]: 'Up', [load]: '42' });
    const session = async (): Promise<number> => {
      const cpe = new ScriptedCpe(api.acs.app, { serial: 'A', events: ['2 PERIODIC'], scheme: 'none' });
      const { asked } = await cpe.session(unit.answer);
      return asked.filter(({ method }) => method === 'GetParameterValues').length;
    };
    const counts = [];
    for (let n = 0; n < 7; n++) {
      counts.push(await session());
      await api.acs.clock.advance(5 * MINUTE);
    }
    assert.deepEqual(counts, [1, 0, 0, 1, 0, 0, 1]);
    assert.equal((await points(`path=${load}`)).points.length, 3);
    assert.equal((await api.acs.store.parameters(id, state))[0]?.value, 'Up');
    unit.values.delete(state);
    await api.acs.clock.advance(10 * MINUTE);
    await session();
    assert.deepEqual(await api.acs.store.parameters(id, state), [], 'a row that is gone is forgotten');
  });

  it('F4: reads the parameters of a changed setting in the next session', async () => {
    const unit = memoryCpe({ [state]: 'Up', [load]: '42' });
    const session = async (): Promise<unknown[]> => {
      const cpe = new ScriptedCpe(api.acs.app, { serial: 'A', events: ['2 PERIODIC'], scheme: 'none' });
      return (await cpe.session(unit.answer)).asked.map(({ args }) => args.ParameterNames);
    };
    await put({ parameters: [load], read: '24h' });
    assert.deepEqual([await session(), await session()], [[[load]], []]);
    await put({ parameters: [load, state], read: '24h' });
    assert.deepEqual([await session(), await session()], [[[load, state]], []]);
  });

  const wrongs: [what: string, body: Record<string, unknown>, code: string][] = [
    ['an invalid filter', { filter: 'nonsense', parameters: [] }, 'bad-filter'],
    ['an invalid path', { parameters: ['SipEp.State'] }, 'bad-path'],
    ['an invalid time', { parameters: [], read: 'often' }, 'bad-input'],
  ];
  for (const [what, body, code] of wrongs)
    it(`refuses ${what}`, async () => void (await api.refused(400, code, 'PUT', '/settings/history', { body })));
  it('refuses an invalid span', async () => {
    await inform({});
    await api.refused(400, 'bad-time', 'GET', `/devices/${id}/history?path=x&from=soon`);
    await api.refused(400, 'bad-span', 'GET', `/devices/${id}/history?path=x&from=2026-01-02&to=2026-01-01`);
  });
});

describe('series rings', () => {
  it('hold the newest bucket of each slot, and all of its numbers, in any order (property)', () => {
    const level = { step: 1000, slots: 8 };
    const sampleArb = fc.tuple(fc.nat({ max: 30_000 }), fc.integer({ min: -50, max: 50 }));
    fc.assert(
      fc.property(fc.array(sampleArb, { maxLength: 60 }), samples => {
        const ring = new Map<number, Bucket>();
        for (const [time, value] of samples) {
          const bucket = bucketAt(time, level);
          const slot = slotOf(bucket, level);
          ring.set(slot, merged(ring.get(slot), bucket, value));
        }
        assert.ok(ring.size <= level.slots);
        for (const [slot, { bucket, n, sum, min, max }] of ring) {
          const here = samples.filter(([time]) => slotOf(bucketAt(time, level), level) === slot);
          assert.equal(bucket, Math.max(...here.map(([time]) => bucketAt(time, level))));
          // The values of the newest bucket.
          const values = here.filter(([time]) => bucketAt(time, level) === bucket).map(([, value]) => value);
          assert.deepEqual([n, sum], [values.length, values.reduce((total, value) => total + value, 0)]);
          assert.deepEqual([min, max], [Math.min(...values), Math.max(...values)]);
        }
      }),
    );
  });

  it('hold the same numbers when fewer points are asked for (property)', () => {
    const [level] = levels;
    assert.ok(level);
    const arb = fc.array(fc.tuple(fc.nat({ max: 2000 }), fc.integer({ min: -9, max: 9 })), {
      minLength: 1,
      maxLength: 50,
    });
    fc.assert(
      fc.property(arb, fc.integer({ min: 1, max: 50 }), (samples, limit) => {
        const buckets = new Map<number, Bucket>();
        for (const [bucket, value] of samples) buckets.set(bucket, merged(buckets.get(bucket), bucket, value));
        const points = pointsOf([...buckets.values()], level, { from: 0, to: 2001 * level.step }, limit);
        assert.ok(points.length <= limit + 1);
        assert.equal(
          points.reduce((total, { count }) => total + count, 0),
          samples.length,
        );
        const sum = points.reduce((total, { count, avg }) => total + count * avg, 0);
        assert.ok(Math.abs(sum - samples.reduce((total, [, value]) => total + value, 0)) < 1e-6);
        assert.deepEqual(
          [...points].sort((a, b) => a.time - b.time),
          points,
        );
      }),
    );
  });
});
