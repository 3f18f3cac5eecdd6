// One server with workers: more cores, the same server. Workers are killed, and the first process too.
import assert from 'node:assert/strict';
import { packFirmware } from '../../shared/firmware.ts';
import { builtFor } from '../crash/server.ts';
import { onEachStore } from '../crash/stores.ts';
import { MONGO_START_MS } from '../support/acs/mongo.ts';
import { eventually } from '../support/eventually.ts';
import { endPrograms, program } from '../support/processes/process.ts';
import { type Fleet, openWorkers, ordeal, TOKEN } from './fleet.ts';

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('a server with workers', function () {
  this.timeout(MONGO_START_MS);
  const built = builtFor();

  onEachStore(store => {
    let place: Awaited<ReturnType<typeof store.open>>;
    let fleet: Awaited<ReturnType<typeof openWorkers>> | undefined;
    beforeEach(async () => {
      place = await store.open();
    });
    afterEach(async () => {
      await fleet?.close();
      fleet = undefined;
      await endPrograms();
      await place.close();
    });
    const open = async (): Promise<Fleet & { acs: ReturnType<typeof program> }> => {
      fleet = await openWorkers({ main: built('acs/main.ts'), args: place.args, workers: 2 });
      return fleet;
    };
    const pids = (): number[] =>
      (fleet?.acs.lines ?? []).filter(({ msg }) => msg === 'worker started').map(({ pid }) => Number(pid));

    it('serves a fleet with both while they are killed in turn, with one API and sum of metrics', async () => {
      const { api, nodes } = await open();
      const report = await ordeal(fleet!, { gateways: 20, kills: 2, everyMs: 2000, patienceMs: 90_000 });
      assert.deepEqual(report.contradictions, []);
      assert.deepEqual([...new Set(report.units.map(({ parameterKey }) => parameterKey))], [report.revision]);
      assert.equal(report.units.length, 20);
      const busy = fleet!.lives.filter(({ lines }) => lines.some(({ msg }) => msg === 'device session ended'));
      assert.ok(busy.length >= 3, `${busy.length} lives of workers had sessions`);

      const metrics = await (await fetch(`${nodes[0]!.api}/metrics`)).text();
      const value = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(metrics)?.[1]);
      assert.equal(value('acs_devices{state="enrolled"}'.replace(/[{}]/g, '\\$&')), 20);
      const counted = value('acs_sessions_total{outcome="ok"}'.replace(/[{}]/g, '\\$&'));
      assert.ok(counted > 0 && counted <= report.sessions, `${counted} of ${report.sessions} sessions`);
      const { items } = await api<{ items: unknown[] }>('GET', '/devices?limit=100');
      assert.equal(items.length, 20);
    });

    it('ends cleanly, and its workers end when it is killed', async () => {
      const { acs } = await open();
      assert.equal(pids().length, 2);
      const { code } = await acs.stop();
      assert.equal(code, 0);
      assert.ok(pids().every(pid => !isAlive(pid)));
      await fleet!.close();
      const again = await open();
      await again.acs.stop('SIGKILL');
      await eventually('the workers have ended', () => pids().every(pid => !isAlive(pid)));
    });

    it('carries out a task in the session that its request brings about', async () => {
      const { api, balancer } = await open();
      program('cpe/main.ts', [
        ...['run', '--acs', balancer.url, '--serial', '0090F8000001'],
        ...['--set', 'Scm.ServicesConfig[Name=SipEp].StartupType=Manual'],
      ]);
      const path = '/devices/0090F8-4102S-0090F8000001';
      const known = async (): Promise<boolean> => {
        const { items } = await api<{ items: unknown[] }>('GET', '/devices');
        return items.length > 0 && !fleet!.lives.some(({ lines }) => lines.at(-1)?.msg === 'session begins');
      };
      await eventually('it has come', known, 30_000);
      await api('PUT', '/presets/base', { set: { 'Device.ManagementServer.PeriodicInformInterval': '777' } });
      const task = await api<{ state: string }>('POST', `${path}/tasks?wait=20`, {
        method: 'GetParameterValues',
        args: { ParameterNames: ['Device.DeviceInfo.SerialNumber'] },
      });
      assert.equal(task.state, 'done');
      const wanted = async (): Promise<boolean> => {
        const { parameterKey, wantedRevision } = await api<{ parameterKey: string; wantedRevision: string }>(
          'GET',
          path,
        );
        return parameterKey !== '' && parameterKey === wantedRevision;
      };
      await eventually('the preset is applied in the same session', wanted);
    });

    it('continues a rollout at once although its sessions are with the workers', async () => {
      const { api, balancer, nodes } = await open();
      for (const number of [1, 2])
        program('cpe/main.ts', [
          ...['run', '--acs', balancer.url, '--serial', `0090F800000${number}`],
          ...['--set', 'Scm.ServicesConfig[Name=SipEp].StartupType=Manual'],
        ]);
      const version = '49.2.2941';
      const image = packFirmware({ product: '4102S', version, payload: Buffer.alloc(100_000, 7) });
      const stored = await fetch(`${nodes[0]!.api}/api/v1/files/new.bin?type=firmware&version=${version}`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${TOKEN}` },
        body: new Uint8Array(image),
      });
      assert.ok(stored.ok);
      const come = async (): Promise<boolean> =>
        (await api<{ items: unknown[] }>('GET', '/devices?filter=state%20%3D%20%22enrolled%22%20and%20online')).items
          .length === 2;
      await eventually('they have come', come, 30_000);
      const plan = { id: 'r', filter: 'online', firmware: 'new.bin', waves: [1, 1], success: { soak: 1 } };
      await api('POST', '/rollouts', plan);
      // By the minute alone it would take three of them.
      const done = async (): Promise<boolean> => (await api<{ state: string }>('GET', '/rollouts/r')).state === 'done';
      await eventually('both waves are done', done, 60_000);
    });
  });
});

describe('a server whose workers cannot serve', () => {
  it('does not start and says why', async () => {
    const first = program('acs/main.ts', ['--workers', '1', '--wire', '/tmp/none']);
    const { code, err } = await first.ended;
    assert.equal(code, 2);
    assert.match(err, /--wire: not possible with --workers/);
  });
});
