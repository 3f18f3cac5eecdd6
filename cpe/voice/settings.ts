// The settings of a user agent: the unit's SipEp, Mipt and Telif settings in plain form; and its surroundings.
import type { Clock, Random } from '../../shared/clock.ts';
import type { DnsSettings } from '../../shared/dns/client.ts';
import type { LocateOptions } from '../../shared/dns/locate.ts';
import type { Log } from '../../shared/log.ts';
import type { SipTap } from '../../shared/sip/flow-types.ts';
import type { TlsSettings } from '../../shared/tls/connect.ts';
import type { Notify } from '../notifications.ts';
import type { CallSettings } from './call/settings.ts';
import type { CallWatch } from './call/watch.ts';
import type { EndpointMedia } from './media/endpoint-media.ts';
import type { MediaSecurity, SessionUpdateCryptoMode } from './media/keying.ts';
import type { MikeyMemory } from './media/keys/mikey-keys.ts';

/** DGW `SipEp.InteropRegistrationContactMatching`. */
export type ContactMatching = 'Strict' | 'IgnoreUriParams' | 'IgnoreUriAndPortParams';

export interface MediaSettings {
  srtp: MediaSecurity;
  /** `Regenerate` by default. */
  sessionUpdateCryptoMode?: SessionUpdateCryptoMode;
  rtpBasePort: number;
  /** 0: the RTP port serves both. */
  srtpBasePort: number;
}

/** `srtp` is that of endpoints without their own. */
export interface UserAgentConfig extends MediaSettings {
  /** Name of the SIP gateway (`SipEp.Gateway.Name`). */
  gateway: string;
  /** The unit's own address: signalling, media and Contact. */
  address: string;
  /** The transport of the unit's own requests. */
  transport: 'tls' | 'tcp' | 'udp';
  /** `trunk` by default: an endpoint gateway has no static listening port, and conditions of its own for failover. */
  type?: 'trunk' | 'endpoint';
  /** All transports that are enabled, with the q-value of their contacts ('': none); `transport` alone by default. */
  transports?: readonly { protocol: 'tls' | 'tcp' | 'udp'; q: string }[];
  /** Listening port; 0 = 5060, over TLS 5061. */
  port: number;
  /** Asks clients of the unit's TLS port for a certificate (`SipEp.InteropTlsClientAuthenticationEnable`). */
  clientAuthentication?: boolean;
  /** First local port of persistent TLS connections, and how far they cycle (0: not at all). */
  basePort: number;
  portInterval: number;
  /** The local port used last, over a restart. */
  lastPort?: number;
  /** Seconds. */
  failbackInterval: number;
  connectTimeout: number;
  /** The lookup of servers by name; that of the host where absent. */
  dns?: DnsSettings & Pick<LocateOptions, 'queries' | 'forcesNaptr'>;
  /** Time in the penalty box of a target that failed; absent: the failback interval. */
  penaltySeconds?: number;
  /** Of an endpoint gateway: statuses that make it go to another target (`SipEp.…SipFailoverConditions`). */
  failoverConditions?: readonly string[];
  /** Timers B, F and H of SIP, seconds; 32 by default. */
  transmissionTimeout?: number;
  /** The outbound proxy: calls go here. Absent: none. */
  proxy?: { host: string; port: number };
  /** The home-domain proxy ("Proxy Host"): calls go here where there is no outbound proxy; to the registrar where both are absent. */
  home?: { host: string; port: number };
  /** Host '': none, as a trunk to a peer gateway has it. */
  registrar: { host: string; port: number };
  /** Right-hand side of our addresses. */
  domain: string;
  accounts: readonly {
    user: string;
    /** Display name in the calls of the account (DGW `SipEp.UserAgent.FriendlyName`). */
    name?: string;
    register: boolean;
    authUser?: string;
    password?: string;
    realm?: string;
    /** Media security of its endpoint, where that has its own (DGW `Mipt.EpSpecificSecurity`). */
    srtp?: MediaSecurity;
    /** The mailbox that it subscribes to (DGW `SipEp.UserAgent.MwiSubscribe`), and its host as it is configured. */
    mailbox?: { uri: string; host: string };
  }[];
  /** The `transport` parameter in the Contact of REGISTER, and of everything else. */
  registrationTransport: boolean;
  contactTransport: boolean;
  /** Value of User-Agent. */
  userAgent: string;
  /** Key that MIKEY messages are protected with; absent: the keys in them travel uncovered. No variable of the DGW sets it. */
  mikeyKey?: Buffer;
  rejectCode: 415 | 488;
  /** Proposed seconds of a registration; 0 proposes none. */
  expires: number;
  retryTime: number;
  /** Seconds before expiry. */
  refreshTime: number;
  keepAlive: { method: 'None' | 'SipOptions' | 'Ping' | 'TcpKeepAlive'; interval: number };
  /** Hz that the unit plays in a call. */
  tone: number;
  /** Seconds a call rings before it is answered by itself; 0 by default. */
  ring?: number;
  /** The factory's by default; see `UserAgentEnv.callSettings`. */
  calls?: CallSettings;
  /** `Strict` by default. */
  contactMatching?: ContactMatching;
}

/** Events by which a SIP server makes the unit act. */
export type UnitEvent = 'check-sync' | 'reboot';

/** The refusal of a call: its status for peers, its reason for the unit's own. */
export interface CallGate {
  status: 480 | 486;
  reason: string;
}

export interface UserAgentEnv {
  clock: Clock;
  random: Random;
  log: Log;
  /** The unit's clock, milliseconds since 1970; undefined while it is not set. By default that of `clock`. */
  now?: () => number | undefined;
  /** The memory of MIKEY, kept by the unit over restarts of the service. */
  mikey?: MikeyMemory;
  /** Security and ports of an account's media as they are set now; by default those of the configuration. */
  mediaSettings?: (user: string) => MediaSettings;
  /** Read at each attempt to connect and at each client. @param role `client` by default */
  tls: (role?: 'client' | 'server') => TlsSettings;
  /** The media of an account's endpoint, read at each call; G.711 in packets of 20 ms where absent. */
  mediaOf?: (user: string) => EndpointMedia;
  /** The settings of calls as they are now; by default those of the configuration. */
  callSettings?: () => CallSettings;
  notify: Notify;
  /** The refusal that a new call of an account meets now; undefined where one may begin, as by default. */
  callGate?: (user: string) => CallGate | undefined;
  /** The account is not to be registered now. */
  isLocked?: (user: string) => boolean;
  /** The work that an event of a SIP server stands for, as the unit is set now; undefined where it is rejected, as by default. */
  onEvent?: (event: UnitEvent) => (() => Promise<void>) | undefined;
  watch?: CallWatch;
  /** Receives each SIP message. */
  tap?: SipTap | undefined;
}

/** Media is secured by keys that travel without TLS. */
export const hasReadableKeys = ({ transport, srtp, accounts }: UserAgentConfig): boolean =>
  transport !== 'tls' && accounts.some(account => (account.srtp ?? srtp).mode !== 'Unsecure');
