// CPU of media: what one second of a call with SRTP costs a gateway, of 50 calls at once between two processes.
import { runningNode } from '../contest.ts';
import { makeRow, type Row } from '../figures.ts';
import {
  CALLS_EACH,
  type CallPair,
  carried,
  hangUp,
  placeCalls,
  secondsCarried,
  UNITS,
} from '../load/concurrent-calls.ts';
import { type Bench, pause, type Setting } from '../measure.ts';
import { builtFile } from '../servers/build.ts';
import { forked, stopped } from '../servers/children.ts';
import { cpuMs } from '../servers/process-cost.ts';

const WINDOW_MS = 4000;
const PTIME = 20;
const ROUNDS = 5;

/** Milliseconds of CPU for one second of one call, at one end. */
async function measure({ callers, called }: CallPair): Promise<number> {
  const before = await carried(callers);
  const other = await carried(called);
  const pid = callers.pid ?? 0;
  const [cpu, began] = [cpuMs(pid), performance.now()];
  await pause(WINDOW_MS);
  const [spent, ms] = [cpuMs(pid) - cpu, performance.now() - began];
  const seconds = secondsCarried(before, await carried(callers), ms, PTIME);
  secondsCarried(other, await carried(called), ms, PTIME);
  return spent / seconds;
}

export const media: Bench = {
  about: 'CPU of 50 calls with SRTP at once',
  run: async ({ servers, nodes, rounds }: Setting): Promise<Row[]> => {
    const file = builtFile(servers.tree, 'test/bench/servers/call-units');
    const node = nodes?.[0] ?? runningNode;
    const pair = { callers: forked(file, node), called: forked(file, node) };
    const each: number[] = [];
    try {
      await placeCalls(pair, [14, 1]);
      await pause(2000);
      for (let round = 0; round < Math.min(ROUNDS, rounds); round++) each.push(await measure(pair));
      await hangUp(pair);
    } finally {
      await Promise.all([stopped(pair.callers), stopped(pair.called)]);
    }
    const note = `${UNITS * CALLS_EACH} calls between two processes; G.711, 50 packets each way a second, AES_CM_128_HMAC_SHA1_80, a tone made and looked for`;
    const name = 'one second of a call with SRTP, at one end';
    return [makeRow({ name, unit: 'ms of CPU', ours: each, goal: { limit: 5, of: 'ours' }, note })];
  },
};
