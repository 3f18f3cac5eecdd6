// The wait of an operator: one API call that makes the ACS call the CPE, which connects, is set and confirms; on loopback.

import { interleaved, makeRow, type Row } from '../figures.ts';
import { answersOf, INTERVAL, idOf, informTemplate } from '../load/envelopes.ts';
import type { LoadRequest } from '../load/requests.ts';
import { type Bench, loaded, type Setting } from '../measure.ts';
import type { Server } from '../servers/servers.ts';
import { type ServerPair, withServerPair } from './sessions.ts';

const NUMBER = 0;
const CALLS = 8;

export const call: Bench = {
  about: 'API call that connects, sets and confirms',
  run: setting => withServerPair(setting, pair => measure(setting, pair)),
};

async function measure({ servers, rounds, devices }: Setting, { ours, baseline }: ServerPair): Promise<Row[]> {
  const reachable = async (server: Server, path: string, demands: 'digest' | 'nothing'): Promise<string> => {
    const request: LoadRequest = {
      kind: 'reachable',
      number: NUMBER,
      demands,
      devices: { count: 1, stored: devices },
      settings: { port: server.port, path, inform: informTemplate(), answers: answersOf() },
    };
    return (await loaded(servers, request)).url ?? '';
  };
  await reachable(ours, '/', 'digest');
  const url = await reachable(baseline, '/set', 'nothing');
  const task = { method: 'SetParameterValues', args: { ParameterList: { [INTERVAL]: 3600 } } };
  const ourCall = async (): Promise<void> => {
    const ended = (await ours.api('POST', `/devices/${idOf(NUMBER)}/tasks?wait=10`, task)) as { state: string };
    if (ended.state !== 'done') throw new Error(`the task ended ${ended.state}`);
  };
  const floorCall = async (): Promise<void> => {
    const answer = await fetch(`http://127.0.0.1:${baseline.port}/call?${encodeURIComponent(url)}`, {
      method: 'POST',
      signal: AbortSignal.timeout(10_000),
    });
    await answer.arrayBuffer();
  };
  const timed = (one: () => Promise<void>) => async (): Promise<number> => {
    const began = performance.now();
    for (let calls = 0; calls < CALLS; calls++) await one();
    return (performance.now() - began) / CALLS;
  };
  await timed(ourCall)();
  const [own = [], bare = []] = await interleaved(2 * rounds, [timed(ourCall), timed(floorCall)]);
  return [
    makeRow({
      name: 'API call that connects, sets one parameter and confirms',
      unit: 'ms, wall clock',
      ours: own,
      floor: bare,
      goal: { limit: 25, of: 'ours' },
      incumbent: '≥ 500 ms',
      note: 'the CPE demands digest of the ACS; the floor is let in at once',
    }),
  ];
}
