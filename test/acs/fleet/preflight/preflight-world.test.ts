// The preflight of a running ACS against two gateways: first what it foresees, then the same settings applied.
import assert from 'node:assert/strict';
import type { SessionReport } from '../../../../cpe/agent/session/session.ts';
import type { Gateway } from '../../../../cpe/gateway.ts';
import { eventually } from '../../../support/eventually.ts';
import { openWorld, type World } from '../../../support/worlds/world.ts';

const DGW = 'Device.X_0090F8_Cwmp.';
const ids = { trusting: '0090F8-4102S-0090F8000001', blind: '0090F8-4102S-0090F8000002' };

describe('TLS preflight on the wire', () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  const call = async (method: string, path: string, body?: unknown): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${world.acs.api}/api/v1${path}`, {
      method,
      headers: { authorization: 'Bearer test-token', ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return (await answer.json()) as Record<string, unknown>;
  };
  const next = (gateway: Gateway): Promise<SessionReport> =>
    new Promise(resolve => {
      const end = gateway.agent?.sessions.onEnd(report => {
        end?.();
        resolve(report);
      });
      gateway.agent?.inform();
    });
  /** Of the ACS link, by device. */
  const foreseen = async (set: Record<string, string>): Promise<Record<string, string>> => {
    const run = (await call('POST', '/presets/hardening/dry-run', { set })) as {
      devices: {
        device: string;
        links: { link: string; after: { verdict: string; reason?: string; suite?: string } }[];
      }[];
    };
    return Object.fromEntries(
      run.devices.map(({ device, links }) => {
        const { verdict, reason, suite } = links.find(({ link }) => link === 'acs')!.after;
        return [device, `${verdict} ${reason ?? suite}`];
      }),
    );
  };
  const met = async (gateway: Gateway): Promise<string> => {
    const { ok, tls } = await next(gateway);
    return ok ? `keeps ${tls?.cipher}` : 'loses';
  };

  it('foresees what gateways then do', async function () {
    this.timeout(60_000);
    const level = 'Cwmp.TransportCertificateValidation';
    const trusting = await world.gateway({ serial: '0090F8000001' });
    const blind = await world.gateway({ serial: '0090F8000002', trust: false, settings: { [level]: 'NoValidation' } });
    for (const gateway of [trusting, blind]) await gateway.boot();
    for (const id of Object.values(ids)) {
      await eventually('enrolled', async () => (await call('GET', `/devices/${id}`)).state === 'enrolled');
      const read = { method: 'GetParameterValues', args: { ParameterNames: [DGW] } };
      const task = await call('POST', `/devices/${id}/tasks?wait=15`, read);
      assert.equal(task.state, 'done', JSON.stringify(task));
    }
    await call('PUT', '/trust/profile', { when: `id = "${ids.trusting}"`, certificates: world.ca.cert });

    const apply = async (set: Record<string, string>): Promise<void> => {
      await call('PUT', '/presets/hardening?force=true', { set });
      for (const [gateway, id] of [
        [trusting, ids.trusting],
        [blind, ids.blind],
      ] as const)
        await eventually('applied', async () => {
          await next(gateway);
          const row = await world.acs.fleet.devices.row(id);
          return row.parameterKey === (await world.acs.fleet.wantedStates.of(row)).revision;
        });
    };
    const suites = { [`${DGW}TransportHttpsCipherSuite`]: 'CS3', [`${DGW}TransportHttpsTlsVersion`]: 'TLSv1_2' };
    const strict = { ...suites, [`${DGW}TransportCertificateValidation`]: 'HostName' };

    const bySuites = await foreseen(suites);
    await apply(suites);
    assert.deepEqual(bySuites, { [ids.trusting]: await met(trusting), [ids.blind]: await met(blind) });

    const byLevel = await foreseen(strict);
    assert.equal(byLevel[ids.blind], 'loses no-ca');
    const refused = await call('PUT', '/presets/hardening', { set: strict });
    assert.deepEqual([refused.status, refused.code, refused.count], [409, 'would-lose-acs', 1]);
    await call('PUT', '/presets/hardening?force=true', { set: strict });
    await next(trusting);
    await next(blind);
    assert.equal(byLevel[ids.trusting], await met(trusting));
    const lost = await next(blind);
    assert.deepEqual([lost.ok, lost.error?.kind], [false, 'tls']);
  });
});
