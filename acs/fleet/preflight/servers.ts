// The register of servers that devices connect to: the TLS offer of each, as the operator declares it or as probes learn it.
import type { Clock } from '../../../shared/clock.ts';
import { describe, readCertificates } from '../../../shared/pki/certificates.ts';
import { type ServerFacts, suiteKeyOf } from '../../../shared/tls/offer.ts';
import { suites, type TlsVersion, tlsVersions } from '../../../shared/tls/profiles.ts';
import { UserError } from '../../errors.ts';
import type { Edit } from '../../store/edit.ts';
import type { FleetContext } from '../common/context.ts';
import { type Documents, documents } from '../common/documents.ts';
import { ServerLookup } from './server-lookup.ts';
import { type Probed, ServerProbes, serverName } from './server-probes.ts';

export interface ServerInput {
  /** PEM, a chain for each kind of key: the server's own certificate first. */
  chains: string[];
  /** IANA names in the server's order of preference; default: all known ones. */
  suites?: string[];
  /** `TLSv1_2` …; default: 1.2 and 1.3. */
  versions?: TlsVersion[];
}

export interface ServerView {
  /** `host:port`. */
  server: string;
  source: 'told' | 'probed' | 'failed';
  /** The time of the declaration or the probe, milliseconds. */
  time: number;
  /** Why a probe learned nothing. */
  reason?: string;
  versions?: readonly string[];
  suites?: readonly string[];
  certificates?: { subject: string; issuer: string; key: string; notAfter: number; names: string[] }[];
}

export class ServerRegister {
  readonly #clock: Clock;
  readonly #ports: FleetContext['ports'];
  readonly #declared: Documents<ServerInput>;
  readonly #probes: ServerProbes;

  constructor(context: FleetContext) {
    this.#clock = context.clock;
    this.#ports = context.ports;
    this.#probes = new ServerProbes(context);
    this.#declared = documents(context, 'server', {
      checkName: parseServer,
      missing: unknownServer,
      validate: serverFacts,
      changeEvent: { put: () => 'told', remove: 'forgotten' },
    });
  }

  async list(): Promise<ServerView[]> {
    const declared = (await this.#declared.list()).map(({ name, body, changed }) => declaredView(name, body, changed));
    const names = new Set(declared.map(({ server }) => server));
    const probed = [...this.#probes.kept()].filter(([name]) => !names.has(name));
    return [...declared, ...probed.map(([name, result]) => probedView(name, result))];
  }

  /** Reads a server as it is known. @throws UserError 400, 404 */
  async get(server: string): Promise<ServerView> {
    const name = nameOfServer(server);
    const declared = await this.#declared.find(name);
    if (declared) return declaredView(name, declared.body, declared.changed);
    const probed = new Map(this.#probes.kept()).get(name);
    if (!probed) throw unknownServer(name);
    return probedView(name, probed);
  }

  /** Declares what a server offers. @throws UserError 400, 412 */
  async put(server: string, input: ServerInput, edit?: Edit): Promise<ServerView> {
    const name = nameOfServer(server);
    await this.#declared.put(name, input, edit);
    return declaredView(name, input, this.#clock.now());
  }

  /** Forgets what was declared and what a probe learned. @throws UserError 400, 404, 412 */
  async remove(server: string, edit?: Edit): Promise<void> {
    const name = nameOfServer(server);
    await this.#declared.remove(name, new Map(this.#probes.kept()).has(name), edit);
    this.#probes.forget(name);
  }

  /** Probes a server now, whatever is known of it. @throws UserError 400; 502 with the reason */
  async probe(server: string): Promise<ServerView> {
    const { host, port } = parseServer(server);
    const name = serverName(host, port);
    const probed = await this.#probes.probe(host, port);
    if ('failed' in probed) throw new UserError(502, 'not-probed', `${name}: ${probed.failed}`);
    return probedView(name, probed);
  }

  /** The offers of servers for one run, during which the facts of a server do not change. */
  async reader(): Promise<ServerLookup> {
    const declared = await this.#declared.list();
    const facts = new Map(declared.map(({ name, body }) => [name, serverFacts(body)]));
    return new ServerLookup({ declared: facts, probes: this.#probes, clock: this.#clock, ports: this.#ports });
  }
}

const unknownServer = (name: string): UserError =>
  new UserError(404, 'no-such-server', `nothing is known of '${name}'`);

/** The name under which a server is kept. @throws UserError 400 */
export function nameOfServer(server: string): string {
  const { host, port } = parseServer(server);
  return serverName(host, port);
}

/** @throws UserError 400 */
function parseServer(name: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([A-Za-z0-9_.-]{1,253})|([0-9a-fA-F:]+)):(\d{1,5})$/.exec(name);
  const port = Number(match?.[4]);
  if (!match || port < 1 || port > 65_535) throw new UserError(400, 'bad-server', `'${name}' is not host:port`);
  return { host: (match[1] ?? match[2] ?? match[3] ?? '').toLowerCase(), port };
}

/** @throws UserError 400 */
export function serverFacts(input: ServerInput): ServerFacts {
  const stray = input.suites?.find(name => !suites[name]);
  if (stray !== undefined) throw new UserError(400, 'unknown-suite', `suites: '${stray}' is not a known cipher suite`);
  const chains = input.chains.map(pem => readCertificates(pem));
  return {
    versions: input.versions ?? ['TLSv1_2', 'TLSv1_3'],
    suites: input.suites ?? Object.keys(suites),
    chains,
  };
}

const factsView = ({ versions, suites: names, chains }: ServerFacts): Partial<ServerView> => ({
  versions: tlsVersions.filter(version => versions.includes(version)),
  suites: names,
  certificates: chains.flatMap(([leaf]) => {
    if (!leaf) return [];
    const { subject, issuer, notAfter, names: called } = describe(leaf);
    return [{ subject, issuer, key: suiteKeyOf(leaf) ?? 'other', notAfter, names: called }];
  }),
});

const declaredView = (server: string, input: ServerInput, time: number): ServerView => ({
  server,
  source: 'told',
  time,
  ...factsView(serverFacts(input)),
});

const probedView = (server: string, probed: Probed): ServerView =>
  'facts' in probed
    ? { server, source: 'probed', time: probed.time, ...factsView(probed.facts) }
    : { server, source: 'failed', time: probed.time, reason: probed.failed };
