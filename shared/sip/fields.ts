// The structured headers that every SIP element reads: Via, CSeq, Max-Forwards (RFC 3261 20); and the mandatory headers.
import type { Port } from '../net/port.ts';
import type { SipMessage, SipRequest } from './message.ts';
import { SipSyntaxError } from './message.ts';
import { formatParameters, isSips, type Parameters, parseHostPort, parseNameAddr, parseParameters } from './uri.ts';

export interface Via {
  /** `UDP`, `TCP`, `TLS`, as written. */
  transport: string;
  host: string;
  port?: Port;
  parameters: Parameters;
}

/** RFC 3261 20.42 */
export function parseVia(text: string): Via {
  const semicolon = text.indexOf(';');
  const [protocol = '', parameters] = semicolon < 0 ? [text] : [text.slice(0, semicolon), text.slice(semicolon + 1)];
  const [name = '', version = '', rest = ''] = protocol.split('/').map(part => part.trim());
  const transport = /^[A-Za-z0-9-]+/.exec(rest)?.[0] ?? '';
  const sentBy = rest.slice(transport.length);
  const isVia = name.toUpperCase() === 'SIP' && version === '2.0' && transport !== '' && /^\s/.test(sentBy);
  if (!isVia || protocol.split('/').length !== 3) {
    throw new SipSyntaxError(`${JSON.stringify(text.slice(0, 60))} is not a Via`);
  }
  return { transport, ...parseHostPort(sentBy.trim()), parameters: parseParameters(parameters ?? '') };
}

export function formatVia(via: Omit<Via, 'port'> & { port?: number }): string {
  const port = via.port === undefined ? '' : `:${via.port}`;
  return `SIP/2.0/${via.transport} ${via.host}${port}${formatParameters(via.parameters)}`;
}

/** The topmost Via. Throws SipSyntaxError when there is none. */
export function topVia(message: SipMessage): Via {
  const [first] = message.headers.list('Via');
  if (first === undefined) throw new SipSyntaxError('no Via');
  return parseVia(first);
}

/** Replaces the topmost Via (undefined: removes it), one Via a line after that. */
export function setTopVia(message: SipMessage, via: Via | undefined): void {
  const rest = message.headers.list('Via').slice(1);
  message.headers.setAll('Via', via ? [formatVia(via), ...rest] : rest);
}

/** RFC 3261 20.16; the number is below 2^31 (8.1.1.5). */
export function parseCSeq(message: SipMessage): { number: number; method: string } {
  const text = message.headers.get('CSeq') ?? '';
  const found = /^(\d{1,10})\s+(\S+)$/.exec(text);
  const number = Number(found?.[1]);
  if (!found || number >= 2 ** 31) throw new SipSyntaxError(`CSeq ${JSON.stringify(text.slice(0, 40))} is not valid`);
  return { number, method: found[2] ?? '' };
}

/** Hops left; undefined when the header is absent. RFC 3261 20.22 */
export function maxForwards(request: SipRequest): number | undefined {
  const text = request.headers.get('Max-Forwards');
  if (text === undefined) return undefined;
  if (!/^\d{1,3}$/.test(text) || Number(text) > 255) throw new SipSyntaxError('Max-Forwards is not between 0 and 255');
  return Number(text);
}

/** A header value in seconds (Expires, Min-Expires); undefined when absent or not a number. */
export function seconds(text: string | undefined): number | undefined {
  const found = /^(\d{1,10})\s*(?:;.*)?$/.exec(text ?? '');
  return found ? Math.min(Number(found[1]), 2 ** 32 - 1) : undefined;
}

/** The message names the option tag, in whatever case (RFC 3261 20.32, 20.37). */
export const namesOption = ({ headers }: SipMessage, header: 'Supported' | 'Require', option: string): boolean =>
  headers.list(header).some(name => name.toLowerCase() === option);

const isSipsAddress = (header: string | undefined): boolean =>
  header !== undefined && isSips(parseNameAddr(header).uri);

/** RFC 3261 26.2.2, 5630 5.1.1: a sips Request-URI or topmost Route, so that only TLS may carry the request. */
export const needsTls = ({ uri, headers }: SipRequest): boolean =>
  isSips(uri) || isSipsAddress(headers.list('Route')[0]);

/** RFC 3261 12.1.1: the Contact of the answer that makes a dialog is a sips one. */
export function wantsSipsContact({ uri, headers }: SipRequest): boolean {
  const [route] = headers.list('Record-Route');
  return isSips(uri) || isSipsAddress(route ?? headers.list('Contact')[0]);
}

/** RFC 5630 5.1.2, 5.3: goes with a 480. */
export const sipsNotAllowed = (host: string): [string, string] => ['Warning', `380 ${host} "SIPS Not Allowed"`];

const single = ['From', 'To', 'Call-ID', 'CSeq'] as const;

/** Checks that every mandatory header (RFC 3261 8.1.1) is there once and can be read. Throws SipSyntaxError naming the header. */
export function checkMessage(message: SipMessage): void {
  topVia(message);
  for (const name of single) {
    const values = message.headers.all(name);
    if (values.length !== 1 || values[0] === '') {
      throw new SipSyntaxError(values.length > 1 ? `${name} stands more than once` : `no ${name}`);
    }
  }
  parseNameAddr(message.headers.get('From') ?? '');
  parseNameAddr(message.headers.get('To') ?? '');
  const cseq = parseCSeq(message);
  if (message.kind === 'response') return;
  if (cseq.method !== message.method) throw new SipSyntaxError(`CSeq names ${cseq.method.slice(0, 20)}`);
  maxForwards(message);
}
