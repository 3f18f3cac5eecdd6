// The progress of a rollout as a table and as a line.
import assert from 'node:assert/strict';
import { bar, lineOf, screenOf, type WatchedRollout } from '../../../acs/cli/progress.ts';

const rollout = (more: Partial<WatchedRollout> = {}): WatchedRollout => ({
  id: 'spring',
  state: 'running',
  wave: 2,
  sizes: [1, 10],
  firmware: { file: 'fw.bin', version: '49.2' },
  totals: { planned: 4, offered: 1, downloading: 2, soaking: 1, done: 2, failed: 1, skipped: 1 },
  perWave: [
    { wave: 1, size: 1, totals: { done: 1 } },
    { wave: 2, size: 10, totals: { planned: 4, offered: 1, downloading: 2, soaking: 1, done: 1, failed: 1 } },
  ],
  devices: { items: [{ device: 'A-B-C', state: 'failed', reason: 'Download: 9010 no room' }] },
  ended: null,
  ...more,
});

describe('rollout progress', () => {
  it('shows a table with a bar and the failed devices', () => {
    assert.deepEqual(screenOf(rollout(), 80), [
      'spring: fw.bin (49.2), running, wave 2 of 2',
      '[#####xx-->>>>>>>>>>>..........] 33 % of 12',
      '',
      '                  done  reverted under way    failed   skipped   planned',
      'wave 1               1         0         0         0         0         0',
      'wave 2               1         0         4         1         0         4',
      'all                  2         0         4         1         1         4',
      '',
      'A-B-C: Download: 9010 no room',
    ]);
    assert.ok(screenOf(rollout(), 20).every(line => line.length <= 20));
  });

  it('draws a bar of the given width with every state that has a device', () => {
    for (const totals of [{}, { done: 1 }, { planned: 99_999, failed: 1 }, rollout().totals]) {
      const drawn = bar(totals, 30);
      assert.equal(drawn.length, 30);
    }
    assert.equal(bar({ planned: 99_999, failed: 1 }, 10), 'x.........');
    assert.equal(bar({ done: 5, reverted: 5 }, 10), '##########');
    assert.equal(bar({ done: 3, offered: 3, skipped: 3 }, 9), '###--->>>');
  });

  it('shows one line with counts and the reason for a pause', () => {
    assert.equal(
      lineOf(rollout()),
      'spring: running, wave 2 of 2: 2 done, 4 under way, 1 failed, 1 skipped, 4 planned',
    );
    assert.equal(
      lineOf(rollout({ state: 'paused', reason: '1 have failed', totals: { failed: 1 } })),
      'spring: paused (1 have failed): 1 failed',
    );
    assert.equal(lineOf(rollout({ state: 'planning', sizes: [], totals: {} })), 'spring: planning');
  });
});
