// The history setting while the store cannot be read.
import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { HistorySetting } from '../../../../acs/fleet/monitoring/history-setting.ts';
import { VirtualClock } from '../../../../shared/clock.ts';
import { createLog } from '../../../../shared/log.ts';

describe('the history setting', () => {
  it('is not read again for each event while the store is away, and is logged once a minute', async () => {
    const clock = new VirtualClock();
    const logged: string[] = [];
    const body = { parameters: ['Device.A'] };
    let reads = 0;
    let isAway = true;
    const document = async () => {
      reads++;
      if (isAway) throw new Error('the store is away');
      return { name: 'history', generation: 1, changed: 0, body };
    };
    const context = { clock, log: createLog({ clock, level: 'info', write: line => logged.push(line) }) };
    const store = { generation: () => 1, document };
    const setting = new HistorySetting({ ...context, store } as never);
    const events = async (seconds: number): Promise<void> => {
      for (let at = 0; at < seconds * 10; at++) {
        setting.current();
        await turn();
        await clock.advance(100);
      }
    };
    await events(60);
    assert.equal(reads, 6, 'every ten seconds');
    assert.equal(logged.length, 1);
    await events(30);
    assert.match(logged[1] ?? '', /history setting read failed.*"suppressed":5/);
    isAway = false;
    await events(11);
    assert.deepEqual(setting.current()?.rule, body);
    assert.equal(reads, 10);
  });
});
