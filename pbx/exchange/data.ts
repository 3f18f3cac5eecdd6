// The data of the exchange that outlasts a restart, table by table: extensions, their terminals and codes, routes, settings.

/** Extension number: 2 to 20 digits. */
export type DirectoryNumber = string;

/** Security policy of the system: none, all secure, with extension exception, with type exception. */
export type PolicyNumber = 0 | 1 | 2 | 3;

/** Connections whose media encryption is switched on and off each on its own. */
export const encryptionTypes = ['extension', 'route', 'intermgw'] as const;
export type EncryptionType = (typeof encryptionTypes)[number];

/** An extension number (command `extension`). */
export interface Extension {
  dir: DirectoryNumber;
  /** Server that keeps it, 1 to 124. */
  lim: number;
  /** Common service profile, 0 to 500. */
  csp: number;
  customer: number;
  /** True: may be used without TLS and SRTP. */
  securityException: boolean;
  /** True: SIP telephones of other makers may register. */
  thirdPartyClient: boolean;
  /** 1 to 8. */
  maxTerminals: number;
  /** Settings that are kept and printed alone, by the name of their option. */
  features?: Readonly<Record<string, string>>;
}

/** The IP terminal type of an extension (command `ip_extension`). */
export interface IpExtension {
  dir: DirectoryNumber;
  /** `IP`: SIP and H.323. */
  protocol: 'SIP' | 'IP';
  /** Terminals that may be logged on at a time, at most those of the extension; as many as those unless given. */
  maxTerminals?: number;
}

/** An authorization code (command `auth_code`); with `dir` it is the individual one of a number, its PIN. */
export interface AuthorizationCode {
  code: string;
  dir?: DirectoryNumber;
  customer: number;
  csp: number;
  cil: string;
  isRestricted: boolean;
  /** True for a code that prints leave out (`--hash-type md5a1`). */
  isHidden?: boolean;
}

/** A SIP route to another exchange, or to a gateway that is a trunk (command `sip_route`); keyed by its number. */
export interface SipRoute {
  route: number;
  /** Digits that a called number begins with to take this route; the longest one that fits goes first. */
  prefix: string;
  /** Name or address of the other side; absent where it registers here, as `registeredAs`. */
  host?: string;
  port: number;
  protocol: 'udp' | 'tcp' | 'tls';
  /** Request-URI of calls, with `?` for the called number; `sip:?@host:port` unless given. */
  uri?: string;
  /** The other side is a media gateway: calls over it are gateway calls. */
  isGateway: boolean;
  /** Extension or account that the other side registers with; calls take that registration's connection. */
  registeredAs?: string;
  /** User and password that the other side asks for. */
  user?: string;
  password?: string;
  /** We register there with `user`, so that the other side can call over that connection. */
  registers: boolean;
}

/** The IP networking data of an H.323 route (commands RIANI, RIANC); keyed by its number. */
export interface H323Route {
  route: number;
  /** Digits that a called number begins with to take this route; the longest one that fits goes first. */
  prefix: string;
  host: string;
  /** Call signalling port of the other side. */
  port: number;
  /** Call signalling runs over TLS. */
  tls: boolean;
}

/** Rows by key, in each table. */
export interface ExchangeTables {
  extensions: Extension;
  ipExtensions: IpExtension;
  /** Keyed `dir:NUMBER` for individual codes, `code:CODE` for common ones. */
  authorizationCodes: AuthorizationCode;
  sipRoutes: SipRoute;
  h323Routes: H323Route;
  settings: Settings;
  licenses: License;
}

/** The one row of the table `settings`, at the key `system`. */
export interface Settings {
  policy: PolicyNumber;
  mediaEncryption: Readonly<Record<EncryptionType, boolean>>;
}

export interface License {
  /** `VOIP-SECURITY` and others. */
  tag: string;
  /** Uses that are paid for; undefined: without bound. */
  count?: number;
}

export type TableName = keyof ExchangeTables;
export const tableNames: readonly TableName[] = [
  'extensions',
  'ipExtensions',
  'authorizationCodes',
  'sipRoutes',
  'h323Routes',
  'settings',
  'licenses',
];

/** One change of one row; without `row` it is erased. */
export type Change = { [T in TableName]: { table: T; key: string; row?: ExchangeTables[T] } }[TableName];

export const defaultSettings: Settings = {
  policy: 0,
  mediaEncryption: { extension: false, route: false, intermgw: false },
};
