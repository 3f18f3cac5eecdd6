// The options of the ACS: types, defaults, --help and environment all come from this table.
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
  config: { kind: 'string', value: 'FILE', help: 'JSON file with any of these options, by their names' },
  data: { kind: 'string', value: 'DIR', help: 'directory of everything that is kept', default: 'data' },
  cwmp: {
    kind: 'list',
    value: 'URL',
    help: 'address that CPEs connect to; https://0.0.0.0:7547 unless told; http:// only when asked for here',
    check: url(['https:', 'http:']),
  },
  api: {
    kind: 'string',
    value: 'URL',
    help: 'address of the REST API',
    default: 'http://127.0.0.1:8080',
    check: url(['http:', 'https:']),
  },
  'api-plain': { kind: 'boolean', help: 'allow the API over plain HTTP beyond loopback' },
  public: {
    kind: 'string',
    value: 'URL',
    help: 'base URL that CPEs use, where it differs from --cwmp',
    check: url(['https:', 'http:']),
  },
  store: {
    kind: 'string',
    value: 'URL',
    help: 'where state is kept: sqlite:FILE (sqlite:DATA/tandem.db unless told) or mongodb://…/DATABASE; TANDEM_STORE keeps a password off the command line',
    check: storeUrl,
  },
  'server-key': {
    kind: 'string',
    value: 'FILE',
    help: 'the key that everything secret hangs on, 64 hexadecimal digits: the same for all servers of one store; DATA/server-key unless told',
  },
  relay: {
    kind: 'string',
    value: 'HOST:PORT',
    help: 'address of this machine at which the other servers of one MongoDB reach this one; unless told those of this machine alone do',
    check: hostPort,
  },
  workers: {
    kind: 'number',
    help: 'processes that serve CPEs side by side on this machine, about one a core; 0: this one does',
    default: 0,
    min: 0,
    max: 256,
  },
  cert: { kind: 'list', value: 'FILE', help: 'server certificate with its chain, PEM; by the own CA unless told' },
  key: { kind: 'list', value: 'FILE', help: 'private key of the --cert at the same place, PEM' },
  'tls-min': {
    kind: 'string',
    value: 'VERSION',
    help: 'lowest TLS version taken from CPEs',
    default: 'TLSv1.2',
    choices: ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'],
  },
  'tls-ciphers': { kind: 'string', value: 'LIST', help: 'cipher suites taken from CPEs, in OpenSSL form' },
  'client-ca': {
    kind: 'string',
    value: 'FILE',
    help: 'CA whose client certificates identify CPEs by their common name, PEM',
  },
  'cpe-auth': {
    kind: 'string',
    value: 'HOW',
    help: 'whether CPEs must authenticate',
    default: 'required',
    choices: ['required', 'none'],
  },
  enrol: {
    kind: 'string',
    value: 'HOW',
    help: 'what becomes of a CPE that is met for the first time',
    default: 'approve',
    choices: ['approve', 'auto'],
  },
  'enrol-secret': {
    kind: 'string',
    value: 'FILE',
    help: 'file with USERNAME:PASSWORD, the credential that factory-new CPEs share',
  },
  'trusted-proxy': {
    kind: 'list',
    value: 'CIDR',
    help: 'proxies whose X-Forwarded headers are believed',
    check: network,
  },
  'proxy-protocol': {
    kind: 'list',
    value: 'CIDR',
    help: 'load balancers that hand TCP connections of CPEs on, each with a PROXY header (version 1 or 2) that says whose it is',
    check: network,
  },
  'connection-request-allow': {
    kind: 'list',
    value: 'CIDR',
    help: 'networks that connection requests may go to besides the address that informed',
    check: network,
  },
  'webhook-allow': {
    kind: 'list',
    value: 'CIDR',
    help: 'private or loopback networks that webhooks may lead to, and to which http:// may go; nowhere but https:// on public addresses unless told',
    check: network,
  },
  'max-sessions': {
    kind: 'number',
    help: 'sessions at once; more CPEs than that wait in line, those first that have tried most often',
    default: 1000,
    min: 1,
    max: 100_000,
  },
  'max-waiting': {
    kind: 'number',
    help: 'CPEs that wait for a session, 20 s at most; more are answered 503 with Retry-After',
    default: 5000,
    min: 0,
    max: 1_000_000,
  },
  stun: {
    kind: 'string',
    value: 'HOST:PORT',
    help: 'STUN server (UDP) for CPEs behind NAT, from which they are woken; none unless told; the usual port is 3478',
    check: hostPort,
  },
  'stun-secret': {
    kind: 'string',
    value: 'FILE',
    help: 'file with USERNAME:PASSWORD, which CPEs must know to announce a change of their binding',
  },
  'keep-tasks': {
    kind: 'number',
    value: 'DAYS',
    help: 'how long ended tasks are kept, at most 1,000,000 of them',
    default: 30,
    min: 1,
    max: 36_500,
  },
  'keep-audit': {
    kind: 'number',
    value: 'DAYS',
    help: 'how long it is kept who changed what, at most 1,000,000 entries',
    default: 365,
    min: 1,
    max: 36_500,
  },
  wire: {
    kind: 'string',
    value: 'DIR',
    help: 'directory that gets each envelope as NNNN-cpe.xml or NNNN-acs.xml, passwords included',
  },
  'log-level': {
    kind: 'string',
    value: 'LEVEL',
    help: 'least important lines that are logged',
    default: 'info',
    choices: logLevels,
  },
} as const satisfies OptionSpecs;

/** What the program does besides serving (cli.ts). */
export const commandNames = ['backup', 'check', 'restore', 'rollout'] as const;
export type CommandName = (typeof commandNames)[number];

export type AcsOptions = OptionValues<typeof acsOptions>;

function hostPort(text: string): void {
  const port = Number(/^(?:\[[^\]\s]+\]|[^:\s]+):(\d{1,5})$/.exec(text)?.[1] ?? -1);
  if (port < 0 || port > 65_535) throw new Error(`'${text}' is not HOST:PORT like 0.0.0.0:3478`);
}

function storeUrl(text: string): void {
  if (!/^sqlite:.+/.test(text) && !/^mongodb(\+srv)?:\/\/[^/]/.test(text))
    throw new Error(`'${text.replace(/:[^:@/]*@/, ':***@')}' must be sqlite:FILE or mongodb://HOST/DATABASE`);
}
