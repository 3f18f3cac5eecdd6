// The configuration files of telephones as data: each setting with the value that it has in a state of the exchange.
import type { PhoneState } from './state.ts';

export interface Setting {
  key: string;
  /** Undefined: the file does not have it in this state. */
  value(state: PhoneState): string | number | undefined;
  /** The state decides, also where the operator's file says otherwise. */
  follows?: true;
}

export interface PhoneFile {
  /** Between key and value. */
  separator: ' = ' | ': ';
  /** Folder that telephones ask for, within one that is named after their domain or network. */
  folder?: string;
  settings: readonly Setting[];
}

const security: Setting = {
  key: 'SECURITY',
  value: ({ isSecure }) => (isSecure ? 'enabled' : 'disabled'),
  follows: true,
};

const TLS = 4;
const UDP = 1;
/** Media of the 6700, 6800 and 6900 series: RTP alone, SRTP preferred, SRTP alone. */
const srtp = { off: 0, preferred: 1, only: 2 } as const;
const KEEP_ALIVE_SECONDS = 30;

/** TLS where the exchange has nothing else, too. */
const usesTls = ({ isSecure, ports }: PhoneState): boolean =>
  ports.tls !== undefined && (isSecure || ports.udp === undefined);
const sipPort = (state: PhoneState): number | undefined => (usesTls(state) ? state.ports.tls : state.ports.udp);
const hostOf = ({ host }: PhoneState): string => host;
const loadsByHttps = (state: PhoneState): boolean =>
  state.ports.https !== undefined && (usesTls(state) || state.ports.http === undefined);

export const CA_FILE = 'ca.pem';

const sipPhone: readonly Setting[] = [
  { key: 'download protocol', value: state => (loadsByHttps(state) ? 'HTTPS' : 'HTTP'), follows: true },
  { key: 'http server', value: ({ host, ports }) => (ports.http === undefined ? undefined : host) },
  { key: 'http port', value: ({ ports }) => ports.http },
  { key: 'https server', value: ({ host, ports }) => (ports.https === undefined ? undefined : host) },
  { key: 'https port', value: ({ ports }) => ports.https },
  { key: 'sip proxy ip', value: hostOf },
  { key: 'sip proxy port', value: sipPort, follows: true },
  { key: 'sip registrar ip', value: hostOf },
  { key: 'sip registrar port', value: sipPort, follows: true },
  { key: 'sip transport protocol', value: state => (usesTls(state) ? TLS : UDP), follows: true },
  { key: 'sips persistent tls', value: state => Number(usesTls(state)), follows: true },
  { key: 'sip persistent tls keep alive', value: state => (usesTls(state) ? KEEP_ALIVE_SECONDS : undefined) },
  { key: 'sips trusted certificates', value: state => (usesTls(state) && state.hasOwnCa ? CA_FILE : undefined) },
  {
    key: 'sip srtp mode',
    value: ({ isSecure, isStrict }) => (isStrict ? srtp.only : isSecure ? srtp.preferred : srtp.off),
    follows: true,
  },
];

/** By name. `aastra.cfg` is the older name of `startup.cfg`. */
export const phoneFiles: ReadonlyMap<string, PhoneFile> = new Map<string, PhoneFile>([
  ['d42x02-config.txt', { separator: ' = ', folder: 'dbc42x02', settings: [security] }],
  ['d44x01-config.txt', { separator: ' = ', folder: 'dbc44x01', settings: [security] }],
  ['startup.cfg', { separator: ': ', settings: sipPhone }],
  ['aastra.cfg', { separator: ': ', settings: sipPhone }],
]);

/** The settings of an operator's file, by key in lower case. */
export type Overlay = ReadonlyMap<string, { key: string; value: string }>;

/** Reads lines `key = value` or `key: value`. Comments and other lines are left out; of two with one key the later holds. */
export function readSettings(text: string, separator: PhoneFile['separator']): Overlay {
  const sign = separator.trim();
  const settings = new Map<string, { key: string; value: string }>();
  for (const line of text.split(/\r?\n/)) {
    const at = line.indexOf(sign);
    if (at < 1 || line.trimStart().startsWith('#')) continue;
    const key = line.slice(0, at).trim();
    settings.set(key.toLowerCase(), { key, value: line.slice(at + 1).trim() });
  }
  return settings;
}

/** The text of a file. Settings of the operator go before ours, but for those that follow the state. */
export function fileText({ separator, settings }: PhoneFile, state: PhoneState, overlay: Overlay): string {
  const own = settings.map(({ key, value, follows }) => {
    const given = follows ? undefined : overlay.get(key.toLowerCase());
    return { key, value: given?.value ?? value(state) };
  });
  const known = new Set(settings.map(({ key }) => key.toLowerCase()));
  const others = [...overlay].filter(([key]) => !known.has(key)).map(([, setting]) => setting);
  return [...own, ...others]
    .filter(({ value }) => value !== undefined)
    .map(({ key, value }) => `${key}${separator}${value}\n`)
    .join('');
}

/** A setting that holds a password or PIN: it is never sent, since whoever can reach the port can ask for the file. */
export const isSecret = (key: string): boolean =>
  /password|passwd|\bpin\b|\bauth(?:orization)?[ _-]?code\b|secret/i.test(key);
