// The TLS preflight of the ACS, by its API: which gateway keeps and which loses a link by a change, why, and what is refused.
import assert from 'node:assert/strict';
import type { PreflightPorts } from '../../acs/fleet/ports.ts';
import { seededRandom, VirtualClock } from '../../shared/clock.ts';
import { type Authority, createCa } from '../../shared/pki/authority.ts';
import { readCertificates } from '../../shared/pki/certificates.ts';
import { newKey } from '../../shared/pki/keys.ts';
import type { ServerFacts } from '../../shared/tls/offer.ts';
import { type Json, type TestApi, testApi } from '../support/api.ts';
import { identityOf, idOf, informOf, newYear } from '../support/devices.ts';

const DGW = 'Device.X_0090F8_';
const LEVEL = `${DGW}Cwmp.TransportCertificateValidation`;
const SUITES = `${DGW}Cwmp.TransportHttpsCipherSuite`;
const FLOOR = `${DGW}Cwmp.TransportHttpsTlsVersion`;
const HOUR = 3_600_000;
const gateway = (serial: string): string => idOf(identityOf(serial));

interface Verdict {
  verdict: string;
  reason?: string;
}
interface Link {
  link: string;
  server: string;
  before: Verdict | null;
  after: Verdict | null;
  assumed: string[];
}
interface Run {
  matched: number;
  devices: { device: string; links: Link[] }[];
  preflight: {
    totals: Record<string, Record<string, number>>;
    breaks: { device: string; link: string; reason: string }[];
  };
}

const said = (verdict: Verdict | null | undefined): string =>
  verdict ? [verdict.verdict, ...(verdict.reason ? [verdict.reason] : [])].join(' ') : 'none';

describe('TLS preflight', () => {
  let api: TestApi;
  let ca: Authority;
  let otherCa: Authority;
  let keyPem: string;
  const asked: string[] = [];
  /** Servers that can be asked, by host:port. */
  const reachable = new Map<string, ServerFacts>();
  const environment = { clock: new VirtualClock(newYear), random: seededRandom(5) };

  const chainFor = async (name: string, by: Authority = ca, more: object = {}): Promise<string> =>
    (await by.issue({ commonName: name, dns: [name], usage: ['server'], keyPem, ...more })).chain;
  const facts = async (name: string, more: Partial<ServerFacts> = {}, by?: Authority): Promise<ServerFacts> => ({
    versions: ['TLSv1', 'TLSv1_1', 'TLSv1_2'],
    suites: ['TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'TLS_RSA_WITH_AES_128_CBC_SHA'],
    chains: [readCertificates(await chainFor(name, by))],
    ...more,
  });
  const ports: PreflightPorts = {
    probeTls: async (host, port) => {
      asked.push(`${host}:${port}`);
      const found = reachable.get(`${host}:${port}`);
      if (!found) throw new Error('nobody is there');
      return found;
    },
    mayAsk: (address, host) => address === host,
    own: () => ({ url: 'https://acs.test:7547', listener: { host: '127.0.0.1', port: 7547 } }),
  };

  before(async () => {
    ca = await createCa({ name: 'Operator CA', key: 'rsa', ...environment });
    otherCa = await createCa({ name: 'Other CA', key: 'rsa', ...environment });
    keyPem = await newKey('rsa');
  });
  beforeEach(async () => {
    asked.length = 0;
    reachable.clear();
    reachable.set('acs.test:7547', await facts('acs.test'));
    api = await testApi({ preflight: ports });
    await api.acs.clock.advance(HOUR);
  });
  afterEach(() => api.close());

  /** An enrolled gateway with what is known of it. */
  const enrol = async (serial: string, known: Record<string, string> = {}): Promise<string> => {
    const { store, clock } = api.acs;
    const id = gateway(serial);
    await store.apply(id, 'informed', informOf(serial, clock.now(), ['1 BOOT']));
    const time = clock.now();
    await store.putParameters(
      id,
      Object.entries(known).map(([path, value]) => ({ path, value, type: 'xsd:string', time })),
    );
    return id;
  };
  /** The settings of Cwmp, all known. */
  const cwmp = (level = 'HostName', suites = 'CS1', floor = 'TLSv1') => ({
    [LEVEL]: level,
    [SUITES]: suites,
    [FLOOR]: floor,
  });
  const trust = (when?: string, by: Authority = ca) =>
    api.call('PUT', `/trust/profile`, { body: { certificates: by.cert, ...(when ? { when } : {}) } });
  const dryRun = async (set: Record<string, string>, more: object = {}): Promise<Run> =>
    (await api.call('POST', '/presets/hardening/dry-run', { body: { set, ...more } })).json as unknown as Run;
  const acsOf = (run: Run, device: string): Link =>
    run.devices.find(entry => entry.device === device)!.links.find(({ link }) => link === 'acs')!;

  it('a gateway that validates nobody and has no CA loses the ACS by HostName; one with the CA keeps it', async () => {
    const bare = await enrol('000001', cwmp('NoValidation'));
    const good = await enrol('000002', cwmp('NoValidation'));
    await trust(`id = "${good}"`);
    const run = await dryRun({ [LEVEL]: 'HostName' });
    assert.deepEqual([said(acsOf(run, bare).before), said(acsOf(run, bare).after)], ['keeps', 'loses no-ca']);
    assert.deepEqual([said(acsOf(run, good).before), said(acsOf(run, good).after)], ['keeps', 'keeps']);
    assert.deepEqual(run.preflight.totals.acs, { keeps: 1, loses: 1, unknown: 0, breaks: 1 });
    assert.deepEqual(
      run.preflight.breaks.map(({ device, link, reason }) => [device, link, reason]),
      [[bare, 'acs', 'no-ca']],
    );
  });

  const reasons: [string, () => Promise<Partial<ServerFacts> | undefined>, Record<string, string>, string][] = [
    ['another CA', async () => await facts('acs.test', {}, otherCa), { [LEVEL]: 'HostName' }, 'loses untrusted'],
    ['another name', async () => await facts('else.test'), { [LEVEL]: 'HostName' }, 'loses name-mismatch'],
    [
      'an expired certificate',
      async () => ({
        chains: [
          readCertificates(
            await chainFor('acs.test', ca, { notBefore: new Date(newYear - 9 * HOUR), notAfter: new Date(newYear) }),
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
    it(`${what}: ${wanted}`, async () => {
      const made = await make();
      if (made) reachable.set('acs.test:7547', { ...(await facts('acs.test')), ...made });
      else reachable.clear();
      await trust();
      const id = await enrol('000001', cwmp('NoValidation'));
      assert.equal(said(acsOf(await dryRun(set), id).after), wanted);
    });

  it('before its clock is set a gateway that validates loses the ACS', async () => {
    await trust();
    const id = await enrol('000001', {
      ...cwmp('NoValidation'),
      'Device.Time.CurrentLocalTime': '0001-01-01T00:00:00Z',
    });
    const { before, after } = acsOf(await dryRun({ [LEVEL]: 'HostName' }), id);
    assert.deepEqual([said(before), said(after)], ['keeps', 'loses clock-not-set']);
  });

  it('with all facts known nothing is unknown, for every level, suite list and floor', async () => {
    await trust();
    await enrol('000001', cwmp());
    for (const level of ['NoValidation', 'HostName'])
      for (const suites of ['CS1', 'CS2', 'CS3'])
        for (const floor of ['SSLv3', 'TLSv1', 'TLSv1_1', 'TLSv1_2']) {
          const run = await dryRun({ [LEVEL]: level, [SUITES]: suites, [FLOOR]: floor });
          if (run.matched > 0) assert.equal(run.preflight.totals.acs?.unknown, 0, `${level} ${suites} ${floor}`);
        }
  });

  it('a CA that the change itself delivers counts, as does one that was taken before', async () => {
    await api.call('PUT', '/files/ca.pem?type=certificate', { body: Buffer.from(ca.cert) });
    const id = await enrol('000001', cwmp('NoValidation'));
    assert.equal(said(acsOf(await dryRun({ [LEVEL]: 'HostName' }, { certificates: ['ca.pem'] }), id).after), 'keeps');
    const { sha256 } = (await api.call('GET', '/files')).json.items[0] as Json;
    const { store, clock } = api.acs;
    const task = {
      id: 't1',
      device: id,
      method: 'Download',
      args: { CommandKey: 'k' },
      state: 'queued',
      origin: 'operator',
    };
    const download = { ...task, file: 'ca.pem', fileHash: String(sha256), created: clock.now() } as const;
    await store.apply(id, 'taskAdded', { task: download as never });
    const claimed = await store.apply(id, 'informed', informOf('000001', clock.now(), ['2 PERIODIC']));
    const token = 'token' in claimed ? claimed.token : 0;
    await store.apply(id, 'taskSent', { token, id: 't1', now: clock.now() });
    await store.apply(id, 'taskSettled', { token, id: 't1', outcome: { state: 'done' }, now: clock.now() });
    assert.equal(said(acsOf(await dryRun({ [LEVEL]: 'HostName' }), id).after), 'keeps');
  });

  it('what nobody told is read from its sessions: what it accepts today it accepts at the same level', async () => {
    const silent = await enrol('000001');
    const validating = await enrol('000002', cwmp('HostName'));
    const suites = await dryRun({ [SUITES]: 'CS3' });
    assert.equal(said(acsOf(suites, silent).after), 'keeps', 'the level stays as it is, whatever it is');
    assert.equal(said(acsOf(suites, validating).after), 'keeps');
    assert.deepEqual(
      acsOf(suites, silent).assumed,
      [LEVEL, FLOOR].map(path => path.slice(DGW.length)),
    );
    const level = await dryRun({ [LEVEL]: 'HostName', [SUITES]: 'CS3' });
    assert.equal(said(acsOf(level, silent).after), 'loses no-ca', 'whether it validates today nobody knows');
    assert.equal(said(acsOf(level, validating).after), 'keeps', 'it validates today');
  });

  it('a script counts as what it sets', async () => {
    await trust();
    const script = 'Cwmp.TransportHttpsCipherSuite = "CS3"\nSipEp.DefaultStaticRegistrarServerHost=sip.test:5061\n';
    const tls = 'SipEp.TransportConfig[GatewayName=default].TlsEnable = "Enable"\n';
    await api.call('PUT', '/files/site.cfg?type=script', { body: Buffer.from(script + tls) });
    reachable.set('acs.test:7547', await facts('acs.test', { suites: ['TLS_RSA_WITH_AES_128_CBC_SHA'] }));
    reachable.set('sip.test:5061', await facts('sip.test'));
    const id = await enrol('000001', cwmp());
    const run = await dryRun({}, { script: 'site.cfg' });
    assert.equal(said(acsOf(run, id).after), 'loses no-common-suite');
    const sip = run.devices[0]!.links.find(({ link }) => link === 'sip')!;
    assert.deepEqual([sip.server, said(sip.before), said(sip.after)], ['sip.test:5061', 'none', 'keeps']);
  });

  describe('what would take the ACS away', () => {
    const preset = { set: { [LEVEL]: 'HostName' } };

    it('a preset is refused, with who and why, and saved when it is forced', async () => {
      const id = await enrol('000001', cwmp('NoValidation'));
      const problem = await api.refused(409, 'would-lose-acs', 'PUT', '/presets/hardening', { body: preset });
      assert.match(
        String(problem.detail),
        new RegExp(`${id} would lose the ACS: no CA certificate is installed.*no-ca`),
      );
      assert.equal((problem as { count?: number }).count, 1);
      assert.equal((await api.call('GET', '/presets/hardening')).status, 404, 'nothing was saved');
      assert.equal((await api.call('PUT', '/presets/hardening?force=true', { body: preset })).status, 201);
    });

    it('a preset that loses nobody is saved, as is one that has nothing to do with TLS', async () => {
      await trust();
      await enrol('000001', cwmp('NoValidation'));
      assert.equal((await api.call('PUT', '/presets/hardening', { body: preset })).status, 201);
      asked.length = 0;
      const plain = { set: { 'Device.ManagementServer.PeriodicInformInterval': '60' } };
      assert.equal((await api.call('PUT', '/presets/plain', { body: plain })).status, 201);
      assert.deepEqual(asked, [], 'nobody is asked for it');
    });

    it('a gateway that loses it already does not stand in the way', async () => {
      await trust(undefined, otherCa);
      await enrol('000001', cwmp('HostName'));
      assert.equal((await api.call('PUT', '/presets/suites', { body: { set: { [SUITES]: 'CS3' } } })).status, 201);
    });

    it("a device's overrides and tags, too", async () => {
      const id = await enrol('000001', cwmp('NoValidation'));
      const path = `/devices/${encodeURIComponent(id)}`;
      const overrides = { [LEVEL]: 'HostName' };
      await api.refused(409, 'would-lose-acs', 'PATCH', path, { body: { overrides } });
      await api.refused(400, 'bad-value', 'PATCH', path, { body: { overrides: { [LEVEL]: 'Everybody' } } });
      assert.equal((await api.call('PATCH', `${path}?force=true`, { body: { overrides } })).status, 200);
      assert.equal((await api.call('PATCH', path, { body: { overrides: { [LEVEL]: null } } })).status, 200);
      await api.call('PUT', '/presets/pilot', { body: { when: 'tag = "pilot"', ...preset } });
      await api.refused(409, 'would-lose-acs', 'PATCH', path, { body: { tags: ['pilot'] } });
      const many = await api.call('PATCH', '/devices', { body: { items: [{ id, tags: ['pilot'] }] } });
      assert.equal(many.status, 207);
      await trust();
      assert.equal((await api.call('PATCH', path, { body: { tags: ['pilot'] } })).status, 200);
    });

    it("the ACS's own certificate: who validates and lacks the new CA loses it", async () => {
      const [none, old, both] = await Promise.all([
        enrol('000001', cwmp('NoValidation')),
        enrol('000002', cwmp('HostName')),
        enrol('000003', cwmp('HostName')),
      ]);
      await trust(`id in ("${old}")`);
      await api.call('PUT', '/trust/both', { body: { when: `id = "${both}"`, certificates: ca.cert + otherCa.cert } });
      const by = async (certificate: string) =>
        (await api.call('POST', '/preflight/server-certificate', { body: { certificate } }))
          .json as unknown as Run['preflight'];
      const moved = await by(await chainFor('acs.test', otherCa));
      assert.deepEqual(moved.totals.acs, { keeps: 2, loses: 1, unknown: 0, breaks: 1 }, none);
      assert.deepEqual(
        moved.breaks.filter(({ link }) => link === 'acs').map(({ device }) => device),
        [old],
      );
      assert.equal((await by(await chainFor('acs.test'))).totals.acs?.keeps, 3);
      assert.equal((await by(await chainFor('else.test'))).totals.acs?.breaks, 2, 'NoValidation takes any name');
      await api.refused(400, 'bad-certificate', 'POST', '/preflight/server-certificate', {
        body: { certificate: 'x' },
      });
    });

    it('of another certificate of the same CA a validating gateway is sure without being told', async () => {
      await enrol('000001', cwmp('HostName'));
      const by = async (certificate: string) =>
        (await api.call('POST', '/preflight/server-certificate', { body: { certificate } }))
          .json as unknown as Run['preflight'];
      assert.equal((await by(await chainFor('acs.test'))).totals.acs?.keeps, 1);
      assert.equal((await by(await chainFor('else.test'))).totals.acs?.loses, 1);
      assert.equal((await by(await chainFor('acs.test', otherCa))).totals.acs?.loses, 1);
    });
  });

  describe('servers and CAs', () => {
    it('a SIP server that only a device names is not asked; what is told of it counts', async () => {
      await trust();
      const id = await enrol('000001', {
        ...cwmp(),
        [`${DGW}SipEp.TransportConfig.1.TlsEnable`]: 'Enable',
        [`${DGW}SipEp.DefaultStaticRegistrarServerHost`]: 'sip.inside:0',
        [`${DGW}SipEp.InteropTlsCertificateValidation`]: 'HostName',
      });
      const sip = async (): Promise<string> => {
        const { links } = (await api.call('GET', `/devices/${encodeURIComponent(id)}/preflight`)).json as unknown as {
          links: Link[];
        };
        const link = links.find(entry => entry.link === 'sip');
        return `${link?.server} ${said(link?.after)}`;
      };
      assert.equal(await sip(), 'sip.inside:5061 unknown server-unknown');
      assert.ok(!asked.includes('sip.inside:5061'));
      const told = { chains: [await chainFor('sip.inside')], versions: ['TLSv1_2'] };
      const put = await api.call('PUT', '/preflight/servers/sip.inside:5061', { body: told });
      assert.deepEqual([put.status, put.json.source], [200, 'told']);
      assert.equal(await sip(), 'sip.inside:5061 keeps');
      await api.call('PUT', '/preflight/servers/sip.inside:5061', { body: { ...told, versions: ['TLSv1_3'] } });
      assert.equal(await sip(), 'sip.inside:5061 loses version');
      assert.equal((await api.call('DELETE', '/preflight/servers/sip.inside:5061')).status, 204);
      reachable.set('sip.inside:5061', await facts('sip.inside'));
      assert.equal((await api.call('POST', '/preflight/servers/sip.inside:5061/probe')).json.source, 'probed');
      assert.equal(await sip(), 'sip.inside:5061 keeps', 'what an operator had asked is known');
    });

    it('a probe is kept for ten minutes, a failure for half a minute', async () => {
      await enrol('000001', cwmp());
      const asks = async (): Promise<number> => {
        asked.length = 0;
        await dryRun({ [SUITES]: 'CS3' });
        return asked.filter(name => name === 'acs.test:7547').length;
      };
      assert.deepEqual([await asks(), await asks()], [1, 0]);
      await api.acs.clock.advance(600_000);
      reachable.clear();
      assert.deepEqual([await asks(), await asks()], [1, 0]);
      await api.acs.clock.advance(30_000);
      assert.equal(await asks(), 1);
      const listed = (await api.call('GET', '/preflight/servers')).json.items;
      assert.deepEqual(listed.find(({ server }) => server === 'acs.test:7547')?.reason, 'nobody is there');
    });

    it('what cannot be is refused with its place', async () => {
      const chains = [await chainFor('a.test')];
      const put = (name: string, body: object, code: string) =>
        api.refused(400, code, 'PUT', `/preflight/servers/${name}`, { body });
      await put('nowhere', { chains }, 'bad-server');
      await put('a.test:70000', { chains }, 'bad-server');
      await put('a.test:1', { chains, suites: ['TLS_NONE'] }, 'unknown-suite');
      await put('a.test:1', { chains: ['no certificate'] }, 'bad-certificate');
      await api.refused(502, 'not-probed', 'POST', '/preflight/servers/a.test:1/probe');
      await api.refused(404, 'no-such-server', 'DELETE', '/preflight/servers/b.test:1');
      await api.refused(400, 'bad-certificate', 'PUT', '/trust/x', { body: { certificates: 'none' } });
      await api.refused(400, 'passing-rule', 'PUT', '/trust/x', { body: { certificates: ca.cert, when: 'online' } });
      await api.refused(404, 'no-such-trust', 'DELETE', '/trust/x');
      await trust();
      assert.deepEqual((await api.call('GET', '/trust')).json.items[0]?.subjects, ['Operator CA']);
      assert.equal((await api.call('DELETE', '/trust/profile')).status, 204);
    });
  });

  it('one run asks a bounded number of servers; the others are unknown, not guessed', async () => {
    await trust();
    for (let n = 0; n < 260; n++)
      await enrol(String(n).padStart(6, '0'), { ...cwmp(), [`${DGW}SipEp.TransportConfig.1.TlsEnable`]: 'Enable' });
    const run = await dryRun({ [`${DGW}SipEp.DefaultStaticRegistrarServerHost`]: 'sip{{serialNumber}}.test:5061' });
    assert.equal(run.preflight.totals.sip?.unknown, 260);
    assert.ok(asked.length <= 252, String(asked.length));
  });

  it('gateways that are equal in what counts are told apart by nothing else: totals of many', async () => {
    await trust('serial < "000100"');
    for (let n = 0; n < 200; n++) await enrol(String(n).padStart(6, '0'), cwmp('NoValidation'));
    const run = await dryRun({ [LEVEL]: 'HostName' });
    assert.deepEqual(run.preflight.totals.acs, { keeps: 100, loses: 100, unknown: 0, breaks: 100 });
    assert.equal(run.devices.length, 50);
    assert.equal(run.preflight.breaks.length, 50);
    assert.equal(asked.filter(name => name === 'acs.test:7547').length, 1);
  });
});
