// The parts of an Inform-only session: what each costs, told by leaving it out. First the floor, built up part by part; then the ACS.
import { onFirstNode, openArgs, requestFor, runningNode, warmth } from '../contest.ts';
import { interleaved, makeRow, type Row } from '../figures.ts';
import { workOf } from '../load/envelopes.ts';
import { type Bench, loaded, measured, type Setting } from '../measure.ts';
import { bareParts, type FloorParts } from '../servers/floor/parts.ts';
import type { Server } from '../servers/servers.ts';

/** A tenth of a large fleet: here the store's size is not the question. */
const MOST_DEVICES = 10_000;

interface Step {
  name: string;
  parts: FloorParts;
}

const nothing: FloorParts = { ...bareParts, xml: false, store: 'none' };
/** Each step has one part more than the one before it. */
const steps: readonly Step[] = [
  { name: 'connection, HTTP and two answers', parts: nothing },
  { name: 'reading the XML', parts: { ...nothing, xml: true } },
  { name: 'a row, durably, in group commits', parts: bareParts },
  { name: 'a thread that writes', parts: { ...bareParts, store: 'thread' } },
  { name: 'a signed cookie, checked', parts: { ...bareParts, store: 'thread', cookie: true } },
  { name: 'an idle timer', parts: { ...bareParts, store: 'thread', cookie: true, timer: true } },
  { name: 'a log line', parts: { ...bareParts, store: 'thread', cookie: true, timer: true, log: true } },
  {
    name: 'fastify in place of node:http (no part of the floor)',
    parts: { ...bareParts, store: 'thread', cookie: true, timer: true, log: true, fastify: true },
  },
];

/** Layers of the ACS, as leave-out.ts knows them. */
const layers: Readonly<Record<string, string>> = {
  xml: 'decoding the XML of the Inform',
  thread: 'the way to the store’s thread and back',
  inform: 'the store’s Inform: way, operation and commit',
  release: 'the store’s release of the device',
  cookie: 'signing the cookie',
  timers: 'idle timers',
  log: 'log lines',
};

export const waterfall: Bench = {
  about: 'the cost of each layer of an Inform-only session, by leaving it out',
  run: async given => {
    const devices = Math.min(given.devices, MOST_DEVICES);
    const setting = { ...onFirstNode(given), devices };
    return [...(await floorRows(setting)), ...(await ourRows(setting))];
  },
};

/** CPU of each server in rounds that take turns, milliseconds a session. */
async function rounds(setting: Setting, servers: readonly Server[], values: boolean): Promise<number[][]> {
  for (const server of servers)
    await loaded(setting.servers, { ...requestFor(setting, server), sessions: warmth(setting) });
  const turns = servers.map((server, nth) => async () => {
    const request = requestFor(setting, server);
    const work = workOf(request.settings);
    // A floor that does not read the XML stores no values.
    const isBlind = values && nth === 0;
    const asked: Server = isBlind ? { ...server, seen: async () => withoutValues(await server.seen()) } : server;
    return (await measured(setting.servers, asked, request, work)).cpu;
  });
  const results = (await interleaved(setting.rounds + 1, turns)).map(each => each.slice(1));
  for (const server of servers) await server.stop();
  return results;
}

const withoutValues = ({ sessions, rpcs }: { sessions: number; rpcs: number }): { sessions: number; rpcs: number } => ({
  sessions,
  rpcs,
});

const unit = 'ms server CPU / session';
const section = 'waterfall';

async function floorRows(setting: Setting): Promise<Row[]> {
  const node = setting.nodes?.[0] ?? runningNode;
  const servers: Server[] = [];
  for (const { parts } of steps) servers.push(await setting.servers.floor({ devices: setting.devices }, parts, node));
  const results = await rounds(setting, servers, true);
  return steps.map(({ name }, nth) => {
    const before = results[nth - 1];
    const ours = results[nth] ?? [];
    return makeRow({ name: `floor: ${name}`, unit, section, ours, ...(before ? { floor: before } : {}) });
  });
}

async function ourRows(setting: Setting): Promise<Row[]> {
  const node = setting.nodes?.[0] ?? runningNode;
  const servers: Server[] = [];
  for (const layer of ['', ...Object.keys(layers)]) {
    const program = { file: 'test/bench/servers/leave-out', env: { TANDEM_BENCH_WITHOUT: layer } };
    servers.push(await setting.servers.acs({ devices: setting.devices }, openArgs, { node, program }));
  }
  const [whole = [], ...without] = await rounds(setting, servers, false);
  return [
    makeRow({ name: 'ACS: the whole session', unit, section, ours: whole }),
    ...Object.values(layers).map((name, nth) =>
      makeRow({ name: `ACS: ${name}`, unit, section, ours: whole, floor: without[nth] ?? [] }),
    ),
  ];
}
