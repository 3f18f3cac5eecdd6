// The entries of history on their way to the store.
import assert from 'node:assert/strict';
import { HistoryBuffer } from '../../../../acs/fleet/monitoring/history-buffer.ts';
import type { HistoryEntry } from '../../../../acs/store/records.ts';
import { VirtualClock } from '../../../../shared/clock.ts';
import { silentLog } from '../../../../shared/log.ts';

describe('the buffer of history', () => {
  it('is bounded while the store does not keep up, and hands over in portions', async () => {
    const written: (readonly HistoryEntry[])[] = [];
    let release = (): void => undefined;
    const held = new Promise<void>(resolve => {
      release = resolve;
    });
    const store = {
      appendHistory: async (entries: readonly HistoryEntry[]) => {
        written.push(entries);
        await held;
      },
    };
    const context = { store, clock: new VirtualClock(), log: silentLog };
    const buffer = new HistoryBuffer(context as unknown as ConstructorParameters<typeof HistoryBuffer>[0]);
    for (let count = 0; count < 50_000; count++) {
      buffer.addEvent(`device ${count}`, 'value', {});
      if (count % 500 === 499) await Promise.resolve();
    }
    release();
    await buffer.flushed();
    const devices = written.flat().map(({ device }) => device);
    assert.ok(devices.length <= 21_000, `${devices.length} entries were held`);
    assert.equal(devices.at(-1), 'device 49999');
    assert.equal(new Set(devices).size, devices.length);
    assert.ok(written.every(({ length }) => length <= 500));
  });
});
