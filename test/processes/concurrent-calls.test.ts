// Fifty calls with SRTP at once, between two processes of simulated gateways.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../shared/clock.ts';
import { CALLS_EACH, carried, hangUp, placeCalls, reportsOf, UNITS } from '../bench/load/concurrent-calls.ts';
import { stopped } from '../bench/servers/children.ts';

const clock = systemClock();
const file = fileURLToPath(new URL('../bench/servers/call-units.ts', import.meta.url));
const CALLS = UNITS * CALLS_EACH;

describe('fifty calls at once', () => {
  it('carry 100 packets each way with SRTP, without a failure', async () => {
    const start = () => fork(file, { execArgv: ['--import', 'tsx'], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const pair = { callers: start(), called: start() };
    const both = [pair.callers, pair.called];
    try {
      await placeCalls(pair, [15, 1 + (process.pid % 120) * 2]);
      const isDone = async (): Promise<boolean> => {
        const counts = await Promise.all(both.map(carried));
        return counts.every(({ sent, received }) => Math.min(sent, received) >= 120 * CALLS);
      };
      for (let tries = 0; !(await isDone()); tries++) {
        assert.ok(tries < 100, 'the packets did not come');
        await clock.sleep(200);
      }
      for (const child of both) {
        const reports = await reportsOf(child);
        assert.equal(reports.length, CALLS);
        for (const report of reports) {
          assert.ok(report.sent >= 100 && report.received >= 100, JSON.stringify(report));
          assert.deepEqual([report.authFailures, report.replays, report.lost], [0, 0, 0], JSON.stringify(report));
          assert.equal(report.suite, 'AES_CM_128_HMAC_SHA1_80');
          assert.equal(report.tone, 440);
        }
      }
      await hangUp(pair);
      assert.deepEqual(await Promise.all(both.map(reportsOf)), [[], []]);
    } finally {
      await Promise.all(both.map(stopped));
    }
  }).timeout(120_000);
});
