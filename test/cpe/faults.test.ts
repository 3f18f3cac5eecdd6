// The seeded faults of a fleet, and the reports of both sides: small fleets against the real ACS over plain HTTP.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FaultRates, faultProfiles } from '../../cpe/faults/catalogue.ts';
import { faultyHttp } from '../../cpe/faults/network.ts';
import { UnitFaults } from '../../cpe/faults/unit-faults.ts';
import { fleet } from '../../cpe/fleet/fleet.ts';
import type { FleetReport } from '../../cpe/fleet/report.ts';
import { fleetOptions } from '../../cpe/options.ts';
import { systemClock } from '../../shared/clock.ts';
import { readOptions } from '../../shared/config.ts';
import { createHttp, HttpError } from '../../shared/net/http.ts';
import { type ScriptedAcs, scriptedAcs } from '../support/cpe/scripted-acs.ts';
import { startOf } from '../support/processes/process.ts';
import { openWorld, type World } from '../support/worlds/world.ts';

describe('faults of a simulated network', () => {
  let server: ScriptedAcs;
  beforeEach(async () => {
    server = await scriptedAcs();
    server.always({ status: 204 });
  });
  afterEach(() => server.close());

  /** One character per request: `.` an answer, `x` a loss. */
  const run = async (rates: FaultRates, seed: number, count: number): Promise<string> => {
    const clock = systemClock();
    const power = { cut: () => assert.fail('power failed'), reboot: () => assert.fail('it rebooted') };
    const http = faultyHttp(new UnitFaults(seed, 0, { rates }), power, clock, createHttp)({ clock });
    let said = '';
    for (let number = 0; number < count; number++) {
      try {
        await http.send({ method: 'POST', url: server.url, headers: {}, body: String(number) });
        said += '.';
      } catch (error) {
        assert.ok(error instanceof HttpError, String(error));
        said += 'x';
      }
    }
    await http.close();
    return said;
  };
  const quick = { 'request-lost': 0.08, 'answer-lost': 0.08 };

  it('gives the same faults for the same seed, and others for another', async () => {
    const first = await run(quick, 1, 100);
    assert.match(first, /x/);
    assert.equal(await run(quick, 1, 100), first);
    assert.notEqual(await run(quick, 2, 100), first);
  });

  it('drops a lost request before the server, and a lost answer after it', async () => {
    assert.equal(await run({ 'request-lost': 1 }, 1, 5), 'xxxxx');
    assert.equal(server.heard.length, 0);
    assert.equal(await run({ 'answer-lost': 1 }, 1, 5), 'xxxxx');
    assert.equal(server.heard.length, 5);
    assert.equal(await run(faultProfiles.none, 1, 5), '.....');
  });
});

function spawned(argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const root = new URL('../..', import.meta.url).pathname;
  const command = [...startOf('cpe/main.ts'), 'fleet', ...argv];
  return new Promise(resolve => {
    execFile(process.execPath, command, { cwd: root }, (error, out, err) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, out, err }),
    );
  });
}

describe('fleet against the real ACS', () => {
  let world: World;
  beforeEach(async () => {
    world = await openWorld({ tls: false, cpeAuth: 'none', enrol: 'auto' });
  });
  afterEach(() => world.close());

  const run = async (...more: string[]): Promise<{ code: number; report: FleetReport }> => {
    const file = join(world.folder, 'report.json');
    // Short waits: the test is about the recovery of lost sessions, not about its time.
    const waits = ['CWMPRetryMinimumWaitInterval=1', 'CWMPRetryIntervalMultiplier=1000'];
    const argv = ['--acs', world.url, '--json', file, '--log-level', 'error', ...more];
    const { values } = readOptions(fleetOptions, {
      argv: [...argv, ...waits.flatMap(text => ['--set', `Device.ManagementServer.${text}`])],
    });
    const signal = new AbortController().signal;
    const code = await fleet(values, { write: () => undefined, pretty: false, signal, memory: () => 1 });
    return { code, report: JSON.parse(await readFile(file, 'utf8')) as FleetReport };
  };
  interface Known {
    id: string;
    state: string;
    online: boolean;
    lastEvents: string[];
    faults: unknown[];
  }
  const known = async (): Promise<Known[]> => {
    const answer = await fetch(`${world.acs.api}/api/v1/devices?limit=100`, {
      headers: { authorization: 'Bearer test-token' },
    });
    return ((await answer.json()) as { items: Known[] }).items;
  };
  const serials = (items: readonly Known[]): string[] =>
    items.map(({ id }) => id.slice(id.lastIndexOf('-') + 1)).sort();
  const expected = (count: number): string[] =>
    Array.from({ length: count }, (_, at) => `0090F8${(at + 1).toString(16).padStart(6, '0')}`.toUpperCase());

  it('holds one session per unit without faults, and the ACS knows the same units', async () => {
    const { code, report } = await run('--count', '8');
    assert.equal(code, 0);
    assert.deepEqual([report.ok, report.informed, report.sessions, report.failedSessions], [true, 8, 8, 0]);
    assert.deepEqual([report.silent, report.failures, report.powerCuts], [[], {}, 0]);
    const items = await known();
    assert.deepEqual(serials(items), expected(8));
    for (const { state, online, lastEvents, faults } of items) {
      assert.deepEqual([state, online, lastEvents, faults], ['enrolled', true, ['0 BOOTSTRAP', '1 BOOT'], []]);
    }
  });

  for (const profile of ['mild', 'request-lost=0.08,answer-lost=0.08,delay=0.3']) {
    it(`recovers, and both sides agree in the end (${profile})`, async function () {
      this.timeout(60_000);
      const { code, report } = await run('--count', '12', '--faults', profile, '--seed', '3', '--timeout', '50');
      assert.equal(code, 0, JSON.stringify(report));
      assert.deepEqual([report.ok, report.count, report.seed, report.informed], [true, 12, 3, 12]);
      assert.equal(
        report.failedSessions,
        Object.values(report.failures).reduce((sum, count) => sum + count, 0),
      );
      assert.ok(report.sessions >= report.informed + report.failedSessions);
      if (profile !== 'mild') assert.ok(report.failedSessions > 0);
      assert.deepEqual(serials(await known()), expected(12), 'every unit once, however often it was cut');
    });
  }

  for (const [fault, what] of [
    ['no-cookie', 'a session is known by its connection'],
    ['single-post', 'a session is known by its cookie'],
  ] as const) {
    it(`${fault}: ${what}`, async () => {
      const { code, report } = await run('--count', '4', '--faults', `${fault}=1`);
      assert.equal(code, 0);
      assert.deepEqual([report.sessions, report.failedSessions, report.faults], [4, 0, { [fault]: 4 }]);
      // Credentials for connection requests come in the same session: the ACS had its turn.
      for (const unit of report.units ?? []) assert.equal(unit.sessions.good, 1);
      const given = world.logged.filter(line => line.includes('"credentials given"'));
      assert.equal(given.length, 4);
    });
  }

  it('reports all units of several processes once, compared with the view of the ACS', async function () {
    this.timeout(60_000);
    const token = join(world.folder, 'token');
    const file = join(world.folder, 'merged.json');
    await writeFile(token, 'test-token\n');
    const argv = [
      '--acs',
      world.url,
      '--json',
      file,
      '--compare',
      world.acs.api,
      '--token',
      token,
      '--log-level',
      'warn',
    ];
    const { code, out, err } = await spawned(['--count', '9', '--processes', '3', '--seed', '2', ...argv]);
    assert.equal(code, 0, out + err);
    const report = JSON.parse(await readFile(file, 'utf8')) as FleetReport & { differences: unknown[] };
    assert.deepEqual([report.processes, report.informed, report.differences], [3, 9, []]);
    assert.deepEqual(
      report.units?.map(({ serial }) => serial),
      expected(9),
    );
    assert.deepEqual(serials(await known()), expected(9));
    // Another fleet under the same names with another firmware: the ACS learns it from the Informs, so both agree again.
    const again = await spawned(['--count', '9', '--software-version', '1.2.3', ...argv]);
    assert.equal(again.code, 0, again.out + again.err);
    await writeFile(token, 'wrong');
    const refused = await spawned(['--count', '1', ...argv]);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /^tandem-cpe: --compare: http:\S+ answers 401\n$/);
  });

  it('exits with 1 and names the silent units when the ACS is never reached', async () => {
    const gone = await scriptedAcs();
    await gone.close();
    const { code, report } = await run('--count', '3', '--timeout', '1', '--acs', gone.url);
    assert.equal(code, 1);
    assert.deepEqual([report.ok, report.informed, report.silent], [false, 0, expected(3)]);
    assert.ok((report.failures.unreachable ?? 0) >= 3);
    assert.deepEqual(await known(), []);
  });
});
