// What servers offer: told by the operator, or learned by a handful of handshakes and kept for a while.
import { messageOf, UserError } from '../../../shared/errors.ts';
import { describe, readCertificates } from '../../../shared/pki/certificates.ts';
import { keyOf, type ServerFacts } from '../../../shared/tls/offer.ts';
import { suites, type TlsVersion, tlsVersions } from '../../../shared/tls/profiles.ts';
import type { FleetContext } from '../common/context.ts';

export interface ServerInput {
  /** PEM, a chain for each kind of key: the server's own certificate first. */
  chains: string[];
  /** IANA names in the server's order of preference; all that there are unless told. */
  suites?: string[];
  /** `TLSv1_2` …; 1.2 and 1.3 unless told. */
  versions?: TlsVersion[];
}

export interface ServerView {
  /** `host:port`. */
  server: string;
  source: 'told' | 'probed' | 'failed';
  /** When it was told or probed, milliseconds. */
  time: number;
  /** Why a probe learned nothing. */
  reason?: string;
  versions?: readonly string[];
  suites?: readonly string[];
  certificates?: { subject: string; issuer: string; key: string; notAfter: number; names: string[] }[];
}

export interface Servers {
  list(): Promise<ServerView[]>;
  /** @throws UserError 400 */
  tell(server: string, input: ServerInput): Promise<ServerView>;
  /** @throws UserError 404 */
  forget(server: string): Promise<void>;
  /** Handshakes now, whatever is known. @throws UserError 400, 502 with the reason */
  probe(server: string): Promise<ServerView>;
  /**
   * For one run, in which the facts of a server stay what they are.
   * @returns facts, or why there are none
   */
  reader(): Promise<ReadServer>;
}

export type ReadServer = (
  at: { host: string; port: number },
  /** Where only a device names the server: its address. */
  namedBy?: string,
) => Promise<{ facts: ServerFacts } | { missing: string }>;

const KEPT_MS = 600_000;
const FAILED_KEPT_MS = 30_000;
/** All probes of one run together. */
const RUN_MS = 4_000;
const MAX_KEPT = 1_000;
/** So many servers are asked anew by one run. */
const MAX_ASKED = 250;

type Probed = { time: number } & ({ facts: ServerFacts } | { failed: string });

export const serverName = (host: string, port: number): string => `${host.toLowerCase()}:${port}`;

/** @throws UserError 400 */
export function serverAt(name: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([A-Za-z0-9_.-]{1,253})|([0-9a-fA-F:]+)):(\d{1,5})$/.exec(name);
  const port = Number(match?.[4]);
  if (!match || port < 1 || port > 65_535) throw new UserError(400, 'bad-server', `'${name}' is not host:port`);
  return { host: (match[1] ?? match[2] ?? match[3] ?? '').toLowerCase(), port };
}

/** @throws UserError 400 */
export function factsOf(input: ServerInput): ServerFacts {
  const stray = input.suites?.find(name => !suites[name]);
  if (stray !== undefined) throw new UserError(400, 'unknown-suite', `suites: '${stray}' is no suite known here`);
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
    return [{ subject, issuer, key: keyOf(leaf) ?? 'other', notAfter, names: called }];
  }),
});

function answerOf(name: string, probed: Probed | undefined): { facts: ServerFacts } | { missing: string } {
  if (probed && 'facts' in probed) return { facts: probed.facts };
  return { missing: `${name} was not learned: ${probed ? probed.failed : 'there was no time left to ask it'}` };
}

export function createServers({ store, clock, events, ports }: FleetContext): Servers {
  const kept = new Map<string, Probed>();
  const running = new Map<string, Promise<Probed>>();

  const handshakes = async (host: string, port: number): Promise<Probed> => {
    const { preflight } = ports;
    if (!preflight) return { time: clock.now(), failed: 'nothing is probed here' };
    try {
      return { time: clock.now(), facts: await preflight.probeTls(host, port) };
    } catch (error) {
      return { time: clock.now(), failed: messageOf(error) };
    }
  };
  const probeNow = async (host: string, port: number): Promise<Probed> => {
    const name = serverName(host, port);
    const underWay = running.get(name) ?? handshakes(host, port);
    running.set(name, underWay);
    try {
      const probed = await underWay;
      if (kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value ?? '');
      kept.set(name, probed);
      return probed;
    } finally {
      running.delete(name);
    }
  };
  const fresh = (name: string): Probed | undefined => {
    const known = kept.get(name);
    const age = known ? clock.now() - known.time : 0;
    return known && age < ('facts' in known ? KEPT_MS : FAILED_KEPT_MS) ? known : undefined;
  };
  const probedView = (server: string, probed: Probed): ServerView =>
    'facts' in probed
      ? { server, source: 'probed', time: probed.time, ...factsView(probed.facts) }
      : { server, source: 'failed', time: probed.time, reason: probed.failed };

  /** Waits for a probe as long as the run has time left; the probe itself goes on for the next run. */
  const within = async (work: Promise<Probed>, until: number): Promise<Probed | undefined> => {
    let cancel = (): void => undefined;
    const late = new Promise<undefined>(resolve => {
      const timer = clock.after(Math.max(0, until - clock.now()), () => resolve(undefined));
      cancel = () => timer.cancel();
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      cancel();
    }
  };

  return {
    list: async () => {
      const told = (await store.documents<ServerInput>('server')).map(
        ({ name, body, changed }): ServerView => ({
          server: name,
          source: 'told',
          time: changed,
          ...factsView(factsOf(body)),
        }),
      );
      const names = new Set(told.map(({ server }) => server));
      return [
        ...told,
        ...[...kept].filter(([name]) => !names.has(name)).map(([name, probed]) => probedView(name, probed)),
      ];
    },
    tell: async (server, input) => {
      const { host, port } = serverAt(server);
      const view = factsView(factsOf(input));
      const name = serverName(host, port);
      await store.putDocument('server', name, input);
      events.emit('change', { what: 'server', name, by: 'told' });
      return { server: name, source: 'told', time: clock.now(), ...view };
    },
    forget: async server => {
      const { host, port } = serverAt(server);
      const name = serverName(host, port);
      const wasKept = kept.delete(name);
      if (!(await store.deleteDocument('server', name)) && !wasKept)
        throw new UserError(404, 'no-such-server', `nothing is known of '${name}'`);
      events.emit('change', { what: 'server', name, by: 'forgotten' });
    },
    probe: async server => {
      const { host, port } = serverAt(server);
      const probed = await probeNow(host, port);
      if ('failed' in probed) throw new UserError(502, 'not-probed', `${serverName(host, port)}: ${probed.failed}`);
      return probedView(serverName(host, port), probed);
    },
    reader: async () => {
      const told = new Map(
        (await store.documents<ServerInput>('server')).map(({ name, body }) => [name, factsOf(body)]),
      );
      const until = clock.now() + RUN_MS;
      let asked = 0;
      const held = new Map<string, { facts: ServerFacts } | { missing: string }>();
      const learned = async (name: string, host: string, port: number): Promise<Probed | undefined> =>
        fresh(name) ?? (++asked > MAX_ASKED ? undefined : await within(probeNow(host, port), until));
      return async ({ host, port }, namedBy) => {
        const name = serverName(host, port);
        const facts = told.get(name);
        if (facts) return { facts };
        const seen = held.get(name);
        if (seen) return seen;
        if (!fresh(name) && namedBy !== undefined && ports.preflight?.mayAsk(namedBy, host) === false)
          return { missing: `only the device names ${name}: tell what it offers, or have it probed` };
        const answer = answerOf(name, await learned(name, host, port));
        held.set(name, answer);
        return answer;
      };
    },
  };
}
