// The bench against lies: a row whose work was not transferred, seen by the server and stored has no figure.
import assert from 'node:assert/strict';
import { answersOf, informTemplate } from './load/envelopes.ts';
import { emptyReport, type LoadRequest } from './load/requests.ts';
import type { SessionSettings } from './load/session.ts';
import { read } from './measures/tasks.ts';
import { copied } from './servers/mongo.ts';
import { BenchServers, seenIn } from './servers/servers.ts';
import { workMissing } from './work.ts';

const settingsOf = (port: number, read = 1): SessionSettings => ({
  port,
  path: '/read',
  inform: informTemplate(),
  answers: answersOf(read),
});

/** The servers of a bench whose load is another than it was asked for. */
const withLoad = (servers: BenchServers, load: (request: LoadRequest) => LoadRequest): BenchServers =>
  new Proxy(servers, {
    get: (target, name: keyof BenchServers) => {
      if (name === 'load') return async (request: LoadRequest) => await target.load(load(request));
      const member = target[name] as unknown;
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });

describe('bench: the work', () => {
  let servers: BenchServers;
  before(async function () {
    this.timeout(240_000);
    servers = await BenchServers.open();
  });
  after(async () => {
    await servers.close();
  });
  const small = { devices: 40, sessions: 200, rounds: 1, boots: 10, store: 'sqlite' as const };

  it('G1: answers with the values that each request for load names, one after the other', async () => {
    const { port, stop } = await servers.floor({ devices: 10 });
    const devices = { count: 4, stored: 10 };
    const reports = [];
    for (const read of [1, 1000])
      reports.push(
        await servers.load({
          kind: 'closed',
          sessions: 4,
          concurrency: 2,
          devices,
          settings: settingsOf(port, read),
        }),
      );
    await stop();
    assert.deepEqual(
      reports.map(({ values }) => values),
      [4 * (25 + 1), 4 * (25 + 1000)],
    );
    assert.ok((reports[1]?.sent ?? 0) > 4 * 100_000, `${reports[1]?.sent} bytes`);
  }).timeout(120_000);

  it('G1: fails a full read whose CPEs answer one parameter instead of 1,000', async () => {
    const lie = (request: LoadRequest): LoadRequest => ({
      ...request,
      settings: { ...request.settings, answers: answersOf(1) },
    });
    await assert.rejects(read.run({ servers: withLoad(servers, lie), ...small }), (error: Error) => {
      assert.match(error.message, /the work was not done/);
      assert.match(error.message, /parameter values sent: 26 a session, not 1025/);
      assert.match(error.message, /bytes sent: \d+ a session, not \d{6} and headers/);
      return true;
    });
  }).timeout(240_000);

  it('G1: measures a full read of 1,000 parameters that were sent and stored', async () => {
    const [row] = await read.run({ servers, ...small });
    assert.match(row?.note ?? '', /^1\d\d\.\d KB in/);
    assert.ok(row?.floor && row.bare, 'both floors are measured');
  }).timeout(240_000);

  it('fails work that the server has not seen', () => {
    const report = { ...emptyReport(), sessions: 2, values: 50, sent: 12_000, received: 1000 };
    const work = { rpcs: 0, values: 25, informed: 25, sent: 5000 };
    assert.deepEqual(workMissing(work, report, { sessions: 2, rpcs: 0, values: 50 }), []);
    assert.deepEqual(workMissing(work, report, { sessions: 1, rpcs: 0, values: 26 }), [
      'sessions seen by the server: 0.5 a session, not 1',
      'parameter values stored: 13 a session, not 25',
    ]);
    assert.match(workMissing(work, { ...report, received: 10 }, undefined).join(), /^bytes received: 5 a session/);
    const twice = { ...report, challenged: 2, values: 100, sent: 24_000 };
    assert.deepEqual(workMissing(work, twice, { sessions: 2, rpcs: 0, values: 50 }), []);
    assert.match(workMissing({ ...work, rpcs: 1 }, report, undefined).join(), /^requests answered by the CPEs: 0/);
  });

  it('copies the document of a device under another serial number, with a tree of its own', () => {
    const template = { _id: '0090F8-4102S-00000003', tree: 'a', serial: '00000003', row: '"00000003"' };
    assert.deepEqual(copied(template, '00000003', 353), {
      ...{ _id: '0090F8-4102S-00000353', tree: 'tree-353', serial: '00000353', row: '"00000353"' },
    });
  });

  it('reads sessions and requests from the metrics of the ACS', () => {
    const metrics =
      'acs_sessions_total{outcome="ok"} 12\nacs_sessions_total{outcome="lost"} 1\nacs_rpcs_total{method="Reboot",direction="to-cpe"} 3\nacs_rpcs_total{method="GetParameterValues",direction="to-cpe"} 4\nacs_rpcs_total{method="TransferComplete",direction="to-acs"} 9\n';
    assert.deepEqual(seenIn(metrics), { sessions: 12, rpcs: 7 });
  });
});
