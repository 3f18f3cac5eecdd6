// Exhausted file descriptors: said once in the log, and shown in the metrics.
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { DescriptorWatch } from '../../../acs/app/descriptors.ts';
import { noSources } from '../../../acs/app/north.ts';
import { createEvents } from '../../../acs/events.ts';
import { createMetrics } from '../../../acs/metrics.ts';
import { VirtualClock } from '../../../shared/clock.ts';
import { createLog } from '../../../shared/log.ts';

const failure = (code: string): Error => Object.assign(new Error(`accept ${code}`), { code, syscall: 'accept' });

describe('file descriptors', () => {
  let clock: VirtualClock;
  let lines: string[];
  let isFull: boolean;
  let watch: DescriptorWatch;
  beforeEach(() => {
    clock = new VirtualClock();
    lines = [];
    isFull = false;
    const log = createLog({ clock, level: 'info', write: line => lines.push(line) });
    watch = new DescriptorWatch({ clock, log }, () => {
      if (isFull) throw failure('EMFILE');
    });
  });
  afterEach(() => watch.close());

  const messages = (): string[] => lines.map(line => (JSON.parse(line) as { msg: string }).msg);

  it('B8: are said to be exhausted once, and to be available again', async () => {
    isFull = true;
    await clock.advance(60_000);
    assert.deepEqual(messages(), ['file descriptors exhausted']);
    isFull = false;
    await clock.advance(60_000);
    assert.deepEqual(messages(), ['file descriptors exhausted', 'file descriptors available again']);
    assert.deepEqual(watch.state, { isExhausted: false, times: 1 });
  });

  it('B8: do not end the process when a connection cannot be accepted', () => {
    const server = new EventEmitter();
    watch.watch(server as never);
    for (let count = 0; count < 3; count++) server.emit('error', failure('EMFILE'));
    assert.deepEqual(messages(), ['file descriptors exhausted']);
  });

  it('B8: are in the metrics', async () => {
    isFull = true;
    await clock.advance(10_000);
    const admission = () => ({ running: 0, waiting: 0, admitted: 0, turnedAway: 0, gaveUp: 0 });
    const metrics = createMetrics(createEvents(), {
      ...{ ...noSources, admission },
      sessions: () => 0,
      descriptors: () => watch.state,
    });
    const text = await metrics.text();
    metrics.stop();
    assert.match(text, /^acs_descriptors_exhausted 1$/m);
    assert.match(text, /^acs_descriptors_exhausted_total 1$/m);
  });
});
