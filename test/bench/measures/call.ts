// The wait of an operator: one API call that makes the ACS call the CPE, which connects, is set and confirms; on loopback.
import { onFirstNode, type Sides, withSides } from '../contest.ts';
import { interleaved, makeRow, type Row } from '../figures.ts';
import { INTERVAL, idOf } from '../load/envelopes.ts';
import type { LoadRequest } from '../load/requests.ts';
import { type Bench, loaded, type Setting } from '../measure.ts';
import type { AcsServer, Server } from '../servers/servers.ts';

const NUMBER = 0;
const CALLS = 8;

export const setting1 = { method: 'SetParameterValues', args: { ParameterList: { [INTERVAL]: 3600 } } };
export const reading1 = { method: 'GetParameterValues', args: { ParameterNames: [INTERVAL] } };

/** A task that is carried out at once. @throws Error when it is not done in time */
export async function callAndWait(server: AcsServer, number: number, task: object, wait = 10): Promise<void> {
  const ended = (await server.api('POST', `/devices/${idOf(number)}/tasks?wait=${wait}`, task)) as { state: string };
  if (ended.state !== 'done') throw new Error(`the task ended ${ended.state}`);
}

/** A CPE that takes connection requests. @returns its URL, once the server knows it */
export async function reachable(
  { servers, devices }: Setting,
  { request }: Sides,
  server: Server,
  { number = NUMBER, path = '/', demands = 'digest' as 'digest' | 'nothing', lane = 'main' } = {},
): Promise<string> {
  const { settings } = request(server, path);
  const asked: LoadRequest = {
    kind: 'reachable',
    ...{ number, demands, settings },
    devices: { count: 1, stored: devices },
  };
  return (await loaded(servers, asked, lane)).url ?? '';
}

export const call: Bench = {
  about: 'API call that connects, sets and confirms',
  run: given => {
    const setting = onFirstNode(given);
    return withSides(setting, sides => measure(setting, sides));
  },
};

async function measure(setting: Setting, sides: Sides): Promise<Row[]> {
  const { ours, floor } = sides.first;
  await reachable(setting, sides, ours);
  const url = await reachable(setting, sides, floor, { path: '/set', demands: 'nothing' });
  const floorCall = async (): Promise<void> => {
    const answer = await fetch(`http://127.0.0.1:${floor.port}/call?${encodeURIComponent(url)}`, {
      method: 'POST',
      signal: AbortSignal.timeout(10_000),
    });
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`the floor answered ${answer.status}`);
  };
  const timed = (server: Server, one: () => Promise<void>) => async (): Promise<number> => {
    const { rpcs } = await server.seen();
    const began = performance.now();
    for (let calls = 0; calls < CALLS; calls++) await one();
    const took = (performance.now() - began) / CALLS;
    const answered = (await server.seen()).rpcs - rpcs;
    if (answered !== CALLS) throw new Error(`${answered} of ${CALLS} settings were confirmed by the CPE`);
    return took;
  };
  const ourCalls = timed(ours, () => callAndWait(ours, NUMBER, setting1));
  await ourCalls();
  const [own = [], beside = []] = await interleaved(2 * setting.rounds, [ourCalls, timed(floor, floorCall)]);
  return [
    makeRow({
      name: 'API call that connects, sets one parameter and confirms',
      unit: 'ms, wall clock',
      ours: own,
      floor: beside,
      goal: { limit: 25, of: 'ours' },
      incumbent: '508',
      note: 'the CPE demands digest of the ACS; the floor is let in at once',
    }),
  ];
}
