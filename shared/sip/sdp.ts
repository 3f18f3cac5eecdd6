// Session descriptions (RFC 4566): the lines in their order, written back byte for byte, with a typed view over them.
// a=crypto (RFC 4568) and a=key-mgmt (RFC 4567) are attributes like others; their meaning lives with the media.
import { portOf } from '../net/port.ts';

const sdpLimits = { bytes: 65_536, lines: 1_000 } as const;

export class SdpError extends Error {
  override readonly name = 'SdpError';
}

interface SdpLine {
  /** One letter. */
  readonly type: string;
  readonly value: string;
  /** CRLF as the standard has it; what was read is kept, '' on a last line that has none. */
  readonly end: '\r\n' | '\n' | '';
}

/** `a=name` or `a=name:value`. */
export interface Attribute {
  readonly name: string;
  readonly value?: string;
}

/** RFC 4566 5.2; the numbers are text since they may pass 2^53. */
export interface Origin {
  readonly username: string;
  readonly sessionId: string;
  readonly version: string;
  readonly addressType: 'IP4' | 'IP6';
  readonly address: string;
}

export interface Connection {
  readonly addressType: 'IP4' | 'IP6';
  readonly address: string;
}

/** RFC 4566 5.14. `formats` are payload types for RTP profiles. Port 0 = refused or disabled (RFC 3264 6). */
export interface Media {
  readonly type: string;
  readonly port: number;
  readonly portCount?: number;
  readonly proto: string;
  readonly formats: readonly string[];
  readonly connection?: Connection;
  readonly attributes: readonly Attribute[];
}

export interface SessionView {
  readonly origin: Origin;
  readonly name: string;
  readonly connection?: Connection;
  readonly attributes: readonly Attribute[];
  readonly media: readonly Media[];
}

/** Immutable, read or built; `buildSdp` makes a changed one. */
export interface Sdp extends SessionView {
  readonly lines: readonly SdpLine[];
}

/** Without the empty lines that some peers put at the end. */
function withoutEmptyEnd(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === '\n' || text[end - 1] === '\r')) end--;
  const lineEnd = text.indexOf('\n', end);
  return lineEnd < 0 ? text : text.slice(0, lineEnd + 1);
}

function readLines(text: string): SdpLine[] {
  const lines: SdpLine[] = [];
  for (const [whole, content = '', end = ''] of withoutEmptyEnd(text).matchAll(/([^\r\n]*)(\r\n|\n|$)/g)) {
    if (whole === '') continue;
    const found = /^([a-z])=(.*)$/s.exec(content);
    if (!found) throw new SdpError(`line ${lines.length + 1}, ${JSON.stringify(content.slice(0, 40))}, is not x=value`);
    lines.push({ type: found[1] ?? '', value: found[2] ?? '', end: end as SdpLine['end'] });
    if (lines.length > sdpLimits.lines) throw new SdpError(`more than ${sdpLimits.lines} lines`);
  }
  return lines;
}

/**
 * Reads a description. LF alone is taken for CRLF.
 * @throws SdpError that names the line
 */
export function parseSdp(source: string | Buffer): Sdp {
  const text = typeof source === 'string' ? source : source.toString('utf8');
  if (text.length > sdpLimits.bytes) throw new SdpError(`more than ${sdpLimits.bytes} bytes`);
  if (/\r(?!\n)|\0/.test(text)) throw new SdpError('a bare CR or a NUL');
  const lines = readLines(text);
  const starts = lines.flatMap((line, at) => (line.type === 'm' ? [at] : []));
  const session = lines.slice(0, starts[0] ?? lines.length);
  if (session[0]?.type !== 'v' || session[0].value.trim() !== '0') throw new SdpError('it does not begin with v=0');
  const origin = session.find(line => line.type === 'o');
  if (!origin) throw new SdpError('no o= line');
  return {
    lines,
    origin: readOrigin(origin.value),
    name: session.find(line => line.type === 's')?.value ?? '-',
    ...connectionIn(session),
    attributes: attributesIn(session),
    media: starts.map((start, index) => readMedia(lines.slice(start, starts[index + 1] ?? lines.length))),
  };
}

function addressType(text: string): 'IP4' | 'IP6' {
  if (text !== 'IP4' && text !== 'IP6') throw new SdpError(`address type ${JSON.stringify(text.slice(0, 20))}`);
  return text;
}

function readOrigin(value: string): Origin {
  const parts = value.trim().split(/ +/);
  const [username = '', sessionId = '', version = '', net, type = '', address = ''] = parts;
  if (parts.length !== 6 || net !== 'IN') throw new SdpError('o= is not "user id version IN type address"');
  if (!/^\d{1,40}$/.test(sessionId) || !/^\d{1,40}$/.test(version))
    throw new SdpError('o= has an id that is no number');
  return { username, sessionId, version, addressType: addressType(type), address };
}

function connectionIn(lines: readonly SdpLine[]): { connection?: Connection } {
  const line = lines.find(one => one.type === 'c');
  if (!line) return {};
  const parts = line.value.trim().split(/ +/);
  const [net, type = '', address = ''] = parts;
  if (parts.length !== 3 || net !== 'IN') throw new SdpError('c= is not "IN type address"');
  return { connection: { addressType: addressType(type), address } };
}

function attributesIn(lines: readonly SdpLine[]): Attribute[] {
  return lines.flatMap(line => {
    if (line.type !== 'a') return [];
    const colon = line.value.indexOf(':');
    return [
      colon < 0 ? { name: line.value } : { name: line.value.slice(0, colon), value: line.value.slice(colon + 1) },
    ];
  });
}

function readMedia(lines: readonly SdpLine[]): Media {
  const value = lines[0]?.value ?? '';
  const found = /^(\S+) +(\d{1,5})(?:\/(\d{1,5}))? +(\S+)((?: +\S+)+) *$/.exec(value);
  const port = Number(found?.[2]);
  if (!found || (port !== 0 && portOf(port) === undefined))
    throw new SdpError(`m=${value.slice(0, 60)} is not "type port proto formats"`);
  const [, type = '', , count, proto = '', formats = ''] = found;
  return {
    type,
    port,
    ...(count === undefined ? {} : { portCount: Number(count) }),
    proto,
    formats: formats.trim().split(/ +/),
    ...connectionIn(lines),
    attributes: attributesIn(lines),
  };
}

/** The text of a description, byte for byte as it was read. */
export function formatSdp(sdp: Sdp): string {
  return sdp.lines.map(line => `${line.type}=${line.value}${line.end}`).join('');
}

/**
 * Makes a description in the standard's order of lines (RFC 4566 5), one `t=0 0`.
 * @throws SdpError when a part does not fit its line
 */
export function buildSdp(view: SessionView): Sdp {
  const { origin: o, connection } = view;
  const lines = [
    'v=0',
    `o=${o.username} ${o.sessionId} ${o.version} IN ${o.addressType} ${o.address}`,
    `s=${view.name || '-'}`,
    ...connectionLine(connection),
    't=0 0',
    ...view.attributes.map(attributeLine),
  ];
  for (const media of view.media) {
    const port = media.portCount === undefined ? media.port : `${media.port}/${media.portCount}`;
    lines.push(`m=${media.type} ${port} ${media.proto} ${media.formats.join(' ')}`);
    lines.push(...connectionLine(media.connection), ...media.attributes.map(attributeLine));
  }
  if (lines.some(line => /[\r\n\0]/.test(line))) throw new SdpError('a value holds a line break');
  return parseSdp(`${lines.join('\r\n')}\r\n`);
}

const connectionLine = (connection: Connection | undefined): string[] =>
  connection ? [`c=IN ${connection.addressType} ${connection.address}`] : [];
const attributeLine = ({ name, value }: Attribute): string =>
  value === undefined ? `a=${name}` : `a=${name}:${value}`;

/** The values of the attributes of that name, in order ('' for one without a value). */
export function attributeValues(part: { readonly attributes: readonly Attribute[] }, name: string): string[] {
  return part.attributes.filter(one => one.name === name).map(one => one.value ?? '');
}

/** Destination of a stream's packets: its own c= line, else the session's. RFC 4566 5.7 */
export function mediaAddress(sdp: Sdp, media: Media): Connection | undefined {
  return media.connection ?? sdp.connection;
}
