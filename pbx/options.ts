// The options of `pbx serve` and of the operator's commands: one table each, for parsing and --help.
import type { OptionSpecs } from '../shared/config.ts';
import { logLevels } from '../shared/log.ts';
import { readLicense } from './policy/licenses.ts';

const userPattern = /^[^:\s]+:.+$/;
const checkUser = (value: string): void => {
  if (!userPattern.test(value)) throw new Error('not NAME:PASSWORD');
};

const port = { min: 0, max: 65_535 } as const;

export const serveOptions = {
  host: { kind: 'string', value: 'ADDRESS', default: '127.0.0.1', help: 'address to listen at' },
  'tls-port': { kind: 'number', default: 5061, min: 0, max: 65_535, help: 'port for SIP over TLS; 0 = a free one' },
  port: {
    kind: 'number',
    min: 0,
    max: 65_535,
    help: 'port for unprotected SIP over UDP and TCP (5060 by custom); none unless given',
  },
  h323: {
    kind: 'number',
    min: 0,
    max: 65_535,
    help: 'port for H.323 terminals in clear, RAS over UDP (1719 by custom); none unless given',
  },
  'h323-calls': {
    kind: 'number',
    min: 0,
    max: 65_535,
    help: 'port for their call signalling over TCP; with --h323 1720 unless given, 0 where that is 0',
  },
  'h323-tls': {
    kind: 'number',
    min: 0,
    max: 65_535,
    help: 'port for H.323 terminals over TLS, RAS and call signalling (3727 by custom); none unless given',
  },
  domain: { kind: 'string', value: 'NAME', help: 'SIP domain and digest realm; the host unless given' },
  user: { kind: 'list', value: 'NAME:PASSWORD', check: checkUser, help: 'an account' },
  users: { kind: 'string', value: 'FILE', help: 'accounts, one NAME:PASSWORD a line; # begins a comment' },
  'mx-one': { kind: 'boolean', help: 'the whole exchange, at its customary ports and with the licence VOIP-SECURITY' },
  license: {
    kind: 'list',
    value: 'TAG[=COUNT]',
    check: value => void readLicense(value),
    help: 'a licence, kept in the data; VOIP-SECURITY allows security policies and media encryption',
  },
  products: {
    kind: 'string',
    value: 'FILE',
    help: 'terminals by their User-Agent, one a line: secure, insecure or third-party, then a pattern; before the built-in ones',
  },
  cert: {
    kind: 'string',
    value: 'FILE',
    help: 'certificate chain, PEM; unless given, one is issued by an own CA, DATA/ca.pem, and kept with its key in DATA',
  },
  key: { kind: 'string', value: 'FILE', help: 'private key of the certificate, PEM' },
  'client-ca': {
    kind: 'string',
    value: 'FILE',
    help: 'CA certificates, PEM: clients are asked for a certificate, and one that these CAs did not issue is refused',
  },
  'require-client-cert': { kind: 'boolean', help: 'refuse clients without a certificate; with --client-ca' },
  'route-ca': {
    kind: 'string',
    value: 'FILE',
    help: 'CA certificates, PEM: the other sides of SIP routes over TLS show certificates that these CAs issued, and clients are asked for one',
  },
  idle: {
    kind: 'number',
    default: 12_000,
    min: 0,
    help: 'seconds of silence after which a connection is closed; 0 = never',
  },
  'tls-min': {
    kind: 'string',
    choices: ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'],
    default: 'TLSv1.2',
    help: 'lowest TLS version; the two oldest need --tls-ciphers with @SECLEVEL=0',
  },
  'tls-max': {
    kind: 'string',
    choices: ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'],
    default: 'TLSv1.3',
    help: 'highest TLS version',
  },
  'tls-ciphers': { kind: 'string', value: 'LIST', help: 'cipher suites as OpenSSL names them' },
  digest: {
    kind: 'string',
    choices: ['MD5', 'SHA-256', 'both'],
    default: 'MD5',
    help: 'digest algorithm of challenges',
  },
  keylog: {
    kind: 'string',
    value: 'FILE',
    help: 'append the keys of all TLS connections to this file, for Wireshark: who reads it can read the connections',
  },
  status: {
    kind: 'number',
    ...port,
    help: 'port of the read-only status page and of /metrics; none unless given, 0 = a free one',
  },
  'status-host': {
    kind: 'string',
    value: 'ADDRESS',
    default: '127.0.0.1',
    help: 'address of the status page: it asks for no password, so who reaches it reads it',
  },
  manager: {
    kind: 'number',
    ...port,
    help: 'port of the pages that configure security, by HTTPS; none unless given, 0 = a free one',
  },
  'manager-host': { kind: 'string', value: 'ADDRESS', default: '127.0.0.1', help: 'address of these pages' },
  'manager-password': {
    kind: 'string',
    value: 'PASSWORD',
    help: 'password of these pages, at least 8 characters; on the command line other users of this machine see it',
  },
  phones: {
    kind: 'number',
    ...port,
    help: 'port of the configuration files for telephones by HTTP (22225 by custom); none unless given',
  },
  'phones-tls': { kind: 'number', ...port, help: 'the same by HTTPS (22226 by custom)' },
  'phones-dir': {
    kind: 'string',
    value: 'DIR',
    help: 'own configuration files for telephones, merged with those of the exchange; passwords in them are not sent',
  },
  data: {
    kind: 'string',
    value: 'DIR',
    default: 'data/pbx',
    help: 'own CA and certificate, the exchange with its backups, control socket',
  },
  control: { kind: 'string', value: 'FILE', help: 'a socket for commands beside DATA/control.sock' },
  'log-level': { kind: 'string', choices: logLevels, default: 'info', help: 'what is logged' },
} as const satisfies OptionSpecs;

export const commandOptions = {
  data: {
    kind: 'string',
    value: 'DIR',
    default: 'data/pbx',
    help: 'the data directory that the server was started with',
  },
  control: { kind: 'string', value: 'FILE', help: 'its socket for commands; DATA/control.sock unless given' },
  json: { kind: 'boolean', help: 'the answer as JSON' },
} as const satisfies OptionSpecs;
