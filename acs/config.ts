// The options of the ACS. Types, defaults, --help and environment variables come from this table.
import { isIP } from 'node:net';
import type { OptionSpecs, OptionValues } from '../shared/config.ts';
import { logLevels } from '../shared/log.ts';

const url =
  (protocols: string[]) =>
  (text: string): void => {
    let parsed: URL;
    try {
      parsed = new URL(text);
    } catch {
      throw new Error(`'${text}' is not a URL like ${protocols[0]}//0.0.0.0:7547`);
    }
    if (!protocols.includes(parsed.protocol)) throw new Error(`'${text}' must begin with ${protocols.join(' or ')}`);
  };

const network = (text: string): void => {
  const [address = '', bits] = text.split('/');
  const longest = isIP(address) === 6 ? 128 : 32;
  if (!isIP(address) || (bits !== undefined && (!/^\d{1,3}$/.test(bits) || Number(bits) > longest)))
    throw new Error(`'${text}' is not an address or network like 10.0.0.0/8`);
};

export const acsOptions = {
  config: { kind: 'string', value: 'FILE', help: 'JSON file with options, by their names without --' },
  data: { kind: 'string', value: 'DIR', help: 'directory for all data', default: 'data' },
  cwmp: {
    kind: 'list',
    value: 'URL',
    help: 'address for CPEs; default: https://0.0.0.0:7547; http:// must be given explicitly',
    check: url(['https:', 'http:']),
  },
  api: {
    kind: 'string',
    value: 'URL',
    help: 'address of the REST API',
    default: 'http://127.0.0.1:8080',
    check: url(['http:', 'https:']),
  },
  'api-plain': { kind: 'boolean', help: 'allow an --api with http:// on other addresses than loopback' },
  public: {
    kind: 'string',
    value: 'URL',
    help: 'base URL that CPEs use, if it differs from --cwmp',
    check: url(['https:', 'http:']),
  },
  store: {
    kind: 'string',
    value: 'URL',
    help: 'database: sqlite:FILE (default: sqlite:DATA/tandem.db) or mongodb://…/DATABASE; use TANDEM_STORE for a URL with a password',
    check: storeUrl,
  },
  'server-key': {
    kind: 'string',
    value: 'FILE',
    help: 'file with the key that protects all secrets, 64 hexadecimal digits; the same for all servers of one store; default: DATA/server-key',
  },
  relay: {
    kind: 'string',
    value: 'HOST:PORT',
    help: 'address at which the other servers of the same MongoDB reach this one; default: loopback, for servers on this machine only',
    check: hostPort,
  },
  workers: {
    kind: 'number',
    help: 'number of processes that serve CPEs, about one per core; 0: the main process serves them',
    default: 0,
    min: 0,
    max: 256,
  },
  cert: {
    kind: 'list',
    value: 'FILE',
    help: 'server certificate with its chain, PEM; default: issued by the built-in CA',
  },
  key: { kind: 'list', value: 'FILE', help: 'private key of the --cert at the same position, PEM' },
  'tls-min': {
    kind: 'string',
    value: 'VERSION',
    help: 'lowest TLS version that CPEs may use',
    default: 'TLSv1.2',
    choices: ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'],
  },
  'tls-ciphers': { kind: 'string', value: 'LIST', help: 'cipher suites that CPEs may use, in OpenSSL syntax' },
  'client-ca': {
    kind: 'string',
    value: 'FILE',
    help: 'CA of client certificates, whose common name identifies the CPE, PEM',
  },
  'cpe-auth': {
    kind: 'string',
    value: 'HOW',
    help: 'authentication of CPEs',
    default: 'required',
    choices: ['required', 'none'],
  },
  enrol: {
    kind: 'string',
    value: 'HOW',
    help: 'enrolment of a new CPE: after approval, or automatic',
    default: 'approve',
    choices: ['approve', 'auto'],
  },
  rebootstrap: {
    kind: 'string',
    value: 'HOW',
    help: 'with --enrol auto: a device that has its own login and comes with the enrolment credential after 0 BOOTSTRAP is held until approved, or allowed in',
    default: 'hold',
    choices: ['hold', 'allow'],
  },
  'enrol-secret': {
    kind: 'string',
    value: 'FILE',
    help: 'file with USERNAME:PASSWORD, the enrolment credential that all new CPEs share',
  },
  'trusted-proxy': {
    kind: 'list',
    value: 'CIDR',
    help: 'proxies whose X-Forwarded headers are trusted',
    check: network,
  },
  'proxy-protocol': {
    kind: 'list',
    value: 'CIDR',
    help: 'load balancers that forward TCP connections of CPEs with a PROXY header (version 1 or 2)',
    check: network,
  },
  'connection-request-allow': {
    kind: 'list',
    value: 'CIDR',
    help: 'networks that connection requests may go to, besides the source address of the last Inform',
    check: network,
  },
  'webhook-allow': {
    kind: 'list',
    value: 'CIDR',
    help: 'private or loopback networks that webhooks may go to, also with http://; default: only https:// to public addresses',
    check: network,
  },
  'max-sessions': {
    kind: 'number',
    help: 'maximum number of sessions at once; further CPEs wait, those with the most retries first',
    default: 1000,
    min: 1,
    max: 100_000,
  },
  'max-waiting': {
    kind: 'number',
    help: 'maximum number of CPEs that wait for a session, up to 20 s each; further CPEs get 503 with Retry-After',
    default: 5000,
    min: 0,
    max: 1_000_000,
  },
  'max-unproved': {
    kind: 'number',
    help: 'maximum number of connections from one address (IPv6: one /64) whose CPE has not proved its login; the oldest is closed first',
    default: 2000,
    min: 1,
    max: 1_000_000,
  },
  'max-parameters': {
    kind: 'number',
    help: 'maximum number of parameters that are kept of one device; what goes beyond is refused with a fault',
    default: 20_000,
    min: 100,
    max: 1_000_000,
  },
  stun: {
    kind: 'string',
    value: 'HOST:PORT',
    help: 'STUN server (UDP) for connection requests to CPEs behind NAT; the usual port is 3478; default: none',
    check: hostPort,
  },
  'stun-secret': {
    kind: 'string',
    value: 'FILE',
    help: 'file with USERNAME:PASSWORD that CPEs use for binding changes',
  },
  'keep-tasks': {
    kind: 'number',
    value: 'DAYS',
    help: 'retention of ended tasks, at most 1,000,000 of them',
    default: 30,
    min: 1,
    max: 36_500,
  },
  'keep-audit': {
    kind: 'number',
    value: 'DAYS',
    help: 'retention of the audit, at most 1,000,000 entries',
    default: 365,
    min: 1,
    max: 36_500,
  },
  'audit-syslog': {
    kind: 'string',
    value: 'HOST:PORT',
    help: 'receiver of the audit by syslog (RFC 5424) over UDP; default: none',
    check: hostPort,
  },
  'oidc-issuer': {
    kind: 'string',
    value: 'URL',
    help: 'identity provider (OpenID Connect) by which users may sign in besides those with a password; default: none',
    check: url(['https:', 'http:']),
  },
  'oidc-client-id': { kind: 'string', value: 'ID', help: 'name of this server at the --oidc-issuer' },
  'oidc-secret': {
    kind: 'string',
    value: 'FILE',
    help: 'file with the secret of the --oidc-client-id, or TANDEM_OIDC_CLIENT_SECRET; default: none (PKCE alone)',
  },
  'oidc-scope': {
    kind: 'string',
    value: 'TEXT',
    help: 'scopes that are asked of the --oidc-issuer; add those by which it gives roles and a refresh token',
    default: 'openid profile email',
  },
  wire: {
    kind: 'string',
    value: 'DIR',
    help: 'directory for all envelopes as NNNN-cpe.xml and NNNN-acs.xml; secrets are masked',
  },
  keylog: {
    kind: 'string',
    value: 'FILE',
    help: 'append the keys of the TLS connections of CPEs, API and webhooks to this file, for Wireshark: who reads it can read them',
  },
  'wire-secrets': { kind: 'boolean', help: 'write the secrets of envelopes to --wire too' },
  'log-level': {
    kind: 'string',
    value: 'LEVEL',
    help: 'lowest level that is logged',
    default: 'info',
    choices: logLevels,
  },
} as const satisfies OptionSpecs;

/** Variables of the environment that are no options, because a command line can be read by other users of the machine. */
export const acsVariables: Readonly<Record<string, string>> = {
  TANDEM_ADMIN_TOKEN: 'admin token of the API; default: DATA/admin-token, made at the first start',
  TANDEM_ADMIN_PASSWORD: 'password of the user admin, who is made at a start without users; default: none is made',
  TANDEM_OIDC_CLIENT_SECRET: 'secret of the --oidc-client-id; default: --oidc-secret',
};

/** The commands of the program besides serving (cli/commands.ts). */
export const commandNames = ['backup', 'check', 'restore', 'rollout'] as const;
export type CommandName = (typeof commandNames)[number];

/** Those that call the API of a running ACS (cli/calls/commands.ts). */
export const callCommands = ['devices', 'device', 'set', 'job', 'faults', 'audit', 'call', 'completion'] as const;
export type CallCommand = (typeof callCommands)[number];

export type AcsOptions = OptionValues<typeof acsOptions>;

function hostPort(text: string): void {
  const port = Number(/^(?:\[[^\]\s]+\]|[^:\s]+):(\d{1,5})$/.exec(text)?.[1] ?? -1);
  if (port < 0 || port > 65_535) throw new Error(`'${text}' is not HOST:PORT like 0.0.0.0:3478`);
}

function storeUrl(text: string): void {
  if (!/^sqlite:.+/.test(text) && !/^mongodb(\+srv)?:\/\/[^/]/.test(text))
    throw new Error(`'${text.replace(/:[^:@/]*@/, ':***@')}' must be sqlite:FILE or mongodb://HOST/DATABASE`);
}
