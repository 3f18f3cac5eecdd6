// The guard, by the API: changes by which gateways would lose the ACS are refused unless they are forced.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { DeviceRow } from '../../../../acs/device/row.ts';
import type { Wanted } from '../../../../acs/fleet/presets/desired.ts';
import type { Preset } from '../../../../acs/fleet/presets/preset.ts';
import { createCa } from '../../../../shared/pki/authority.ts';
import {
  cwmp,
  DGW,
  environment,
  FLOOR,
  LEVEL,
  PreflightAcs,
  type Run,
  SUITES,
} from '../../../support/acs/preflight.ts';
import { informOf } from '../../../support/devices.ts';

/** The known values of the nth of many kinds of gateways, and what it has of its own. */
const knownOf = (number: number): Record<string, string> =>
  number % 5 ? cwmp(number % 3 ? 'NoValidation' : 'HostName', number % 4 ? 'CS1' : 'CS2') : {};
const ownOf = (number: number): Pick<DeviceRow, 'tags' | 'site' | 'overrides'> => ({
  tags: number % 2 ? [] : ['told'],
  site: number % 3 ? {} : { level: 'HostName' },
  overrides: number % 7 ? {} : { [LEVEL]: { value: 'NoValidation' } },
});

describe('guard of the ACS link', () => {
  const tls = new PreflightAcs();
  const { servers } = tls;
  before(() => servers.prepare());
  beforeEach(() => tls.open());
  afterEach(() => tls.close());

  const preset = { set: { [LEVEL]: 'HostName' } };

  it('refuses a preset by which a gateway loses the ACS, and saves it when forced', async () => {
    const id = await tls.enrol('000001', cwmp('NoValidation'));
    const problem = await tls.api.refused(409, 'would-lose-acs', 'PUT', '/presets/hardening', { body: preset });
    assert.match(String(problem.detail), new RegExp(`${id} would lose the ACS: no CA certificate is installed.*no-ca`));
    assert.equal((problem as { count?: number }).count, 1);
    assert.equal((await tls.api.call('GET', '/presets/hardening')).status, 404, 'nothing was saved');
    assert.equal((await tls.api.call('PUT', '/presets/hardening?force=true', { body: preset })).status, 201);
  });

  const enrolMany = async (): Promise<void> => {
    for (let number = 0; number < 24; number++) {
      const serial = String(number).padStart(6, '0');
      const id = await tls.enrol(serial, knownOf(number));
      await tls.api.acs.store.apply(id, 'patched', { patch: ownOf(number) });
      if (number % 6 === 0) await tls.take(serial, 'ca.pem');
    }
  };
  const anyPreset = fc.record(
    {
      when: fc.constantFrom('tag = "told"', 'serial like "%3"', 'site.level = "HostName"'),
      weight: fc.nat(2),
      set: fc.record(
        {
          [LEVEL]: fc.constantFrom('NoValidation', 'HostName', '{{site.level}}', '{{site.level|NoValidation}}'),
          [SUITES]: fc.constantFrom('CS1', 'CS3'),
          [FLOOR]: fc.constantFrom('TLSv1', 'TLSv1_2'),
          [`${DGW}SipEp.TransportTlsCipherSuite`]: fc.constantFrom('CS1', 'CS3'),
          [`${DGW}Cwmp.Username`]: fc.constantFrom('x', '{{serialNumber}}', '{{site.level}}'),
        },
        { requiredKeys: [] },
      ),
      certificates: fc.subarray(['ca.pem', 'other.pem']),
    },
    { requiredKeys: ['set'] },
  ) as fc.Arbitrary<Preset>;
  /** Each gateway looked at by itself, in all of its links. */
  const breaksOf = async (rows: readonly DeviceRow[], before: Wanted[], after: Wanted[]): Promise<object[]> => {
    const run = await tls.api.acs.fleet.preflight.begin(1000);
    for (const [at, row] of rows.entries()) {
      const [was, is] = [before[at]!, after[at]!];
      if (was.revision === is.revision || row.parameterKey === is.revision) continue;
      await run.check([{ row, holds: row.parameterKey === was.revision, before: was, after: is }]);
    }
    return run.report.breaks.filter(({ link }) => link === 'acs');
  };

  it('finds the same gateways as a check of each gateway alone, for any presets (property)', async function () {
    this.timeout(60_000);
    const { store, clock, fleet } = tls.api.acs;
    await tls.api.call('PUT', '/files/ca.pem?type=certificate', { body: Buffer.from(servers.ca.cert) });
    await tls.api.call('PUT', '/files/other.pem?type=certificate', { body: Buffer.from(servers.otherCa.cert) });
    await tls.declareCa('tag = "told"');
    await enrolMany();
    const rows = (await store.devices({ limit: 100, now: clock.now() })).items;
    const wanted = (): Promise<Wanted[]> => Promise.all(rows.map(row => fleet.wantedStates.of(row)));
    let found = 0;
    await fc.assert(
      fc.asyncProperty(anyPreset, anyPreset, async (other, asked) => {
        await fleet.presets.put('other', other);
        const without = await wanted();
        const written = await fleet.dryRuns.losses('asked', asked, 1000);
        await fleet.presets.put('asked', asked);
        const besides = await wanted();
        const deleted = await fleet.dryRuns.lossesWithout('asked', 1000);
        await fleet.presets.remove('asked');
        assert.deepEqual(written.breaks, await breaksOf(rows, without, besides));
        assert.deepEqual(deleted.breaks, await breaksOf(rows, besides, without));
        assert.equal(written.totals.acs?.breaks ?? 0, written.breaks.length);
        found += written.breaks.length + deleted.breaks.length;
      }),
      { numRuns: 40 },
    );
    assert.ok(found > 0, 'some would lose it');
  });

  it('saves a preset by which no gateway loses the ACS', async () => {
    await tls.declareCa();
    await tls.enrol('000001', cwmp('NoValidation'));
    assert.equal((await tls.api.call('PUT', '/presets/hardening', { body: preset })).status, 201);
    servers.probed.length = 0;
    const plain = { set: { 'Device.ManagementServer.PeriodicInformInterval': '60' } };
    assert.equal((await tls.api.call('PUT', '/presets/plain', { body: plain })).status, 201);
    assert.deepEqual(servers.probed, [], 'no server is probed for it');
  });

  it('saves a preset when a gateway has lost the ACS already', async () => {
    await tls.declareCa(undefined, servers.otherCa);
    await tls.enrol('000001', cwmp('HostName'));
    assert.equal((await tls.api.call('PUT', '/presets/suites', { body: { set: { [SUITES]: 'CS3' } } })).status, 201);
  });

  it('refuses overrides and tags by which a device loses the ACS', async () => {
    const id = await tls.enrol('000001', cwmp('NoValidation'));
    const path = `/devices/${encodeURIComponent(id)}`;
    const overrides = { [LEVEL]: 'HostName' };
    await tls.api.refused(409, 'would-lose-acs', 'PATCH', path, { body: { overrides } });
    const later = { value: 'HostName', notBefore: new Date(tls.api.acs.clock.now() + 3_600_000).toISOString() };
    await tls.api.refused(409, 'would-lose-acs', 'PATCH', path, { body: { overrides: { [LEVEL]: later } } });
    await tls.api.refused(400, 'bad-value', 'PATCH', path, { body: { overrides: { [LEVEL]: 'Everybody' } } });
    assert.equal((await tls.api.call('PATCH', `${path}?force=true`, { body: { overrides } })).status, 200);
    assert.equal((await tls.api.call('PATCH', path, { body: { overrides: { [LEVEL]: null } } })).status, 200);
    await tls.api.call('PUT', '/presets/pilot', { body: { when: 'tag = "pilot"', ...preset } });
    await tls.api.refused(409, 'would-lose-acs', 'PATCH', path, { body: { tags: ['pilot'] } });
    const many = await tls.api.call('PATCH', '/devices', { body: { items: [{ id, tags: ['pilot'] }] } });
    assert.equal(many.status, 207);
    await tls.declareCa();
    assert.equal((await tls.api.call('PATCH', path, { body: { tags: ['pilot'] } })).status, 200);
  });

  const store = (file: string, type: string, content: string) =>
    tls.api.call('PUT', `/files/${file}?type=${type}`, { body: Buffer.from(content) });
  const script = (level: string): string => `Cwmp.TransportCertificateValidation = "${level}"\n`;

  it('refuses the deletion of a preset when a lighter one would lose the ACS', async () => {
    const id = await tls.enrol('000001', cwmp('NoValidation'));
    await tls.api.call('PUT', '/presets/open', { body: { weight: 10, set: { [LEVEL]: 'NoValidation' } } });
    assert.equal(
      (await tls.api.call('PUT', '/presets/hardening', { body: preset })).status,
      201,
      'it loses to the other',
    );
    const problem = await tls.api.refused(409, 'would-lose-acs', 'DELETE', '/presets/open');
    assert.match(String(problem.detail), new RegExp(`${id} would lose the ACS`));
    assert.equal((await tls.api.call('GET', '/presets/open')).status, 200, 'it is still there');
    await tls.api.refused(404, 'no-such-preset', 'DELETE', '/presets/nothing');
    assert.equal((await tls.api.call('DELETE', '/presets/open?force=true')).status, 204);
    assert.equal((await tls.api.call('DELETE', '/presets/hardening')).status, 204, 'no gateway loses it by that');
  });

  it('allows the deletion of a preset whose values stay set', async () => {
    const id = await tls.enrol('000001');
    await store('open.cfg', 'script', script('NoValidation'));
    await tls.api.call('PUT', '/presets/open', { body: { script: 'open.cfg' } });
    const row = await tls.api.acs.fleet.devices.row(id);
    const { revision } = await tls.api.acs.fleet.wantedStates.of(row);
    const inform = informOf('000001', tls.api.acs.clock.now(), ['2 PERIODIC']);
    inform.report.parameterKey = revision;
    await tls.api.acs.store.apply(id, 'informed', inform);
    assert.equal(
      (await tls.api.call('DELETE', '/presets/open')).status,
      204,
      'the script is taken: the gateway still validates no server',
    );
  });

  it('refuses a script that takes the ACS away, new or replaced', async () => {
    await tls.enrol('000001', cwmp('NoValidation'));
    await store('strict.cfg', 'script', script('HostName'));
    await tls.api.refused(409, 'would-lose-acs', 'PUT', '/presets/site', { body: { script: 'strict.cfg' } });
    await store('site.cfg', 'script', script('NoValidation'));
    assert.equal((await tls.api.call('PUT', '/presets/site', { body: { script: 'site.cfg' } })).status, 201);
    const contents = async () => (await tls.api.acs.store.contents()).map(({ name }) => name);
    const before = await contents();
    const strict = { body: Buffer.from(script('HostName')) };
    await tls.api.refused(409, 'would-lose-acs', 'PUT', '/files/site.cfg?type=script', strict);
    assert.equal((await tls.api.call('GET', '/files/site.cfg')).text, script('NoValidation'));
    assert.deepEqual(await contents(), before, 'nothing was kept of it');
    assert.equal((await store('site.cfg', 'script', `${script('NoValidation')}# again\n`)).status, 200);
    assert.equal((await tls.api.call('PUT', '/files/site.cfg?force=true&type=script', strict)).status, 200);
  });

  it('refuses another CA certificate in place of the one that vouches for the ACS', async () => {
    const third = await createCa({ name: 'Third CA', key: 'ec', ...environment });
    await store('acs-ca.pem', 'certificate', servers.ca.cert);
    await store('sip-ca.pem', 'certificate', servers.otherCa.cert);
    const id = await tls.enrol('000001', cwmp('HostName'));
    await tls.enrol('000002', cwmp('HostName'));
    await tls.api.call('PUT', '/presets/sip', { body: { certificates: ['sip-ca.pem'] } });
    await tls.api.call('PUT', '/presets/acs', { body: { when: `id = "${id}"`, certificates: ['acs-ca.pem'] } });
    for (const serial of ['000001', '000002']) await tls.take(serial, 'sip-ca.pem');
    await tls.take('000001', 'acs-ca.pem');
    const other = { body: Buffer.from(third.cert) };
    const problem = await tls.api.refused(409, 'would-lose-acs', 'PUT', '/files/acs-ca.pem?type=certificate', other);
    assert.match(String(problem.detail), /untrusted/);
    assert.equal((await tls.api.call('GET', '/files/acs-ca.pem')).text, servers.ca.cert);
    assert.equal((await store('sip-ca.pem', 'certificate', third.cert)).status, 200, 'it is not the one of the ACS');
    assert.equal(
      (await store('acs-ca.pem', 'certificate', third.cert + servers.ca.cert)).status,
      200,
      'the old one stays',
    );
  });

  it('foresees the loss of gateways that validate and lack the CA of a new ACS certificate', async () => {
    const [none, old, both] = await Promise.all([
      tls.enrol('000001', cwmp('NoValidation')),
      tls.enrol('000002', cwmp('HostName')),
      tls.enrol('000003', cwmp('HostName')),
    ]);
    await tls.declareCa(`id in ("${old}")`);
    await tls.api.call('PUT', '/trust/both', {
      body: { when: `id = "${both}"`, certificates: servers.ca.cert + servers.otherCa.cert },
    });
    const by = async (certificate: string) =>
      (await tls.api.call('POST', '/preflight/server-certificate', { body: { certificate } }))
        .json as unknown as Run['preflight'];
    const moved = await by(await servers.chainFor('acs.test', servers.otherCa));
    assert.deepEqual(moved.totals.acs, { keeps: 2, loses: 1, unknown: 0, breaks: 1 }, none);
    assert.deepEqual(
      moved.breaks.filter(({ link }) => link === 'acs').map(({ device }) => device),
      [old],
    );
    assert.equal((await by(await servers.chainFor('acs.test'))).totals.acs?.keeps, 3);
    assert.equal((await by(await servers.chainFor('else.test'))).totals.acs?.breaks, 2, 'NoValidation takes any name');
    await tls.api.refused(400, 'bad-certificate', 'POST', '/preflight/server-certificate', {
      body: { certificate: 'x' },
    });
  });

  it('knows the verdict on a validating gateway for a new certificate of the same CA', async () => {
    await tls.enrol('000001', cwmp('HostName'));
    const by = async (certificate: string) =>
      (await tls.api.call('POST', '/preflight/server-certificate', { body: { certificate } }))
        .json as unknown as Run['preflight'];
    assert.equal((await by(await servers.chainFor('acs.test'))).totals.acs?.keeps, 1);
    assert.equal((await by(await servers.chainFor('else.test'))).totals.acs?.loses, 1);
    assert.equal((await by(await servers.chainFor('acs.test', servers.otherCa))).totals.acs?.loses, 1);
  });
});
