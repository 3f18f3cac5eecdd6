// The server's own metrics over time.
import assert from 'node:assert/strict';
import { noSources } from '../../../../acs/app/north.ts';
import { startSampling } from '../../../../acs/app/server-series.ts';
import { percentile } from '../../../../acs/metrics/samples.ts';
import { createMetrics } from '../../../../acs/metrics.ts';
import { type Json, type TestApi, testApi } from '../../../support/acs/api.ts';

const DAY = 24 * 3_600_000;

describe('series of the server', () => {
  let api: TestApi;
  let stop: () => void;
  beforeEach(async () => {
    api = await testApi();
    const { clock, log, events, fleet } = api.acs;
    const metrics = createMetrics(events, {
      ...noSources,
      sessions: () => 3,
      admission: () => ({ running: 1, waiting: 7, admitted: 0, turnedAway: 0, gaveUp: 0 }),
    });
    stop = startSampling({ clock, log }, metrics, fleet.overview.series);
    await clock.advance(0);
  });
  afterEach(async () => {
    stop();
    await api.close();
  });

  const session = (milliseconds: number, outcome: 'ok' | 'lost' = 'ok'): void =>
    api.acs.events.emit('session', {
      ...{ device: 'd', member: 'm', claim: 1, outcome, cwmp: '1.0', rpcs: 0, milliseconds, events: [] },
      ...{ address: '::1', bytesUp: 0, bytesDown: 0 },
    });
  const read = async (query: string): Promise<Json[]> =>
    (await api.call('GET', `/series?${query}`)).json.series as unknown as Json[];
  const pointsOf = (series: Json | undefined): Json[] => (series?.points ?? []) as Json[];
  const last = (series: Json | undefined): number => Number(pointsOf(series).at(-1)?.avg);

  it('have rates, percentiles, and what is true at the time', async () => {
    for (let count = 0; count < 60; count++) session(20, count < 6 ? 'lost' : 'ok');
    await api.acs.clock.advance(30_000);
    const [informs, lost, p50, open, queue, memory] = await read('name=informs,lost,sessionP50,open,queue,memory');
    assert.deepEqual([last(informs), last(lost), last(open), last(queue)], [2, 0.2, 3, 7]);
    assert.ok(last(p50) > 0.01 && last(p50) <= 0.05, String(last(p50)));
    assert.ok(last(memory) > 10_000_000);
    await api.acs.clock.advance(30_000);
    assert.equal(last((await read('name=informs&points=2880'))[0]), 0);
    assert.equal(pointsOf((await read('name=sessionP99'))[0]).length, 1);
  });

  it('reach back a day and no further, with as many points as asked for', async () => {
    for (let hours = 0; hours < 30; hours++) await api.acs.clock.advance(3_600_000);
    const [all] = await read('name=open&points=2880');
    const points = pointsOf(all);
    assert.ok(points.length >= 2870 && points.length <= 2880, String(points.length));
    assert.ok(Date.parse(String(points[0]?.time)) >= api.acs.clock.now() - DAY - 30_000);
    assert.equal(pointsOf((await read('name=open&from=-6h&points=10'))[0]).length <= 11, true);
    assert.equal((await read('')).length, 10);
    await api.refused(400, 'bad-input', 'GET', '/series?name=colour');
    await api.refused(400, 'bad-time', 'GET', '/series?from=yesterday');
    await api.refused(400, 'bad-span', 'GET', '/series?from=-1h&to=-2h');
  });

  it('estimate percentiles within the bucket that holds them', () => {
    const buckets = [
      [1, 50],
      [2, 90],
      [5, 100],
      [Number.POSITIVE_INFINITY, 100],
    ] as const;
    assert.deepEqual([percentile(buckets, 0.5), percentile(buckets, 0.7), percentile(buckets, 0.95)], [1, 1.5, 3.5]);
    assert.equal(
      percentile(
        [
          [1, 0],
          [Number.POSITIVE_INFINITY, 10],
        ],
        0.99,
      ),
      1,
    );
    assert.equal(
      percentile(
        [
          [1, 0],
          [Number.POSITIVE_INFINITY, 0],
        ],
        0.5,
      ),
      undefined,
    );
  });
});
