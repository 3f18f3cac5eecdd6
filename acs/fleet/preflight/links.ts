// The links of a device, before and after a change, each with its verdict. Computed once for all devices that are equal in what counts.

import type { ServerFacts } from '../../../shared/tls/offer.ts';
import type { Place } from '../../../shared/tls/places.ts';
import type { TlsPolicy, TlsService } from '../../../shared/tls/profiles.ts';
import { type ReadServer, serverName } from './servers.ts';
import type { Settings } from './settings.ts';
import type { Roots } from './trust.ts';
import { type LinkVerdict, type Proof, provenBy, sameIssuers, verdictOf } from './verdict.ts';

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

export interface LinkGround {
  servers: ReadServer;
  now: number;
  /** The ACS by its own account: the URL that CPEs are given, and what its listener offers. */
  own: { url: string | undefined; facts: { facts: ServerFacts } | { missing: string } };
  /** What the ACS will offer, where its certificate is what changes. */
  ownAfter?: ServerFacts;
}

interface Target extends Place {
  /** In clear: nothing to judge. */
  plain?: boolean;
  /** The device reaches this ACS by it. */
  ours?: boolean;
}

/** Everywhere the device connects to, the ACS first. */
function targetsOf(settings: Settings, ground: LinkGround): Target[] {
  const url = settings.acsUrl ?? ground.own.url;
  const acs = url !== undefined && URL.canParse(url) ? new URL(url) : undefined;
  const plain = acs?.protocol === 'http:';
  const host = acs?.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const isAny = host === undefined || host === '' || host === '0.0.0.0' || host === '::';
  const at = {
    ...(isAny ? {} : { host }),
    port: Number(acs?.port || (plain ? 80 : 443)),
    ...(plain && { plain }),
    ours: true,
  };
  const served: Target[] = [
    { link: 'firmware', service: 'Fpu', ...at },
    ...(settings.isDgw
      ? ([
          { link: 'scripts', service: 'Conf', ...at },
          { link: 'certificates', service: 'Cert', ...at },
        ] as const)
      : []),
  ];
  return [{ link: 'acs', service: 'Cwmp', ...at }, ...served, ...settings.places];
}

const keyOf = ({ link, host, port }: Target): string => (link === 'sip' ? `${link} ${host}:${port}` : link);

export interface LinkInput {
  before: Side;
  after: Side;
  /** When it last informed; undefined where never. */
  informed: number | undefined;
  address: string;
}

export async function linksOf(input: LinkInput, ground: LinkGround): Promise<Link[]> {
  const { before, after } = input;
  const old = new Map(targetsOf(before.settings, ground).map(target => [keyOf(target), target]));
  const fresh = new Map(targetsOf(after.settings, ground).map(target => [keyOf(target), target]));
  const links: Link[] = [];
  for (const key of new Set([...old.keys(), ...fresh.keys()])) {
    const [was, is] = [old.get(key), fresh.get(key)];
    const shown = is ?? was!;
    links.push({
      link: shown.link,
      service: shown.service,
      server: `${shown.host ?? '?'}:${shown.port}`,
      before: was ? await judge(was, 'before', input, ground) : null,
      after: is ? await judge(is, 'after', input, ground) : null,
      assumed: shown.plain ? [] : after.settings.assumed(shown.service),
    });
  }
  return links;
}

async function judge(
  target: Target,
  at: 'before' | 'after',
  input: LinkInput,
  ground: LinkGround,
): Promise<LinkVerdict> {
  if (target.plain) return { verdict: 'keeps', message: 'in clear, without TLS' };
  const side = input[at];
  const reached = reachedBy(input, ground);
  const isReached = target.ours === true && reached !== undefined && reached === whereOf(target);
  const now = await serverOf(target, isReached, input, ground);
  const replaced = at === 'after' && isReached && ground.ownAfter !== undefined;
  const server = replaced ? ground.ownAfter : 'facts' in now ? now.facts : undefined;
  const proof =
    isReached && server && 'facts' in now ? proofOf(target, side, input, ground, now.facts, server) : undefined;
  return verdictOf({
    host: target.host,
    server,
    missing: 'missing' in now ? now.missing : undefined,
    policy: side.settings.policy(target.service),
    roots: side.roots.certificates,
    now: side.settings.clockUnset ? undefined : ground.now,
    proof,
  });
}

const whereOf = ({ host, port }: Target): string => serverName(host ?? '?', port);

/** Where the device has reached this ACS, over TLS. */
function reachedBy({ before, informed }: LinkInput, ground: LinkGround): string | undefined {
  const [acs] = targetsOf(before.settings, ground);
  return informed === undefined || !acs || acs.plain ? undefined : whereOf(acs);
}

async function serverOf(
  target: Target,
  isReached: boolean,
  input: LinkInput,
  ground: LinkGround,
): Promise<{ facts: ServerFacts } | { missing: string }> {
  const { host, port } = target;
  if (host === undefined) return ground.own.facts;
  const { before, after } = input;
  const isOperators = isOwn(target, ground) || before.settings.isWanted(host) || after.settings.isWanted(host);
  const namedBy = isOperators ? undefined : input.address;
  const found = await ground.servers({ host, port }, namedBy);
  // Where it cannot be asked by that name from here: it has been reached there, so it is this one.
  return 'missing' in found && (isReached || isOwn(target, ground)) ? ground.own.facts : found;
}

const isOwn = ({ host, port }: Target, { own }: LinkGround): boolean => {
  const url = own.url !== undefined && URL.canParse(own.url) ? new URL(own.url) : undefined;
  return url?.hostname.replace(/^\[|\]$/g, '') === host && Number(url?.port || 443) === port;
};

/** Where not all is known of the device, its sessions tell: what it accepts today it accepts at the same level tomorrow. */
function proofOf(
  { host, service }: Target,
  side: Side,
  { before, informed }: LinkInput,
  ground: LinkGround,
  now: ServerFacts,
  server: ServerFacts,
): Proof | undefined {
  const level = (settings: Settings, of: TlsService): TlsPolicy['validation'] => settings.policy(of).validation;
  const isLevelKnown = (settings: Settings): boolean => !settings.isDgw || !assumesLevel(settings, 'Cwmp');
  const isGap = !side.roots.told || assumesLevel(side.settings, service) || host === undefined;
  if (!isGap || !provenBy(now, informed, ground.now)) return undefined;
  const validates = isLevelKnown(before.settings) && level(before.settings, 'Cwmp') !== 'NoValidation';
  const isSame =
    service === 'Cwmp' &&
    level(before.settings, 'Cwmp') === level(side.settings, 'Cwmp') &&
    assumesLevel(before.settings, 'Cwmp') === assumesLevel(side.settings, 'Cwmp');
  if (!validates && !isSame) return undefined;
  if (server === now) return 'chain';
  return sameIssuers(now, server) ? 'issuer' : undefined;
}

const assumesLevel = (settings: Settings, service: TlsService): boolean =>
  settings.assumed(service).some(name => name.endsWith('Validation'));
