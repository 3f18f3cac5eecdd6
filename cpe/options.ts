// The options of each command: for reading and --help. Imports nothing heavy, so that --help costs nothing.
import type { OptionSpecs, OptionValues } from '../shared/config.ts';
import { logLevels } from '../shared/log.ts';
import { parseFaults } from './faults/catalogue.ts';
import { parseHost } from './network.ts';

const identity = {
  oui: {
    kind: 'string',
    value: 'OUI',
    default: '0090F8',
    help: 'manufacturer OUI, six hexadecimal digits',
    check: isOui,
  },
  'product-class': {
    kind: 'string',
    value: 'CLASS',
    default: '4102S',
    help: 'product class, also the product a firmware image must be for',
  },
  manufacturer: { kind: 'string', value: 'NAME', default: 'Media5', help: 'manufacturer' },
  'software-version': {
    kind: 'string',
    value: 'VERSION',
    default: '48.5.2718',
    help: 'firmware that the unit was made with',
  },
} as const satisfies OptionSpecs;

const common = {
  acs: { kind: 'string', value: 'URL', help: 'ACS URL; a factory default, as in a customer profile', check: isAcsUrl },
  username: { kind: 'string', value: 'NAME', help: 'login at the ACS' },
  password: { kind: 'string', value: 'TEXT', help: 'password at the ACS' },
  login: { kind: 'string', value: 'FILE', help: 'file with USERNAME:PASSWORD in one line, instead of the two above' },
  ca: { kind: 'list', value: 'FILE', help: 'CA certificate to install, PEM or DER' },
  'host-cert': {
    kind: 'string',
    value: 'FILE',
    help: "certificate of the unit itself with its private key, PEM or PKCS#12 without password: shown to an ACS or SIP server that asks for one, and that of the unit's own SIP/TLS server",
  },
  profile: {
    kind: 'string',
    value: 'FILE',
    help: 'customer profile: factory defaults as JSON {"parameters": {NAME: VALUE}, "certificates": [PEM]}',
  },
  model: {
    kind: 'string',
    value: 'dgw|device|FILE',
    default: 'dgw',
    help: 'data model: the DGW, a plain TR-181 device, or a Broadband Forum document',
  },
  set: {
    kind: 'list',
    value: 'NAME=VALUE',
    help: 'value to set at start: script name or TR-069 path',
    check: isAssignment,
  },
  address: {
    kind: 'string',
    value: 'IP',
    help: 'address that the unit connects from; by default one from which the ACS can be reached',
  },
  'profile-name': {
    kind: 'string',
    value: 'NAME',
    help: 'customer profile in User-Agent; by default as the vendor prints it for the product, such as 4102-MX-D2000-28',
  },
  lan: {
    kind: 'boolean',
    help: 'contact the SIP servers that the factory names (192.168.10.10); without it the unit knows none until one is set',
  },
  reach: {
    kind: 'list',
    value: 'HOST=MS[,LOSS%[,HOP/HOP]]',
    help: 'a host that ping and traceroute of the unit reach, with its round-trip time, loss and route; hosts on loopback are always there',
    check: text => {
      parseHost(text);
    },
  },
  'any-firmware': { kind: 'boolean', help: 'accept any bytes as a firmware image' },
  'log-level': { kind: 'string', choices: logLevels, default: 'info', help: 'least severe level to log' },
} as const satisfies OptionSpecs;

export const runOptions = {
  ...common,
  dhcp: {
    kind: 'string',
    value: 'HOST:PORT',
    help: 'discover the ACS at this DHCP server, by unicast',
    check: isHostPort,
  },
  'dhcp-interface': {
    kind: 'string',
    value: 'NAME',
    help: 'discover the ACS by DHCP broadcast on this interface (needs root)',
  },
  serial: { kind: 'string', value: 'SERIAL', help: 'serial number; by default the MAC address' },
  mac: { kind: 'string', value: 'MAC', help: 'MAC address; by default made from OUI and serial number', check: isMac },
  ...identity,
  state: {
    kind: 'string',
    value: 'DIR',
    help: 'directory of the state; without it the state is lost when the program ends',
  },
  listen: {
    kind: 'string',
    value: 'HOST:PORT',
    default: '127.0.0.1:0',
    help: 'address where connection requests are taken; port 0 stands for any free port',
    check: isHostPort,
  },
  web: {
    kind: 'string',
    value: 'HOST:PORT',
    help: "open the unit's own pages here: PORT stands for port 80 of the unit",
    check: isHostPort,
  },
  ui: {
    kind: 'boolean',
    help: "open the unit's own pages, at 127.0.0.1:8081 without --web, and say where they are",
  },
  'web-secure': {
    kind: 'number',
    value: 'PORT',
    min: 0,
    max: 65_535,
    help: 'with --web: stands for port 443 of the unit; by default the port after that of --web',
  },
  cli: {
    kind: 'string',
    value: 'HOST:PORT',
    help: "serve the unit's console here, over SSH; the port stands for the factory's port 22",
    check: isHostPort,
  },
  snmp: {
    kind: 'string',
    value: 'HOST:PORT',
    help: "answer SNMP here; the port stands for the factory's port 161",
    check: isHostPort,
  },
  'mikey-key': {
    kind: 'string',
    value: 'FILE',
    help: 'file with the pre-shared key of MIKEY, 32 hexadecimal digits; by default keys travel uncovered within SIP',
  },
  'request-download': {
    kind: 'string',
    value: 'TYPE',
    help: 'ask the ACS by RequestDownload for a file of this FileType, as soon as it knows the unit',
    check: isFileType,
  },
  'ask-methods': { kind: 'boolean', help: 'send GetRPCMethods to the ACS in each session and log the answer' },
  once: { kind: 'boolean', help: 'one complete session, then exit: 0 if it ended well' },
  wire: {
    kind: 'string',
    value: 'DIR',
    help: 'write each envelope as NNNN-cpe.xml or NNNN-acs.xml, and the heads of all messages to heads.txt; secrets are masked',
  },
  'wire-secrets': { kind: 'boolean', help: 'write secrets to --wire too, and show them in ladders' },
  keylog: {
    kind: 'string',
    value: 'FILE',
    help: 'append the keys of all TLS connections to this file, for Wireshark: who reads it can read the connections',
  },
  ladder: {
    kind: 'boolean',
    help: 'keep the SIP messages of the last conversations in memory, for the command ladder; secrets are masked',
  },
  clock: {
    kind: 'string',
    choices: ['auto', 'host', 'sntp'],
    default: 'auto',
    help: "the unit's clock: from SNTP, or the host's; auto: SNTP where a server is known",
  },
} as const satisfies OptionSpecs;

export const fleetOptions = {
  count: { kind: 'number', value: 'N', default: 10, min: 1, max: 1_000_000, help: 'number of gateways' },
  ...common,
  seed: {
    kind: 'number',
    value: 'S',
    default: 1,
    min: 0,
    max: 2 ** 31,
    help: 'seed: the same seed gives the same units and the same faults',
  },
  faults: {
    kind: 'string',
    value: 'LIST',
    default: 'none',
    help: 'faults of the units and their network: a profile, fault=chance, or both separated by commas; listed below',
    check: text => {
      parseFaults(text);
    },
  },
  ...identity,
  ramp: {
    kind: 'number',
    value: 'SECONDS',
    default: 0,
    min: 0,
    max: 86_400,
    help: 'spread the first contacts over this time',
  },
  duration: {
    kind: 'number',
    value: 'SECONDS',
    default: 0,
    min: 0,
    max: 31_536_000,
    help: 'run this long; 0: until each unit had one good session',
  },
  timeout: {
    kind: 'number',
    value: 'SECONDS',
    default: 300,
    min: 1,
    max: 86_400,
    help: 'give up when units are still without a session',
  },
  listen: {
    kind: 'string',
    value: 'HOST',
    help: "host where connection requests are taken; default: each unit's own address; none: they are not taken",
  },
  processes: {
    kind: 'number',
    value: 'K',
    default: 0,
    min: 0,
    max: 256,
    help: 'number of processes for the units; 0: one for each 500 units, at most one a core',
  },
  parameter: {
    kind: 'list',
    value: 'NAME',
    help: 'parameter to report of each unit: TR-069 path or script name',
  },
  wire: { kind: 'string', value: 'DIR', help: 'as of run, in a directory SERIAL of each unit' },
  'wire-secrets': { kind: 'boolean', help: 'write secrets to --wire too' },
  json: { kind: 'string', value: 'FILE', help: 'write the report here; it lists each unit if there are at most 200' },
  units: { kind: 'boolean', help: 'list each unit in the report, whatever their number' },
  compare: {
    kind: 'string',
    value: 'URL',
    help: "API of the ACS: report at the end where its view differs from the units' own; exit code 1 if it does",
    check: isAcsUrl,
  },
  token: { kind: 'string', value: 'FILE', help: 'file with the API token for --compare' },
} as const satisfies OptionSpecs;

export const packOptions = {
  product: { kind: 'string', value: 'P', help: 'product that the image is for' },
  version: { kind: 'string', value: 'V', help: 'version of the firmware' },
  payload: { kind: 'string', value: 'FILE', help: 'content of the image; by default filler' },
  size: { kind: 'number', value: 'BYTES', default: 65_536, min: 0, max: 64 * 1024 * 1024, help: 'size of the filler' },
} as const satisfies OptionSpecs;

const unitState = {
  kind: 'string',
  value: 'DIR',
  help: 'directory of the state of the running unit: as of its run --state DIR',
} as const;

/** Of the commands for a running unit. */
export const controlOptions = {
  state: unitState,
  json: { kind: 'boolean', help: 'the answer as JSON' },
} as const satisfies OptionSpecs;

/** Longest call that can be asked for, seconds. */
export const MAX_DURATION = 86_400;

export const callOptions = {
  ...controlOptions,
  from: {
    kind: 'string',
    value: 'ENDPOINT',
    help: 'endpoint (its EpId) or user that calls; by default the first account',
  },
  duration: {
    kind: 'number',
    value: 'SECONDS',
    default: 5,
    min: 0,
    max: MAX_DURATION,
    help: 'end the call after this time; it ends before when the peer or Ctrl-C ends it',
  },
  expect: {
    kind: 'string',
    value: 'secure|plain|STATUS',
    help: 'exit code 1 unless the media is protected, or not, or the call fails with this SIP status',
    check: isExpectation,
  },
} as const satisfies OptionSpecs;

function isOui(text: string): void {
  if (!/^[0-9A-F]{6}$/i.test(text)) throw new Error(`'${text}' is not six hexadecimal digits`);
}
function isMac(text: string): void {
  if (!/^[0-9A-F]{2}(:?[0-9A-F]{2}){5}$/i.test(text)) throw new Error(`'${text}' is not a MAC address`);
}
function isAcsUrl(text: string): void {
  if (!/^https?:\/\/[^\s/]+/i.test(text) || !URL.canParse(text))
    throw new Error(`'${text}' is not an http or https URL`);
}
function isFileType(text: string): void {
  if (!/^[1-9]\d* .+|^X \S+ .+/.test(text) || text.length > 64) throw new Error(`'${text}' is not a FileType`);
}
function isHostPort(text: string): void {
  const port = Number(/^(?:\[[^\]]+\]|[^:\s]+):(\d{1,5})$/.exec(text)?.[1] ?? -1);
  if (port < 0 || port > 65_535) throw new Error(`'${text}' is not HOST:PORT`);
}
function isExpectation(text: string): void {
  if (!/^(secure|plain|[3-6]\d\d)$/.test(text))
    throw new Error(`'${text}' is not secure, plain or a status from 300 to 699`);
}
function isAssignment(text: string): void {
  if (!/^[^=\s][^=]*(\[[^\]]*\][^=]*)?=/.test(text)) throw new Error(`'${text}' is not NAME=VALUE`);
}

/** `[::1]:80` → host and port. */
export function splitHostPort(text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
}

/** `SipEp.Gateway[Name=a].Port=5060` → name and value: the first `=` outside brackets separates them. */
export function splitAssignment(text: string): { name: string; value: string } {
  const match = /^((?:[^=[]|\[[^\]]*\])*)=([\s\S]*)$/.exec(text);
  return { name: (match?.[1] ?? '').trim(), value: (match?.[2] ?? '').trim() };
}

export type FleetOptions = OptionValues<typeof fleetOptions>;
