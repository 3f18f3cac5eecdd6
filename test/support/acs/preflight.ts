// An ACS over TLS for tests of the preflight: gateways with known values, CAs, and servers that the test makes up.
import type { PreflightPorts } from '../../../acs/fleet/common/ports.ts';
import { seededRandom, VirtualClock } from '../../../shared/clock.ts';
import { type Authority, createCa } from '../../../shared/pki/authority.ts';
import { readCertificates } from '../../../shared/pki/certificates.ts';
import { newKey } from '../../../shared/pki/keys.ts';
import type { ServerFacts } from '../../../shared/tls/offer.ts';
import { identityOf, idOf, informOf, newYear, taskOf } from '../devices.ts';
import { type TestApi, testApi } from './api.ts';

export const DGW = 'Device.X_0090F8_';
export const LEVEL = `${DGW}Cwmp.TransportCertificateValidation`;
export const SUITES = `${DGW}Cwmp.TransportHttpsCipherSuite`;
export const FLOOR = `${DGW}Cwmp.TransportHttpsTlsVersion`;
export const HOUR = 3_600_000;
/** The server that this ACS is. */
export const ACS = 'acs.test:7547';

export interface Verdict {
  verdict: string;
  reason?: string;
}
export interface Link {
  link: string;
  server: string;
  before: Verdict | null;
  after: Verdict | null;
  assumed: string[];
}
export interface Run {
  matched: number;
  devices: { device: string; links: Link[] }[];
  preflight: {
    totals: Record<string, Record<string, number>>;
    breaks: { device: string; link: string; reason: string }[];
  };
}

/** `keeps`, `loses no-ca`, …; `none` where there is no such link. */
export const verdictText = (verdict: Verdict | null | undefined): string =>
  verdict ? [verdict.verdict, ...(verdict.reason ? [verdict.reason] : [])].join(' ') : 'none';

/** The TLS settings of the link to the ACS, all of them known. */
export const cwmp = (level = 'HostName', suites = 'CS1', floor = 'TLSv1') => ({
  [LEVEL]: level,
  [SUITES]: suites,
  [FLOOR]: floor,
});

export const linkOf = (run: Run, device: string, name: string): Link =>
  run.devices.find(entry => entry.device === device)!.links.find(({ link }) => link === name)!;
export const acsLink = (run: Run, device: string): Link => linkOf(run, device, 'acs');

/** The environment of CAs. */
export const environment = { clock: new VirtualClock(newYear), random: seededRandom(5) };

/** Servers with certificates that the test issues. */
export class IssuedServers {
  /** The CA of the ACS's certificate. */
  ca!: Authority;
  otherCa!: Authority;
  #keyPem!: string;
  /** The servers that were probed, `host:port`. */
  readonly probed: string[] = [];
  /** The servers that answer a probe, by `host:port`. */
  readonly reachable = new Map<string, ServerFacts>();

  readonly ports: PreflightPorts = {
    probeTls: async (host, port) => {
      this.probed.push(`${host}:${port}`);
      const found = this.reachable.get(`${host}:${port}`);
      if (!found) throw new Error('nobody is there');
      return found;
    },
    mayAsk: (address, host) => address === host,
    own: () => ({ url: `https://${ACS}`, listener: { host: '127.0.0.1', port: 7547 } }),
  };

  async prepare(): Promise<void> {
    this.ca = await createCa({ name: 'Operator CA', key: 'rsa', ...environment });
    this.otherCa = await createCa({ name: 'Other CA', key: 'rsa', ...environment });
    this.#keyPem = await newKey('rsa');
  }

  /** Leaves only the ACS reachable, and no probe counted. */
  async reset(): Promise<void> {
    this.probed.length = 0;
    this.reachable.clear();
    this.reachable.set(ACS, await this.facts('acs.test'));
  }

  /** A certificate chain for a server, PEM. */
  async chainFor(name: string, by: Authority = this.ca, more: object = {}): Promise<string> {
    return (await by.issue({ commonName: name, dns: [name], usage: ['server'], keyPem: this.#keyPem, ...more })).chain;
  }

  async facts(name: string, more: Partial<ServerFacts> = {}, by?: Authority): Promise<ServerFacts> {
    return {
      versions: ['TLSv1', 'TLSv1_1', 'TLSv1_2'],
      suites: ['TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'TLS_RSA_WITH_AES_128_CBC_SHA'],
      chains: [readCertificates(await this.chainFor(name, by))],
      ...more,
    };
  }
}

export class PreflightAcs {
  readonly servers = new IssuedServers();
  api!: TestApi;

  async open(): Promise<void> {
    await this.servers.reset();
    this.api = await testApi({ preflight: this.servers.ports });
    await this.api.acs.clock.advance(HOUR);
  }

  async close(): Promise<void> {
    await this.api.close();
  }

  /** Enrols a gateway with known values. @returns its id */
  async enrol(serial: string, known: Record<string, string> = {}): Promise<string> {
    const { store, clock } = this.api.acs;
    const id = idOf(identityOf(serial));
    await store.apply(id, 'informed', informOf(serial, clock.now(), ['1 BOOT']));
    const time = clock.now();
    const values = Object.entries(known).map(([path, value]) => ({ path, value, type: 'xsd:string', time }));
    await store.putParameters(id, values);
    return id;
  }

  /** Has a gateway take a stored file. */
  async take(serial: string, file: string): Promise<void> {
    const { store, clock, fleet } = this.api.acs;
    const id = idOf(identityOf(serial));
    const { sha256 } = await fleet.files.about(file);
    const task = taskOf(`take ${file}`, 'Download', clock.now(), { device: id, file, fileHash: sha256 });
    await store.apply(id, 'taskAdded', { task });
    const claimed = await store.apply(id, 'informed', informOf(serial, clock.now(), ['2 PERIODIC']));
    const token = 'token' in claimed ? claimed.token : 0;
    await store.apply(id, 'taskSent', { token, id: task.id, now: clock.now() });
    await store.apply(id, 'taskSettled', { token, id: task.id, outcome: { state: 'done' }, now: clock.now() });
  }

  /** Declares the CA on the gateways that fit the filter. */
  async declareCa(when?: string, by: Authority = this.servers.ca): Promise<void> {
    const body = { certificates: by.cert, ...(when ? { when } : {}) };
    await this.api.call('PUT', '/trust/profile', { body });
  }

  /** A dry run of the preset `hardening`. */
  async hardening(set: Record<string, string>, more: object = {}): Promise<Run> {
    const answer = await this.api.call('POST', '/presets/hardening/dry-run', { body: { set, ...more } });
    return answer.json as unknown as Run;
  }

  /** The verdicts on the links of a device now, by link. */
  async links(device: string): Promise<Record<string, string>> {
    const { json } = await this.api.call('GET', `/devices/${encodeURIComponent(device)}/preflight`);
    return Object.fromEntries((json.links as unknown as Link[]).map(({ link, after }) => [link, verdictText(after)]));
  }
}
