// The surroundings of a call: the settings, the connection and the accounts of its user agent.
import type { Clock, Random } from '../../../shared/clock.ts';
import type { Log } from '../../../shared/log.ts';
import type { Flow } from '../../../shared/sip/flow-types.ts';
import type { TransactionLayer } from '../../../shared/sip/transaction.ts';
import type { Notify } from '../../notifications.ts';
import type { Accounts } from '../accounts.ts';
import type { Authenticator } from '../auth.ts';
import { contactUri } from '../contact.ts';
import { type KeyManagement, keyManagementOf, type MediaSecurity } from '../media/keying.ts';
import { MediaSession } from '../media/media.ts';
import { type MediaPorts, openPorts } from '../media/ports.ts';
import type { UserAgentConfig, UserAgentEnv } from '../settings.ts';
import type { Leg } from './call.ts';
import { type CallSettings, factoryCallSettings } from './settings.ts';

export interface CallContext {
  readonly address: string;
  readonly domain: string;
  readonly userAgent: string;
  readonly security: MediaSecurity;
  readonly rtpBasePort: number;
  /** 0: one port for both (DGW `IpTransportSrtpBasePort`). */
  readonly srtpBasePort: number;
  readonly rejectCode: 415 | 488;
  readonly ringMs: number;
  readonly calls: CallSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly layer: TransactionLayer;
  readonly keying: KeyManagement;
  /** The connection that calls go over; undefined while it is down. */
  flow(): Flow | undefined;
  /** The value of Contact. @param sips RFC 3261 8.1.1.8, 12.1.1 */
  contact(user: string, flow: Flow, sips: boolean): string;
  authOf(user: string): Authenticator;
  readonly notify: Notify;
  wrongKeyManagement(): void;
  openMedia(basePort: number, ssrc: number): Promise<{ ports: MediaPorts; session: MediaSession }>;
  /** Calls that are up, by the key of their dialog. */
  readonly legs: Map<string, Leg>;
}

export function createCallContext(parts: {
  config: UserAgentConfig;
  env: UserAgentEnv;
  layer: TransactionLayer;
  accounts: Accounts;
  flow: () => Flow | undefined;
}): CallContext {
  const { config, env, layer, accounts, flow } = parts;
  const { clock, random, log } = env;
  return {
    address: config.address,
    domain: config.domain,
    userAgent: config.userAgent,
    security: config.srtp,
    rtpBasePort: config.rtpBasePort,
    srtpBasePort: config.srtpBasePort,
    rejectCode: config.rejectCode,
    ringMs: 1000 * (config.ring ?? 0),
    calls: config.calls ?? factoryCallSettings,
    clock,
    random,
    log,
    layer,
    keying: keyManagementOf(config.srtp, random),
    flow,
    contact: (user, flow, sips) => `<${contactUri(config, user, flow, sips ? 'tls' : config.contactTransport)}>`,
    authOf: user => accounts.authOf(user),
    notify: env.notify,
    wrongKeyManagement: () => env.notify('wrongKeyManagement', {}),
    openMedia: async (basePort, ssrc) => {
      const ports = await openPorts(config.address, basePort);
      return { ports, session: new MediaSession({ ports, ssrc, tone: config.tone, clock, random, log }) };
    },
    legs: new Map(),
  };
}
