// The links of a device (to its ACS, its file servers, its SIP servers) before and after a change, each with a verdict. Devices with
// equal settings, CAs and servers share one computation.
import type { ServerFacts } from '../../../shared/tls/offer.ts';
import type { Place } from '../../../shared/tls/places.ts';
import { services, type TlsService } from '../../../shared/tls/profiles.ts';
import type { Roots } from './device-roots.ts';
import type { ServerAnswer, ServerLookup } from './server-lookup.ts';
import { serverName } from './server-probes.ts';
import type { Settings } from './tls-settings.ts';
import {
  inUseSince,
  isInDate,
  type LinkVerdict,
  type SessionProof,
  sameIssuers,
  verdictOf,
  vouchFor,
} from './verdict.ts';

export type LinkName = Place['link'];

/** One link of a device. */
export interface DeviceLink {
  link: LinkName;
  service: TlsService;
  /** `host:port`; `?` as the host where its name is not known. */
  server: string;
  /** Null where the device has no such link. */
  before: LinkVerdict | null;
  after: LinkVerdict | null;
  /** Variables without a known value, taken at the vendor's default. */
  assumed: string[];
}

/** A device as it is before or after the change. */
export interface Side {
  settings: Settings;
  roots: Roots;
}

export interface LinkContext {
  servers: ServerLookup;
  now: number;
  /** The ACS itself: the URL that CPEs are given, and what its listener offers. */
  own: { url: string | undefined; facts: ServerAnswer };
  /** The verdicts of this run so far, by all that they depend on. */
  verdicts: Map<string, LinkVerdict>;
  /** The offer of the ACS after the change, where its certificate changes. */
  ownAfter?: ServerFacts;
  /** Limits the run to this link. */
  only?: 'acs';
}

/** A server that a device connects to. */
interface Endpoint extends Place {
  /** Without TLS, so that there is nothing to judge. */
  plain?: boolean;
  /** The device reaches this ACS there. */
  ours?: boolean;
}

const bare = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '').toLowerCase();

/** The servers that the device connects to, the ACS first. */
function endpointsOf(settings: Settings, context: LinkContext): Endpoint[] {
  const url = settings.acsUrl ?? context.own.url;
  const acs = url !== undefined && URL.canParse(url) ? new URL(url) : undefined;
  const plain = acs?.protocol === 'http:';
  const host = acs && bare(acs);
  const isAny = host === undefined || host === '' || host === '0.0.0.0' || host === '::';
  const at = {
    ...(isAny ? {} : { host }),
    port: Number(acs?.port || (plain ? 80 : 443)),
    ...(plain && { plain }),
    ours: true,
  };
  const toAcs: Endpoint = { link: 'acs', service: 'Cwmp', ...at };
  if (context.only === 'acs') return [toAcs];
  const served: Endpoint[] = [
    { link: 'firmware', service: 'Fpu', ...at },
    ...(settings.isDgw
      ? ([
          { link: 'scripts', service: 'Conf', ...at },
          { link: 'certificates', service: 'Cert', ...at },
        ] as const)
      : []),
  ];
  return [toAcs, ...served, ...settings.places];
}

/** Names a link before and after a change: a device has several SIP servers, and one server of each other kind. */
const linkKey = ({ link, host, port }: Endpoint): string => (link === 'sip' ? `${link} ${host}:${port}` : link);

export interface LinkInput {
  before: Side;
  after: Side;
  /** The settings of the device now; it may not have taken yet what is wanted before the change. */
  held: Settings;
  /** The device has sent an Inform since `reachedSince`. */
  informed: boolean;
  /** The device is overdue, so what it accepted in its last session it may accept no more. */
  absent: boolean;
  address: string;
}

interface DeviceState extends LinkInput {
  /** The servers that the device connects to now. */
  current: ReadonlyMap<string, Endpoint>;
  /** The server at which the device is known to have reached this ACS over TLS. */
  reached: string | undefined;
}

const byKey = (settings: Settings, context: LinkContext): Map<string, Endpoint> =>
  new Map(endpointsOf(settings, context).map(endpoint => [linkKey(endpoint), endpoint]));

/**
 * The time since which the ACS that the device reaches has its present certificates, milliseconds: earlier sessions prove nothing of
 * them. -Infinity where they are not known, or there are none.
 */
export async function reachedSince(input: Omit<LinkInput, 'informed'>, context: LinkContext): Promise<number> {
  const [acs] = endpointsOf(input.held, { ...context, only: 'acs' });
  if (!acs || acs.plain) return Number.NEGATIVE_INFINITY;
  const now = await answerOf(acs, true, input, context);
  return 'facts' in now ? inUseSince(now.facts) : Number.NEGATIVE_INFINITY;
}

export async function linksOf(input: LinkInput, context: LinkContext): Promise<DeviceLink[]> {
  const current = byKey(input.held, context);
  const acs = current.get('acs');
  const reached = !input.informed || !acs || acs.plain ? undefined : serverOfEndpoint(acs);
  const state: DeviceState = { ...input, current, reached };
  const old = byKey(input.before.settings, context);
  const fresh = byKey(input.after.settings, context);
  const links: DeviceLink[] = [];
  for (const key of new Set([...old.keys(), ...fresh.keys()])) {
    const [was, is] = [old.get(key), fresh.get(key)];
    const shown = is ?? was!;
    links.push({
      link: shown.link,
      service: shown.service,
      server: `${shown.host ?? '?'}:${shown.port}`,
      before: was ? await verdictFor(was, 'before', state, context) : null,
      after: is ? await verdictFor(is, 'after', state, context) : null,
      assumed: shown.plain ? [] : input.after.settings.assumed(shown.service),
    });
  }
  return links;
}

/** The name of the server, `?` as the host where that is not known. */
const serverOfEndpoint = ({ host, port }: Endpoint): string => serverName(host ?? '?', port);

async function verdictFor(
  endpoint: Endpoint,
  at: 'before' | 'after',
  state: DeviceState,
  context: LinkContext,
): Promise<LinkVerdict> {
  if (endpoint.plain) return { verdict: 'keeps', message: 'in clear, without TLS' };
  const { settings, roots } = state[at];
  const isReached = endpoint.ours === true && state.reached === serverOfEndpoint(endpoint);
  const now = await answerOf(endpoint, isReached, state, context);
  const isReplaced = at === 'after' && endpoint.ours === true && context.ownAfter !== undefined;
  const server = isReplaced ? context.ownAfter : 'facts' in now ? now.facts : undefined;
  const missing = 'missing' in now ? now.missing : undefined;
  const remainsTrusted =
    server !== undefined && 'facts' in now && staysTrusted(endpoint, state[at], context, now.facts, server);
  const inUse = remainsTrusted && !roots.declared && isCurrent(endpoint, settings, state);
  const proof =
    remainsTrusted && isReached && 'facts' in now
      ? proofOf(endpoint, state[at], state, context, now.facts, server)
      : undefined;
  const policy = settings.policy(endpoint.service);
  const { validation, suites, floor, ceiling, names, trust } = policy;
  const given = [serverOfEndpoint(endpoint), isReached, isReplaced, missing ?? '', proof ?? '', inUse];
  const level = [validation, suites[0], suites.length, floor, ceiling, names, trust, settings.clockUnset];
  const key = JSON.stringify([...given, ...level, roots.key]);
  const known = context.verdicts.get(key);
  if (known) return known;
  const verdict = verdictOf({
    host: endpoint.host,
    server,
    missing,
    policy,
    roots: roots.certificates,
    now: settings.clockUnset ? undefined : context.now,
    proof,
    inUse,
  });
  context.verdicts.set(key, verdict);
  return verdict;
}

async function answerOf(
  endpoint: Endpoint,
  isReached: boolean,
  { before, after, address }: Pick<LinkInput, 'before' | 'after' | 'address'>,
  context: LinkContext,
): Promise<ServerAnswer> {
  const { host, port } = endpoint;
  if (host === undefined) return context.own.facts;
  // The operator has named what the change itself names, and the ACS's own URL; only other servers need the device's address.
  const isOperators = isOwn(endpoint, context) || before.settings.isWanted(host) || after.settings.isWanted(host);
  const found = await context.servers.of({ host, port }, isOperators ? undefined : address);
  // A server that cannot be probed by that name from here, but at which the device reached this ACS, is this ACS.
  return 'missing' in found && (isReached || isOwn(endpoint, context)) ? context.own.facts : found;
}

const isOwn = ({ host, port }: Endpoint, { own }: LinkContext): boolean => {
  const url = own.url !== undefined && URL.canParse(own.url) ? new URL(own.url) : undefined;
  return url !== undefined && bare(url) === host && Number(url.port || 443) === port;
};

/** Tells whether a device that trusts the server now still does: the issuer is the same, and no CA goes that vouches for it. */
function staysTrusted(
  { host, service }: Endpoint,
  { settings, roots }: Side,
  { now: time }: LinkContext,
  now: ServerFacts,
  server: ServerFacts,
): boolean {
  if (server !== now && !sameIssuers(now, server)) return false;
  return !vouchFor(roots.gone, { server, host, policy: settings.policy(service), now: time });
}

/** Tells whether the device has this very connection now, and will validate it at no higher level than now. */
function isCurrent(endpoint: Endpoint, settings: Settings, { current, held }: DeviceState): boolean {
  const now = current.get(linkKey(endpoint));
  if (!now || now.plain || serverOfEndpoint(now) !== serverOfEndpoint(endpoint)) return false;
  return !isRaised(endpoint.service, held, settings);
}

/** The proof that sessions give where not all of the device is known: what it accepts now, it accepts at the same level later. */
function proofOf(
  { host, service }: Endpoint,
  { settings, roots }: Side,
  { held, absent }: DeviceState,
  context: LinkContext,
  now: ServerFacts,
  server: ServerFacts | undefined,
): SessionProof | undefined {
  const isGap = !roots.declared || assumesLevel(settings, service) || host === undefined;
  if (!isGap || absent || roots.unsure || !isInDate(now, context.now)) return undefined;
  const validates = !assumesLevel(held, 'Cwmp') && held.policy('Cwmp').validation !== 'NoValidation';
  if (!validates && (service !== 'Cwmp' || isRaised('Cwmp', held, settings))) return undefined;
  return server === now ? 'chain' : 'issuer';
}

/** Tells whether the service validates at a higher level than before; any level that is set is higher than an unknown one. */
function isRaised(service: TlsService, before: Settings, after: Settings): boolean {
  if (assumesLevel(before, service) !== assumesLevel(after, service)) return true;
  const { levels } = services[service];
  return levels.indexOf(after.policy(service).validation) > levels.indexOf(before.policy(service).validation);
}

const assumesLevel = (settings: Settings, service: TlsService): boolean =>
  settings.assumed(service).some(name => name.endsWith('Validation'));
