// The surroundings of a call: the settings, the connection and the accounts of its user agent.
import type { Clock, Random } from '../../../shared/clock.ts';
import type { Log } from '../../../shared/log.ts';
import type { Flow } from '../../../shared/sip/flow-types.ts';
import type { TransactionLayer } from '../../../shared/sip/transaction.ts';
import type { Notify } from '../../notifications.ts';
import type { Accounts } from '../accounts.ts';
import type { Authenticator } from '../auth.ts';
import { contactUri } from '../contact.ts';
import { type EndpointMedia, plainMedia } from '../media/endpoint-media.ts';
import type { KeyManagement, MediaSecurity } from '../media/keying.ts';
import { keyManagementOf } from '../media/keys/key-management.ts';
import { MediaSession } from '../media/media.ts';
import { type MediaPorts, openPorts } from '../media/ports.ts';
import type { CallGate, MediaSettings, UserAgentConfig, UserAgentEnv } from '../settings.ts';
import { type Call, CallFailed, type Leg, type PlaceOptions, type Remains } from './call.ts';
import { type CallSettings, factoryCallSettings } from './settings.ts';
import type { CallWatch } from './watch.ts';

/** More calls than any unit has lines. */
export const MOST_CALLS = 64;

interface Protection {
  security: MediaSecurity;
  keying: KeyManagement;
  /** First local port that a stream may have. */
  portOf: (secured: boolean) => number;
  /** A secured and a plain stream have one port together (DGW `IpTransportSrtpBasePort` 0). */
  sharesPort: boolean;
}

export interface CallContext {
  readonly address: string;
  readonly domain: string;
  /** The address of an account in From, with its display name. */
  fromOf(user: string): string;
  readonly userAgent: string;
  readonly rejectCode: 415 | 488;
  readonly ringMs: number;
  /** As the unit is set now. */
  readonly calls: CallSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly layer: TransactionLayer;
  /** The connection that calls go over; undefined while it is down. */
  flow(): Flow | undefined;
  /** The value of Contact. @param sips RFC 3261 8.1.1.8, 12.1.1 */
  contact(user: string, flow: Flow, sips: boolean): string;
  authOf(user: string): Authenticator;
  readonly notify: Notify;
  readonly watch: CallWatch | undefined;
  /** The refusal that a new call of an account meets now. */
  callGate(user: string): CallGate | undefined;
  /** Security and ports of an account's media as they are set now; its endpoint may have its own. */
  protectionOf(user: string): Protection;
  /** The media that the account's endpoint offers and takes, as it is set now. */
  mediaOf(user: string): EndpointMedia;
  wrongKeyManagement(): void;
  /** The URI of a target: itself, or a number or name at the unit's domain. */
  addressOf(target: string): string;
  /** Places a call; see SipUserAgent.call. */
  place(user: string, target: string, options: PlaceOptions): Promise<Call>;
  openMedia(basePort: number, ssrc: number): Promise<{ ports: MediaPorts; session: MediaSession }>;
  /** Calls that are up, by the key of their dialog. */
  readonly legs: Map<string, Leg>;
  /** By the same key. */
  readonly remains: Map<string, Remains>;
}

/** `"Lobby" `; empty where the account has none. RFC 3261 25.1 quoted-string. */
function displayName({ accounts }: UserAgentConfig, user: string): string {
  const name = accounts.find(account => account.user === user)?.name ?? '';
  return name === '' ? '' : `"${name.replace(/[\\"]/g, '\\$&').replace(/[\u0000-\u001f\u007f]/g, ' ')}" `;
}

export function createCallContext(parts: {
  config: UserAgentConfig;
  env: UserAgentEnv;
  layer: TransactionLayer;
  accounts: Accounts;
  flow: () => Flow | undefined;
  place: CallContext['place'];
}): CallContext {
  const { config, env, layer, accounts, flow, place } = parts;
  const { clock, random, log } = env;
  return {
    address: config.address,
    domain: config.domain,
    fromOf: user => `${displayName(config, user)}<sip:${user}@${config.domain}>`,
    userAgent: config.userAgent,
    rejectCode: config.rejectCode,
    ringMs: 1000 * (config.ring ?? 0),
    get calls() {
      return env.callSettings?.() ?? config.calls ?? factoryCallSettings;
    },
    clock,
    random,
    log,
    layer,
    protectionOf: protections(config, env),
    flow,
    contact: (user, flow, sips) => `<${contactUri(config, user, flow, sips ? 'tls' : config.contactTransport)}>`,
    addressOf: target => (/^sips?:/i.test(target) ? target : `sip:${target}@${config.domain}`),
    place,
    authOf: user => accounts.authOf(user),
    notify: env.notify,
    watch: env.watch,
    callGate: user => env.callGate?.(user),
    wrongKeyManagement: () => env.notify('wrongKeyManagement', {}),
    mediaOf: user => env.mediaOf?.(user) ?? plainMedia,
    openMedia: async (basePort, ssrc) => {
      const ports = await openPorts(config.address, basePort);
      return { ports, session: new MediaSession({ ports, ssrc, tone: config.tone, clock, random, log }) };
    },
    legs: new Map(),
    remains: new Map(),
  };
}

/** The protection of each account's calls. */
function protections(config: UserAgentConfig, env: UserAgentEnv): (user: string) => Protection {
  const { random, clock, now = () => clock.now(), mikey: memory = {} } = env;
  const { mikeyKey: preShared, accounts } = config;
  const configured = (user: string): MediaSettings => {
    return { ...config, srtp: accounts.find(account => account.user === user)?.srtp ?? config.srtp };
  };
  return user => {
    const { srtp: security, rtpBasePort, srtpBasePort, ...settings } = (env.mediaSettings ?? configured)(user);
    const { sessionUpdateCryptoMode: update = 'Regenerate' } = settings;
    return {
      security,
      keying: keyManagementOf(security, { random, now, memory, preShared, update }),
      portOf: secured => (secured && srtpBasePort) || rtpBasePort,
      sharesPort: srtpBasePort === 0,
    };
  };
}

/** @throws CallFailed where the unit's side may not use the service */
export function needService({ calls }: CallContext, service: keyof CallSettings['services']): void {
  if (!calls.services[service]) throw new CallFailed(403, `the unit's service ${service} is disabled`);
}
