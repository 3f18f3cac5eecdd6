// The links of a device, before and after a change, each with its verdict. Computed once for all devices that are equal in what counts.
import type { ServerFacts } from '../../../shared/tls/offer.ts';
import type { Place } from '../../../shared/tls/places.ts';
import { services, type TlsService } from '../../../shared/tls/profiles.ts';
import { type ReadServer, serverName } from './servers.ts';
import type { Settings } from './tls-settings.ts';
import type { Roots } from './trust.ts';
import { inUseSince, isInDate, type LinkVerdict, type Proof, sameIssuers, verdictOf, vouchFor } from './verdict.ts';

export type LinkName = Place['link'];

/** One link of a device. */
export interface Link {
  link: LinkName;
  service: TlsService;
  /** `host:port`; `?` for a name that is not known. */
  server: string;
  /** Null where there is no such link. */
  before: LinkVerdict | null;
  after: LinkVerdict | null;
  /** Variables that nobody knows, taken at the vendor's default. */
  assumed: string[];
}

/** A device as it is before or after the change. */
export interface Side {
  settings: Settings;
  roots: Roots;
}

export interface LinkContext {
  servers: ReadServer;
  now: number;
  /** The ACS by its own account: the URL that CPEs are given, and what its listener offers. */
  own: { url: string | undefined; facts: { facts: ServerFacts } | { missing: string } };
  /** What was judged already in this run. */
  verdicts: Map<string, LinkVerdict>;
  /** What the ACS will offer, where its certificate is what changes. */
  ownAfter?: ServerFacts;
  /** That link alone is judged. */
  only?: 'acs';
}

interface Target extends Place {
  /** In clear: nothing to judge. */
  plain?: boolean;
  /** The device reaches this ACS by it. */
  ours?: boolean;
}

const bare = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '').toLowerCase();

/** ClusterMemory the device connects to, the ACS first. */
function targetsOf(settings: Settings, ground: LinkContext): Target[] {
  const url = settings.acsUrl ?? ground.own.url;
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
  const toAcs: Target = { link: 'acs', service: 'Cwmp', ...at };
  if (ground.only === 'acs') return [toAcs];
  const served: Target[] = [
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

const keyOf = ({ link, host, port }: Target): string => (link === 'sip' ? `${link} ${host}:${port}` : link);

export interface LinkInput {
  before: Side;
  after: Side;
  /** What the device goes by now: what is wanted before the change it may not have taken yet. */
  held: Settings;
  /** It has informed since `reachedSince`. */
  informed: boolean;
  /** It has not been heard for longer than it should: what it accepted then it may accept no more. */
  absent: boolean;
  address: string;
}

/** What is worked out once for a device: where it connects to now, and where it is known to have reached this ACS over TLS. */
interface Seen extends LinkInput {
  standing: ReadonlyMap<string, Target>;
  reached: string | undefined;
}

const byKey = (settings: Settings, ground: LinkContext): Map<string, Target> =>
  new Map(targetsOf(settings, ground).map(target => [keyOf(target), target]));

/**
 * Since when the ACS that the device reaches has the certificates that it has, milliseconds: earlier sessions prove nothing of them.
 * -Infinity where they are not known, or there are none.
 */
export async function reachedSince(input: Omit<LinkInput, 'informed'>, ground: LinkContext): Promise<number> {
  const [acs] = targetsOf(input.held, { ...ground, only: 'acs' });
  if (!acs || acs.plain) return Number.NEGATIVE_INFINITY;
  const now = await serverOf(acs, true, input, ground);
  return 'facts' in now ? inUseSince(now.facts) : Number.NEGATIVE_INFINITY;
}

export async function linksOf(input: LinkInput, ground: LinkContext): Promise<Link[]> {
  const standing = byKey(input.held, ground);
  const acs = standing.get('acs');
  const reached = !input.informed || !acs || acs.plain ? undefined : whereOf(acs);
  const seen: Seen = { ...input, standing, reached };
  const old = byKey(input.before.settings, ground);
  const fresh = byKey(input.after.settings, ground);
  const links: Link[] = [];
  for (const key of new Set([...old.keys(), ...fresh.keys()])) {
    const [was, is] = [old.get(key), fresh.get(key)];
    const shown = is ?? was!;
    links.push({
      link: shown.link,
      service: shown.service,
      server: `${shown.host ?? '?'}:${shown.port}`,
      before: was ? await judge(was, 'before', seen, ground) : null,
      after: is ? await judge(is, 'after', seen, ground) : null,
      assumed: shown.plain ? [] : input.after.settings.assumed(shown.service),
    });
  }
  return links;
}

const whereOf = ({ host, port }: Target): string => serverName(host ?? '?', port);

async function judge(target: Target, at: 'before' | 'after', seen: Seen, ground: LinkContext): Promise<LinkVerdict> {
  if (target.plain) return { verdict: 'keeps', message: 'in clear, without TLS' };
  const { settings, roots } = seen[at];
  const isReached = target.ours === true && seen.reached === whereOf(target);
  const now = await serverOf(target, isReached, seen, ground);
  const isReplaced = at === 'after' && target.ours === true && ground.ownAfter !== undefined;
  const server = isReplaced ? ground.ownAfter : 'facts' in now ? now.facts : undefined;
  const missing = 'missing' in now ? now.missing : undefined;
  const stays = server !== undefined && 'facts' in now && staysTrusted(target, seen[at], ground, now.facts, server);
  const stands = stays && !roots.told && isStanding(target, settings, seen);
  const proof =
    stays && isReached && 'facts' in now ? proofOf(target, seen[at], seen, ground, now.facts, server) : undefined;
  const policy = settings.policy(target.service);
  const { validation, suites, floor, ceiling, names } = policy;
  const place = [whereOf(target), isReached, isReplaced, missing ?? '', proof ?? '', stands, settings.clockUnset];
  const key = JSON.stringify([...place, validation, suites[0], suites.length, floor, ceiling, names, roots.key]);
  const known = ground.verdicts.get(key);
  if (known) return known;
  const verdict = verdictOf({
    host: target.host,
    server,
    missing,
    policy,
    roots: roots.certificates,
    now: settings.clockUnset ? undefined : ground.now,
    proof,
    stands,
  });
  ground.verdicts.set(key, verdict);
  return verdict;
}

async function serverOf(
  target: Target,
  isReached: boolean,
  { before, after, address }: Pick<LinkInput, 'before' | 'after' | 'address'>,
  ground: LinkContext,
): Promise<{ facts: ServerFacts } | { missing: string }> {
  const { host, port } = target;
  if (host === undefined) return ground.own.facts;
  // What the change itself names, and the ACS's own URL, are the operator's word.
  const isOperators = isOwn(target, ground) || before.settings.isWanted(host) || after.settings.isWanted(host);
  const found = await ground.servers({ host, port }, isOperators ? undefined : address);
  // Where it cannot be asked by that name from here: it has been reached there, so it is this one.
  return 'missing' in found && (isReached || isOwn(target, ground)) ? ground.own.facts : found;
}

const isOwn = ({ host, port }: Target, { own }: LinkContext): boolean => {
  const url = own.url !== undefined && URL.canParse(own.url) ? new URL(own.url) : undefined;
  return url !== undefined && bare(url) === host && Number(url.port || 443) === port;
};

/** Whether the device goes on trusting the server if it trusts it now: the same issuer, and no CA goes by which it would. */
function staysTrusted(
  { host, service }: Target,
  { settings, roots }: Side,
  { now: time }: LinkContext,
  now: ServerFacts,
  server: ServerFacts,
): boolean {
  if (server !== now && !sameIssuers(now, server)) return false;
  return !vouchFor(roots.gone, { server, host, policy: settings.policy(service), now: time });
}

/** Whether the device has this very connection now, and judges by no higher level than it does now. */
function isStanding(target: Target, settings: Settings, { standing, held }: Seen): boolean {
  const now = standing.get(keyOf(target));
  if (!now || now.plain || whereOf(now) !== whereOf(target)) return false;
  return !isRaised(target.service, held, settings);
}

/** Where not all is known of the device, its sessions tell: what it accepts today it accepts at the same level tomorrow. */
function proofOf(
  { host, service }: Target,
  { settings, roots }: Side,
  { held, absent }: Seen,
  ground: LinkContext,
  now: ServerFacts,
  server: ServerFacts | undefined,
): Proof | undefined {
  const isGap = !roots.told || assumesLevel(settings, service) || host === undefined;
  if (!isGap || absent || roots.unsure || !isInDate(now, ground.now)) return undefined;
  const validates = !assumesLevel(held, 'Cwmp') && held.policy('Cwmp').validation !== 'NoValidation';
  if (!validates && (service !== 'Cwmp' || isRaised('Cwmp', held, settings))) return undefined;
  return server === now ? 'chain' : 'issuer';
}

/** Whether the service judges by a higher level than it did; one that nobody knows is raised by any that is set. */
function isRaised(service: TlsService, before: Settings, after: Settings): boolean {
  if (assumesLevel(before, service) !== assumesLevel(after, service)) return true;
  const { levels } = services[service];
  return levels.indexOf(after.policy(service).validation) > levels.indexOf(before.policy(service).validation);
}

const assumesLevel = (settings: Settings, service: TlsService): boolean =>
  settings.assumed(service).some(name => name.endsWith('Validation'));
