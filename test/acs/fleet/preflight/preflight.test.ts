// The links of gateways in the TLS preflight, by its API: kept, lost or unknown by a change, with the reason.
import assert from 'node:assert/strict';
import type { StoredFile } from '../../../../acs/fleet/files/stored-file.ts';
import { unchangedDevice } from '../../../../acs/fleet/preflight/run.ts';
import { readCertificates } from '../../../../shared/pki/certificates.ts';
import type { ServerFacts } from '../../../../shared/tls/offer.ts';
import {
  ACS,
  acsLink,
  cwmp,
  DGW,
  FLOOR,
  HOUR,
  LEVEL,
  type Link,
  linkOf,
  PreflightAcs,
  SUITES,
  verdictText,
} from '../../../support/acs/preflight.ts';
import { informOf, newYear } from '../../../support/devices.ts';

describe('TLS preflight', () => {
  const tls = new PreflightAcs();
  const { servers } = tls;
  before(() => servers.prepare());
  beforeEach(() => tls.open());
  afterEach(() => tls.close());

  it('loses the ACS by HostName on a gateway without a CA, and keeps it on one with the CA', async () => {
    const bare = await tls.enrol('000001', cwmp('NoValidation'));
    const good = await tls.enrol('000002', cwmp('NoValidation'));
    await tls.declareCa(`id = "${good}"`);
    const run = await tls.hardening({ [LEVEL]: 'HostName' });
    assert.deepEqual(
      [verdictText(acsLink(run, bare).before), verdictText(acsLink(run, bare).after)],
      ['keeps', 'loses no-ca'],
    );
    assert.deepEqual(
      [verdictText(acsLink(run, good).before), verdictText(acsLink(run, good).after)],
      ['keeps', 'keeps'],
    );
    assert.deepEqual(run.preflight.totals.acs, { keeps: 1, loses: 1, unknown: 0, breaks: 1 });
    assert.deepEqual(
      run.preflight.breaks.map(({ device, link, reason }) => [device, link, reason]),
      [[bare, 'acs', 'no-ca']],
    );
  });

  const reasons: [string, () => Promise<Partial<ServerFacts> | undefined>, Record<string, string>, string][] = [
    [
      'another CA',
      async () => await servers.facts('acs.test', {}, servers.otherCa),
      { [LEVEL]: 'HostName' },
      'loses untrusted',
    ],
    ['another name', async () => await servers.facts('else.test'), { [LEVEL]: 'HostName' }, 'loses name-mismatch'],
    [
      'an expired certificate',
      async () => ({
        chains: [
          readCertificates(
            await servers.chainFor('acs.test', servers.ca, {
              notBefore: new Date(newYear - 9 * HOUR),
              notAfter: new Date(newYear),
            }),
          ),
        ],
      }),
      { [LEVEL]: 'HostName' },
      'loses expired',
    ],
    [
      'no suite in common',
      async () => ({ suites: ['TLS_RSA_WITH_AES_128_CBC_SHA'] }),
      { [SUITES]: 'CS3' },
      'loses no-common-suite',
    ],
    ['a floor above the server', async () => ({ versions: ['TLSv1'] }), { [FLOOR]: 'TLSv1_2' }, 'loses below-floor'],
    ['a server that is not known', async () => undefined, { [SUITES]: 'CS3' }, 'unknown server-unknown'],
  ];
  for (const [what, make, set, wanted] of reasons)
    it(`finds ${wanted} with ${what}`, async () => {
      const made = await make();
      if (made) servers.reachable.set(ACS, { ...(await servers.facts('acs.test')), ...made });
      else servers.reachable.clear();
      await tls.declareCa();
      const id = await tls.enrol('000001', cwmp('NoValidation'));
      assert.equal(verdictText(acsLink(await tls.hardening(set), id).after), wanted);
    });

  it('loses the ACS on a gateway that validates before its clock is set', async () => {
    await tls.declareCa();
    const id = await tls.enrol('000001', {
      ...cwmp('NoValidation'),
      'Device.Time.CurrentLocalTime': '0001-01-01T00:00:00Z',
    });
    const { before, after } = acsLink(await tls.hardening({ [LEVEL]: 'HostName' }), id);
    assert.deepEqual([verdictText(before), verdictText(after)], ['keeps', 'loses clock-not-set']);
  });

  it('knows every verdict when all facts are known, for every level, suite list and floor', async () => {
    await tls.declareCa();
    await tls.enrol('000001', cwmp());
    for (const level of ['NoValidation', 'HostName'])
      for (const suites of ['CS1', 'CS2', 'CS3'])
        for (const floor of ['SSLv3', 'TLSv1', 'TLSv1_1', 'TLSv1_2']) {
          const run = await tls.hardening({ [LEVEL]: level, [SUITES]: suites, [FLOOR]: floor });
          if (run.matched > 0) assert.equal(run.preflight.totals.acs?.unknown, 0, `${level} ${suites} ${floor}`);
        }
  });

  it('counts a CA that the change itself delivers, and one that was taken before', async () => {
    await tls.api.call('PUT', '/files/ca.pem?type=certificate', { body: Buffer.from(servers.ca.cert) });
    const id = await tls.enrol('000001', cwmp('NoValidation'));
    assert.equal(
      verdictText(acsLink(await tls.hardening({ [LEVEL]: 'HostName' }, { certificates: ['ca.pem'] }), id).after),
      'keeps',
    );
    await tls.take('000001', 'ca.pem');
    assert.equal(verdictText(acsLink(await tls.hardening({ [LEVEL]: 'HostName' }), id).after), 'keeps');
  });

  it('takes sessions as proof of what a gateway accepts at the same level when CAs are unknown', async () => {
    const silent = await tls.enrol('000001');
    const validating = await tls.enrol('000002', cwmp('HostName'));
    const suites = await tls.hardening({ [SUITES]: 'CS3' });
    assert.equal(verdictText(acsLink(suites, silent).after), 'keeps', 'the level stays as it is, whatever it is');
    assert.equal(verdictText(acsLink(suites, validating).after), 'keeps');
    assert.deepEqual(
      acsLink(suites, silent).assumed,
      [LEVEL, FLOOR].map(path => path.slice(DGW.length)),
    );
    const level = await tls.hardening({ [LEVEL]: 'HostName', [SUITES]: 'CS3' });
    assert.equal(verdictText(acsLink(level, silent).after), 'loses no-ca', 'it is not known to validate now');
    assert.equal(verdictText(acsLink(level, validating).after), 'keeps', 'it validates now');
  });

  describe('gateway without declared CAs', () => {
    const FIRMWARE = `${DGW}Fpu.MfpTransferCertificateValidation`;
    const files = (verdict: string) => ({ firmware: verdict, scripts: verdict, certificates: verdict });

    it('has unknown file links now, and loses them by a higher level', async () => {
      const silent = await tls.enrol('000001', cwmp('NoValidation'));
      const known = await tls.enrol('000002', { ...cwmp('NoValidation'), [FIRMWARE]: 'NoValidation' });
      const same = await tls.enrol('000003', { ...cwmp('NoValidation'), [FIRMWARE]: 'HostName' });
      assert.deepEqual(await tls.links(silent), { acs: 'keeps', ...files('unknown ca-unknown') });
      assert.deepEqual(await tls.links(known), { acs: 'keeps', ...files('unknown ca-unknown'), firmware: 'keeps' });
      const run = await tls.hardening({ [FIRMWARE]: 'HostName', [SUITES]: 'CS3' });
      const firmware = (device: string): string[] => {
        const { before, after } = linkOf(run, device, 'firmware');
        return [verdictText(before), verdictText(after)];
      };
      assert.deepEqual(firmware(silent), ['unknown ca-unknown', 'loses no-ca'], 'the level may be lower today');
      assert.deepEqual(firmware(known), ['keeps', 'loses no-ca']);
      assert.deepEqual(firmware(same), ['unknown ca-unknown', 'unknown ca-unknown']);
      assert.equal(verdictText(linkOf(run, known, 'scripts').after), 'unknown ca-unknown');
      await tls.declareCa();
      assert.deepEqual(await tls.links(silent), { acs: 'keeps', ...files('keeps') });
    });

    it('keeps its file links when a session at a validating level proves the chain', async () => {
      assert.deepEqual(await tls.links(await tls.enrol('000001', cwmp('HostName'))), {
        acs: 'keeps',
        ...files('keeps'),
      });
    });

    it('has an unknown file link where an OCSP responder must vouch for the server', async () => {
      const trust = `${DGW}Fpu.MfpTransferCertificateTrustLevel`;
      const id = await tls.enrol('000001', { ...cwmp('HostName'), [trust]: 'OcspMandatory' });
      const optional = await tls.enrol('000002', { ...cwmp('HostName'), [trust]: 'OcspOptional' });
      const mandatory = { acs: 'keeps', ...files('keeps'), firmware: 'unknown revocation-unknown' };
      assert.deepEqual(await tls.links(id), mandatory);
      assert.deepEqual(await tls.links(optional), { acs: 'keeps', ...files('keeps') });
    });

    it('has no proof from a wanted level that it has not taken yet', async () => {
      const id = await tls.enrol('000001', cwmp('NoValidation'));
      await tls.api.call('PUT', '/presets/hardening?force=true', { body: { set: { [LEVEL]: 'HostName' } } });
      assert.deepEqual(await tls.links(id), { acs: 'loses no-ca', ...files('unknown ca-unknown') });
    });

    it('has no proof from past sessions when it does not inform any more', async () => {
      const { store, clock } = tls.api.acs;
      const id = await tls.enrol('000001', cwmp('HostName'));
      await store.apply(id, 'intervalLearned', { informInterval: 60 });
      await clock.advance(HOUR);
      await store.apply(id, 'missed', { now: clock.now() });
      assert.deepEqual(await tls.links(id), { acs: 'unknown ca-unknown', ...files('unknown ca-unknown') });
      await store.apply(id, 'informed', informOf('000001', clock.now(), ['2 PERIODIC']));
      assert.deepEqual(await tls.links(id), { acs: 'keeps', ...files('keeps') });
    });

    it('has no proof from a session before the certificate of a TLS proxy was in use', async () => {
      const { clock } = tls.api.acs;
      servers.reachable.set('127.0.0.1:7547', await servers.facts('acs.test'));
      const before = await tls.enrol('000002', cwmp('HostName'));
      await clock.advance(HOUR);
      const chain = await servers.chainFor('acs.test', servers.ca, { notBefore: new Date(clock.now()) });
      servers.reachable.set(ACS, { ...(await servers.facts('acs.test')), chains: [readCertificates(chain)] });
      await clock.advance(HOUR);
      const since = await tls.enrol('000001', cwmp('HostName'));
      const run = await tls.hardening({ [SUITES]: 'CS3' });
      assert.deepEqual(
        [since, before].map(device => verdictText(acsLink(run, device).after)),
        ['keeps', 'unknown ca-unknown'],
      );
    });

    it('loses what it would lose with any CA', async () => {
      servers.reachable.set(ACS, await servers.facts('else.test'));
      const id = await tls.enrol('000001', cwmp('NoValidation'));
      assert.deepEqual(await tls.links(id), { acs: 'keeps', ...files('loses name-mismatch') });
    });
  });

  it('counts the values that a script sets', async () => {
    await tls.declareCa();
    const script = 'Cwmp.TransportHttpsCipherSuite = "CS3"\nSipEp.DefaultStaticRegistrarServerHost=sip.test:5061\n';
    const enable = 'SipEp.TransportConfig[GatewayName=default].TlsEnable = "Enable"\n';
    await tls.api.call('PUT', '/files/site.cfg?type=script', { body: Buffer.from(script + enable) });
    servers.reachable.set(ACS, await servers.facts('acs.test', { suites: ['TLS_RSA_WITH_AES_128_CBC_SHA'] }));
    servers.reachable.set('sip.test:5061', await servers.facts('sip.test'));
    const id = await tls.enrol('000001', cwmp());
    const run = await tls.hardening({}, { script: 'site.cfg' });
    assert.equal(verdictText(acsLink(run, id).after), 'loses no-common-suite');
    const sip = run.devices[0]!.links.find(({ link }) => link === 'sip')!;
    assert.deepEqual([sip.server, verdictText(sip.before), verdictText(sip.after)], ['sip.test:5061', 'none', 'keeps']);
  });

  it('keeps what a run has read while other runs read and forget', async () => {
    const { fleet } = tls.api.acs;
    await tls.declareCa();
    const id = await tls.enrol('000001', cwmp());
    const [row, wanted] = [await fleet.devices.row(id), await fleet.wantedStates.of(await fleet.devices.row(id))];
    const scripts = await Promise.all(
      Array.from({ length: 220 }, (_, at) => {
        const host = `SipEp.DefaultStaticRegistrarServerHost=sip${at}.test:5061\n`;
        const enable = 'SipEp.TransportConfig[GatewayName=default].TlsEnable = "Enable"\n';
        return fleet.files.put(`${at}.cfg`, Buffer.from(host + enable), { type: 'script' });
      }),
    );
    const withScript = (file: StoredFile) => unchangedDevice(row, { ...wanted, files: [{ kind: 'script', file }] });
    const look = async (some: StoredFile[]): Promise<Link[][]> =>
      (await (await fleet.preflight.begin(0)).check(some.map(withScript))) as Link[][];
    let isOver = false;
    const others = async (): Promise<void> => {
      while (!isOver) {
        await look(scripts.slice(0, 1));
        await new Promise(resolve => setImmediate(resolve));
      }
    };
    const beside = others();
    const links = await look(scripts);
    isOver = true;
    await beside;
    assert.deepEqual(
      links.map(found => found.find(({ link }) => link === 'sip')?.server),
      scripts.map((_, at) => `sip${at}.test:5061`),
    );
  });

  it('probes a bounded number of servers in one run, and leaves the others unknown', async () => {
    await tls.declareCa();
    for (let n = 0; n < 260; n++)
      await tls.enrol(String(n).padStart(6, '0'), { ...cwmp(), [`${DGW}SipEp.TransportConfig.1.TlsEnable`]: 'Enable' });
    const run = await tls.hardening({
      [`${DGW}SipEp.DefaultStaticRegistrarServerHost`]: 'sip{{serialNumber}}.test:5061',
    });
    assert.equal(run.preflight.totals.sip?.unknown, 260);
    assert.ok(servers.probed.length <= 252, String(servers.probed.length));
  });

  it('counts gateways of two kinds right among many', async () => {
    await tls.declareCa('serial < "000100"');
    for (let n = 0; n < 200; n++) await tls.enrol(String(n).padStart(6, '0'), cwmp('NoValidation'));
    const run = await tls.hardening({ [LEVEL]: 'HostName' });
    assert.deepEqual(run.preflight.totals.acs, { keeps: 100, loses: 100, unknown: 0, breaks: 100 });
    assert.equal(run.devices.length, 50);
    assert.equal(run.preflight.breaks.length, 50);
    assert.equal(servers.probed.filter(name => name === ACS).length, 1);
  });
});
