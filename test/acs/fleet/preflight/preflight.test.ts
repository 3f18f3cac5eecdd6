// The TLS preflight of the ACS, by its API: which gateway keeps and which loses a link by a change, why, and what is refused.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { DeviceRow } from '../../../../acs/device/row.ts';
import type { PreflightPorts } from '../../../../acs/fleet/common/ports.ts';
import type { StoredFile } from '../../../../acs/fleet/files/stored-file.ts';
import { unchanged } from '../../../../acs/fleet/preflight/run.ts';
import type { Wanted } from '../../../../acs/fleet/presets/desired.ts';
import type { Preset } from '../../../../acs/fleet/presets/preset.ts';
import { seededRandom, VirtualClock } from '../../../../shared/clock.ts';
import { type Authority, createCa } from '../../../../shared/pki/authority.ts';
import { readCertificates } from '../../../../shared/pki/certificates.ts';
import { newKey } from '../../../../shared/pki/keys.ts';
import type { ServerFacts } from '../../../../shared/tls/offer.ts';
import { type TestApi, testApi } from '../../../support/acs/api.ts';
import { identityOf, idOf, informOf, newYear, taskOf } from '../../../support/devices.ts';

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

/** The settings of Cwmp, all known. */
const cwmp = (level = 'HostName', suites = 'CS1', floor = 'TLSv1') => ({
  [LEVEL]: level,
  [SUITES]: suites,
  [FLOOR]: floor,
});

/** Of gateways of many kinds: what is known of one, and what it has of its own. */
const knownOf = (number: number): Record<string, string> =>
  number % 5 ? cwmp(number % 3 ? 'NoValidation' : 'HostName', number % 4 ? 'CS1' : 'CS2') : {};
const ownOf = (number: number): Pick<DeviceRow, 'tags' | 'site' | 'overrides'> => ({
  tags: number % 2 ? [] : ['told'],
  site: number % 3 ? {} : { level: 'HostName' },
  overrides: number % 7 ? {} : { [LEVEL]: { value: 'NoValidation' } },
});

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
  /** The gateway takes a stored file. */
  const take = async (serial: string, file: string): Promise<void> => {
    const { store, clock, fleet } = api.acs;
    const id = gateway(serial);
    const { sha256 } = await fleet.files.about(file);
    const task = taskOf(`take ${file}`, 'Download', clock.now(), { device: id, file, fileHash: sha256 });
    await store.apply(id, 'taskAdded', { task });
    const claimed = await store.apply(id, 'informed', informOf(serial, clock.now(), ['2 PERIODIC']));
    const token = 'token' in claimed ? claimed.token : 0;
    await store.apply(id, 'taskSent', { token, id: task.id, now: clock.now() });
    await store.apply(id, 'taskSettled', { token, id: task.id, outcome: { state: 'done' }, now: clock.now() });
  };
  const trust = (when?: string, by: Authority = ca) =>
    api.call('PUT', `/trust/profile`, { body: { certificates: by.cert, ...(when ? { when } : {}) } });
  const dryRun = async (set: Record<string, string>, more: object = {}): Promise<Run> =>
    (await api.call('POST', '/presets/hardening/dry-run', { body: { set, ...more } })).json as unknown as Run;
  const linkOf = (run: Run, device: string, name: string): Link =>
    run.devices.find(entry => entry.device === device)!.links.find(({ link }) => link === name)!;
  const acsOf = (run: Run, device: string): Link => linkOf(run, device, 'acs');
  /** As things stand, by link. */
  const linksNow = async (device: string): Promise<Record<string, string>> => {
    const answer = (await api.call('GET', `/devices/${encodeURIComponent(device)}/preflight`)).json;
    return Object.fromEntries((answer.links as Link[]).map(({ link, after }) => [link, said(after)]));
  };

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
    await take('000001', 'ca.pem');
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

  describe('a gateway of whose CAs nobody told', () => {
    const FIRMWARE = `${DGW}Fpu.MfpTransferCertificateValidation`;
    const files = (verdict: string) => ({ firmware: verdict, scripts: verdict, certificates: verdict });

    it('as it stands its file links are not known; by a higher level it loses them', async () => {
      const silent = await enrol('000001', cwmp('NoValidation'));
      const known = await enrol('000002', { ...cwmp('NoValidation'), [FIRMWARE]: 'NoValidation' });
      const same = await enrol('000003', { ...cwmp('NoValidation'), [FIRMWARE]: 'HostName' });
      assert.deepEqual(await linksNow(silent), { acs: 'keeps', ...files('unknown ca-unknown') });
      assert.deepEqual(await linksNow(known), { acs: 'keeps', ...files('unknown ca-unknown'), firmware: 'keeps' });
      const run = await dryRun({ [FIRMWARE]: 'HostName', [SUITES]: 'CS3' });
      const firmware = (device: string): string[] => {
        const { before, after } = linkOf(run, device, 'firmware');
        return [said(before), said(after)];
      };
      assert.deepEqual(firmware(silent), ['unknown ca-unknown', 'loses no-ca'], 'the level may be lower today');
      assert.deepEqual(firmware(known), ['keeps', 'loses no-ca']);
      assert.deepEqual(firmware(same), ['unknown ca-unknown', 'unknown ca-unknown']);
      assert.equal(said(linkOf(run, known, 'scripts').after), 'unknown ca-unknown');
      await trust();
      assert.deepEqual(await linksNow(silent), { acs: 'keeps', ...files('keeps') });
    });

    it('a session at a level that validates proves the chain for its file links, too', async () => {
      assert.deepEqual(await linksNow(await enrol('000001', cwmp('HostName'))), { acs: 'keeps', ...files('keeps') });
    });

    it('a level that is wanted and that it has not taken yet proves nothing', async () => {
      const id = await enrol('000001', cwmp('NoValidation'));
      await api.call('PUT', '/presets/hardening?force=true', { body: { set: { [LEVEL]: 'HostName' } } });
      assert.deepEqual(await linksNow(id), { acs: 'loses no-ca', ...files('unknown ca-unknown') });
    });

    it('sessions prove nothing of one that does not inform any more', async () => {
      const { store, clock } = api.acs;
      const id = await enrol('000001', cwmp('HostName'));
      await store.apply(id, 'intervalLearned', { informInterval: 60 });
      await clock.advance(HOUR);
      await store.apply(id, 'missed', { now: clock.now() });
      assert.deepEqual(await linksNow(id), { acs: 'unknown ca-unknown', ...files('unknown ca-unknown') });
      await store.apply(id, 'informed', informOf('000001', clock.now(), ['2 PERIODIC']));
      assert.deepEqual(await linksNow(id), { acs: 'keeps', ...files('keeps') });
    });

    it('a session before the certificate of a proxy that speaks TLS for the ACS proves nothing of that one', async () => {
      const { clock } = api.acs;
      reachable.set('127.0.0.1:7547', await facts('acs.test'));
      const before = await enrol('000002', cwmp('HostName'));
      await clock.advance(HOUR);
      const chain = await chainFor('acs.test', ca, { notBefore: new Date(clock.now()) });
      reachable.set('acs.test:7547', { ...(await facts('acs.test')), chains: [readCertificates(chain)] });
      await clock.advance(HOUR);
      const since = await enrol('000001', cwmp('HostName'));
      const run = await dryRun({ [SUITES]: 'CS3' });
      assert.deepEqual(
        [since, before].map(device => said(acsOf(run, device).after)),
        ['keeps', 'unknown ca-unknown'],
      );
    });

    it('what it would lose whatever its CAs are it loses', async () => {
      reachable.set('acs.test:7547', await facts('else.test'));
      const id = await enrol('000001', cwmp('NoValidation'));
      assert.deepEqual(await linksNow(id), { acs: 'keeps', ...files('loses name-mismatch') });
    });
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

  it('runs at the same time do not take from each other what they have read', async () => {
    const { fleet } = api.acs;
    await trust();
    const id = await enrol('000001', cwmp());
    const [row, wanted] = [await fleet.devices.row(id), await fleet.wantedStates.of(await fleet.devices.row(id))];
    const scripts = await Promise.all(
      Array.from({ length: 220 }, (_, at) => {
        const host = `SipEp.DefaultStaticRegistrarServerHost=sip${at}.test:5061\n`;
        const tls = 'SipEp.TransportConfig[GatewayName=default].TlsEnable = "Enable"\n';
        return fleet.files.put(`${at}.cfg`, Buffer.from(host + tls), { type: 'script' });
      }),
    );
    const withScript = (file: StoredFile) => unchanged(row, { ...wanted, files: [{ kind: 'script', file }] });
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

    const enrolMany = async (): Promise<void> => {
      for (let number = 0; number < 24; number++) {
        const serial = String(number).padStart(6, '0');
        const id = await enrol(serial, knownOf(number));
        await api.acs.store.apply(id, 'patched', { patch: ownOf(number) });
        if (number % 6 === 0) await take(serial, 'ca.pem');
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
      const run = await api.acs.fleet.preflight.begin(1000);
      for (const [at, row] of rows.entries()) {
        const [was, is] = [before[at]!, after[at]!];
        if (was.revision === is.revision || row.parameterKey === is.revision) continue;
        await run.check([{ row, holds: row.parameterKey === was.revision, before: was, after: is }]);
      }
      return run.report.breaks.filter(({ link }) => link === 'acs');
    };

    it('of any presets, those are found whom a look at each gateway by itself finds (property)', async function () {
      this.timeout(60_000);
      const { store, clock, fleet } = api.acs;
      await api.call('PUT', '/files/ca.pem?type=certificate', { body: Buffer.from(ca.cert) });
      await api.call('PUT', '/files/other.pem?type=certificate', { body: Buffer.from(otherCa.cert) });
      await trust('tag = "told"');
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

    const store = (file: string, type: string, content: string) =>
      api.call('PUT', `/files/${file}?type=${type}`, { body: Buffer.from(content) });
    const script = (level: string): string => `Cwmp.TransportCertificateValidation = "${level}"\n`;

    it('a preset that is deleted: what a lighter one says counts again', async () => {
      const id = await enrol('000001', cwmp('NoValidation'));
      await api.call('PUT', '/presets/open', { body: { weight: 10, set: { [LEVEL]: 'NoValidation' } } });
      assert.equal(
        (await api.call('PUT', '/presets/hardening', { body: preset })).status,
        201,
        'it loses to the other',
      );
      const problem = await api.refused(409, 'would-lose-acs', 'DELETE', '/presets/open');
      assert.match(String(problem.detail), new RegExp(`${id} would lose the ACS`));
      assert.equal((await api.call('GET', '/presets/open')).status, 200, 'it is still there');
      await api.refused(404, 'no-such-preset', 'DELETE', '/presets/nothing');
      assert.equal((await api.call('DELETE', '/presets/open?force=true')).status, 204);
      assert.equal((await api.call('DELETE', '/presets/hardening')).status, 204, 'nobody loses it by that');
    });

    it('what a preset had set stays set when it is deleted', async () => {
      const id = await enrol('000001');
      await store('open.cfg', 'script', script('NoValidation'));
      await api.call('PUT', '/presets/open', { body: { script: 'open.cfg' } });
      const row = await api.acs.fleet.devices.row(id);
      const { revision } = await api.acs.fleet.wantedStates.of(row);
      const inform = informOf('000001', api.acs.clock.now(), ['2 PERIODIC']);
      inform.report.parameterKey = revision;
      await api.acs.store.apply(id, 'informed', inform);
      assert.equal(
        (await api.call('DELETE', '/presets/open')).status,
        204,
        'the script is taken: it goes on validating nobody',
      );
    });

    it('a script that a preset wants, or comes to want', async () => {
      await enrol('000001', cwmp('NoValidation'));
      await store('strict.cfg', 'script', script('HostName'));
      await api.refused(409, 'would-lose-acs', 'PUT', '/presets/site', { body: { script: 'strict.cfg' } });
      await store('site.cfg', 'script', script('NoValidation'));
      assert.equal((await api.call('PUT', '/presets/site', { body: { script: 'site.cfg' } })).status, 201);
      const contents = async () => (await api.acs.store.contents()).map(({ name }) => name);
      const before = await contents();
      const strict = { body: Buffer.from(script('HostName')) };
      await api.refused(409, 'would-lose-acs', 'PUT', '/files/site.cfg?type=script', strict);
      assert.equal((await api.call('GET', '/files/site.cfg')).text, script('NoValidation'));
      assert.deepEqual(await contents(), before, 'nothing was kept of it');
      assert.equal((await store('site.cfg', 'script', `${script('NoValidation')}# again\n`)).status, 200);
      assert.equal((await api.call('PUT', '/files/site.cfg?force=true&type=script', strict)).status, 200);
    });

    it('a CA certificate that a preset wants and by which the ACS is trusted', async () => {
      const third = await createCa({ name: 'Third CA', key: 'ec', ...environment });
      await store('acs-ca.pem', 'certificate', ca.cert);
      await store('sip-ca.pem', 'certificate', otherCa.cert);
      const id = await enrol('000001', cwmp('HostName'));
      await enrol('000002', cwmp('HostName'));
      await api.call('PUT', '/presets/sip', { body: { certificates: ['sip-ca.pem'] } });
      await api.call('PUT', '/presets/acs', { body: { when: `id = "${id}"`, certificates: ['acs-ca.pem'] } });
      for (const serial of ['000001', '000002']) await take(serial, 'sip-ca.pem');
      await take('000001', 'acs-ca.pem');
      const other = { body: Buffer.from(third.cert) };
      const problem = await api.refused(409, 'would-lose-acs', 'PUT', '/files/acs-ca.pem?type=certificate', other);
      assert.match(String(problem.detail), /untrusted/);
      assert.equal((await api.call('GET', '/files/acs-ca.pem')).text, ca.cert);
      assert.equal((await store('sip-ca.pem', 'certificate', third.cert)).status, 200, 'it is not the one of the ACS');
      assert.equal((await store('acs-ca.pem', 'certificate', third.cert + ca.cert)).status, 200, 'the old one stays');
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
