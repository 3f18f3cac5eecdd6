// The sections of the status page as data: rows of texts and numbers, the same for HTML and JSON.
import { encryptionTypes } from '../exchange/data.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { RegisteredTerminal } from '../exchange/terminals.ts';
import type { Refusal } from '../policy/refusals.ts';
import { policyNames } from '../policy/tables.ts';
import type { Row, TableHead } from '../web/table.ts';
import type { ShownCall, StatusSources } from './sources.ts';

export interface Wanted {
  offset: number;
  /** Chooses the rows of one number, where the section has numbers; '' for all. */
  dir: string;
}

export interface Part {
  rows: Row[];
  /** Place of its first row. */
  offset: number;
  total: number;
  /** Offsets of the parts before and after this one. */
  previous?: number;
  next?: number;
}

export interface Section extends TableHead {
  /** Text of the page in place of an empty table. */
  empty: string;
  hasNumbers: boolean;
  part(sources: StatusSources, now: number, wanted: Wanted): Part;
}

/** Most rows of one answer. */
export const PART = 200;

/** A section of a list. Only the items of the part that is shown become rows. */
function listed<T>(list: {
  title: string;
  columns: Section['columns'];
  empty: string;
  items(sources: StatusSources): readonly T[];
  row(item: T, now: number): Row;
  dirOf?(item: T): string;
}): Section {
  const { title, columns, empty, items, row, dirOf } = list;
  return {
    title,
    columns,
    empty,
    hasNumbers: dirOf !== undefined,
    part: (sources, now, wanted) => {
      const all = items(sources);
      const chosen = wanted.dir === '' || !dirOf ? all : all.filter(item => dirOf(item) === wanted.dir);
      const offset = Math.min(wanted.offset, Math.max(0, chosen.length - 1));
      return {
        rows: chosen.slice(offset, offset + PART).map(item => row(item, now)),
        offset,
        total: chosen.length,
        ...(offset > 0 && { previous: Math.max(0, offset - PART) }),
        ...(offset + PART < chosen.length && { next: offset + PART }),
      };
    },
  };
}

const iso = (time: number): string => new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');

const remoteOf = ({ host, port }: { host: string; port: number }): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;

const registrations = listed<RegisteredTerminal>({
  title: 'Registrations',
  columns: {
    dir: 'Number',
    kind: 'Kind',
    transport: 'Transport',
    port: 'Port',
    encrypted: 'Encrypted',
    secureTerminal: 'Secure terminal',
    outcome: 'Policy',
    row: 'Row',
    remote: 'Address',
    contact: 'Contact',
    product: 'Product',
    tls: 'TLS',
    since: 'Since',
    expires: 'Seconds left',
  },
  empty: 'No terminal is registered.',
  items: ({ terminals }) => terminals(),
  dirOf: ({ dir }) => dir,
  row: ({ dir, kind, protocol, port, remote, contact, tls, product, isSecure, row, since, expires }, now) => ({
    dir,
    kind,
    transport: protocol,
    port,
    encrypted: protocol === 'tls',
    secureTerminal: isSecure,
    outcome: 'allowed',
    row,
    remote: remoteOf(remote),
    contact,
    product,
    tls: tls && `${tls.version} ${tls.cipher}`,
    since: iso(since),
    expires: Math.max(0, Math.ceil((expires - now) / 1000)),
  }),
});

const calls = listed<ShownCall>({
  title: 'Calls',
  columns: {
    kind: 'Kind',
    way: 'Way',
    from: 'From',
    to: 'To',
    state: 'State',
    media: 'Media',
    encrypted: 'Encrypted',
    decidedBy: 'Decided by',
    seconds: 'Seconds',
  },
  empty: 'There is no call.',
  items: source => source.calls(),
  row: ({ kind, way, from, to, state, media, encrypted, decidedBy, seconds }) => ({
    ...{ kind, way, from, to, state, media, encrypted, decidedBy, seconds },
  }),
});

const refusals = listed<Refusal>({
  title: 'Refusals',
  columns: {
    time: 'Time',
    what: 'Refused',
    kind: 'Kind',
    dir: 'Number',
    encrypted: 'Encrypted',
    row: 'Row',
    reason: 'Reason',
    remote: 'Address',
    product: 'Product',
  },
  empty: 'Nothing was refused.',
  items: source => source.refusals(),
  dirOf: ({ dir }) => dir,
  row: one => ({ ...one, time: iso(one.time) }),
});

const policy = listed<Row>({
  title: 'Policy and encryption',
  columns: { setting: 'Setting', value: 'Value' },
  empty: '',
  items: ({ exchange }) => settingsOf(exchange),
  row: row => row,
});

function settingsOf(exchange: Exchange): Row[] {
  const { settings } = exchange;
  const exceptions = exchange.all('extensions').filter(({ securityException }) => securityException).length;
  return [
    { setting: 'Security policy', value: `${settings.policy} (${policyNames[settings.policy]})` },
    ...encryptionTypes.map(type => ({
      setting: `Media encryption, ${type}`,
      value: settings.mediaEncryption[type] ? 'enabled' : 'disabled',
    })),
    { setting: 'Extensions', value: exchange.size('extensions') },
    { setting: 'Extensions with security exception', value: exceptions },
  ];
}

const licenses = listed<Row>({
  title: 'Licences',
  columns: { tag: 'Licence', count: 'Uses' },
  empty: 'No licence is installed.',
  items: ({ exchange }) => exchange.all('licenses').map(({ tag, count = 'without bound' }) => ({ tag, count })),
  row: row => row,
});

/** A route's user and password are not shown. */
const routes = listed<Row>({
  title: 'Routes',
  columns: {
    kind: 'Kind',
    route: 'Route',
    prefix: 'Digits',
    to: 'To',
    transport: 'Transport',
    side: 'Other side',
    state: 'State',
    problem: 'Problem',
  },
  empty: 'There is no route.',
  items: source => [
    ...source.routes().map(({ route, prefix, to, protocol: transport, kind: side, state, problem }) => ({
      kind: 'SIP',
      ...{ route, prefix, to, transport, side, state, problem },
    })),
    ...source.exchange.all('h323Routes').map(({ route, prefix, host, port, tls }) => ({
      kind: 'H.323',
      ...{ route, prefix, to: remoteOf({ host, port }), transport: tls ? 'tls' : 'tcp' },
    })),
  ],
  row: row => row,
});

export const sections = { registrations, calls, refusals, policy, licenses, routes };
export type SectionName = keyof typeof sections;
export const sectionNames = Object.keys(sections) as SectionName[];
