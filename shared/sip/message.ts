// SIP messages as values: start line, ordered headers, body; reading and writing them (RFC 3261 7, 25.1).
// For transport, transactions, user agents and the proxy. The meaning of header values is in fields.ts and uri.ts.
import { contentLength, Headers, lineBreak, SipSyntaxError, token } from './headers.ts';
import { reasonOf } from './status.ts';

export { Headers, SipSyntaxError } from './headers.ts';

/** Bounds of one message; what is larger is refused, not cut. */
export const sipLimits = { messageBytes: 65_536, headers: 200, headerBytes: 16_384 } as const;

export interface SipRequest {
  kind: 'request';
  /** Case-sensitive: `INVITE`. */
  method: string;
  /** Request-URI as written on the line. */
  uri: string;
  headers: Headers;
  body: Buffer;
}

export interface SipResponse {
  kind: 'response';
  status: number;
  reason: string;
  headers: Headers;
  body: Buffer;
}

export type SipMessage = SipRequest | SipResponse;

/** A request that breaks the grammar but can be answered: `request` holds what could be read of it. */
export class MalformedRequest extends SipSyntaxError {
  override readonly name = 'MalformedRequest';
  readonly request: SipRequest;

  constructor(message: string, status: number, request: SipRequest) {
    super(message, status);
    this.request = request;
  }
}

/** End of the header block: offset of its last byte + 1 and of the body, or undefined when it is not complete. */
export function endOfHeaders(bytes: Buffer, from = 0): { headers: number; body: number } | undefined {
  for (let at = bytes.indexOf(10, from); at >= 0; at = bytes.indexOf(10, at + 1)) {
    if (bytes[at + 1] === 10) return { headers: at + 1, body: at + 2 };
    if (bytes[at + 1] === 13 && bytes[at + 2] === 10) return { headers: at + 1, body: at + 3 };
  }
  return undefined;
}

/** Start line and header lines, folded ones joined by one space. RFC 3261 7.3.1 */
function unfold(text: string): string[] {
  const lines: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (/^[ \t]/.test(line) && lines.length > 0) lines[lines.length - 1] += ` ${line.trim()}`;
    else lines.push(line);
  }
  while (lines.length > 0 && lines[lines.length - 1] === '') lines.pop();
  return lines;
}

function readStartLine(line: string): SipMessage {
  const headers = new Headers();
  const body = Buffer.alloc(0);
  const response = /^SIP\/(\d+\.\d+) (\d{3})(?: (.*))?$/i.exec(line);
  if (response) {
    if (response[1] !== '2.0') throw new SipSyntaxError(`SIP version ${response[1]}`, 505);
    const status = Number(response[2]);
    if (status < 100 || status > 699) throw new SipSyntaxError(`status ${status} is not between 100 and 699`);
    return { kind: 'response', status, reason: response[3] ?? '', headers, body };
  }
  const request = /^(\S+) (\S+) SIP\/(\d+\.\d+)$/i.exec(line);
  if (!request) throw new SipSyntaxError('neither a request line nor a status line');
  const [, method = '', uri = '', version] = request;
  if (!token.test(method)) throw new SipSyntaxError('the method is not a token');
  const message: SipRequest = { kind: 'request', method, uri, headers, body };
  if (version !== '2.0') throw new MalformedRequest(`SIP version ${version}`, 505, message);
  return message;
}

/**
 * Reads one whole message: a datagram, or one message that framing cut out of a stream. Bare LF is taken for CRLF.
 * Bytes behind Content-Length are dropped; fewer than it says is an error (RFC 3261 18.3).
 * @throws MalformedRequest where a request could be read in part, else SipSyntaxError
 */
export function parseMessage(bytes: Buffer): SipMessage {
  if (bytes.length > sipLimits.messageBytes) {
    throw new SipSyntaxError(`message of ${bytes.length} bytes; at most ${sipLimits.messageBytes}`, 513);
  }
  let start = 0;
  while (bytes[start] === 13 || bytes[start] === 10) start++;
  const end = endOfHeaders(bytes, start) ?? { headers: bytes.length, body: bytes.length };
  const lines = unfold(bytes.toString('utf8', start, end.headers));
  const message = readStartLine(lines[0] ?? '');
  const problem = readHeaders(message.headers, lines.slice(1)) ?? readBody(message, bytes.subarray(end.body));
  if (problem === undefined) return message;
  throw message.kind === 'request' ? new MalformedRequest(problem, 400, message) : new SipSyntaxError(problem);
}

/** Adds the well-formed lines to `headers`; returns the first error. */
function readHeaders(headers: Headers, lines: string[]): string | undefined {
  if (lines.length > sipLimits.headers) return `${lines.length} header lines; at most ${sipLimits.headers}`;
  let problem: string | undefined;
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trimEnd();
    if (colon < 1 || !token.test(name)) problem ??= `header line ${JSON.stringify(line.slice(0, 40))} has no name`;
    else if (line.length > sipLimits.headerBytes) problem ??= `header ${name} is longer than ${sipLimits.headerBytes}`;
    else if (line.includes('\r')) problem ??= `header ${name} holds a bare CR`;
    else headers.add(name, line.slice(colon + 1));
  }
  return problem;
}

function readBody(message: SipMessage, rest: Buffer): string | undefined {
  const length = contentLength(message.headers);
  if (typeof length === 'string') return length;
  if (length !== undefined && length > rest.length) return `Content-Length ${length}, but ${rest.length} bytes follow`;
  message.body = Buffer.from(rest.subarray(0, length ?? rest.length));
  return undefined;
}

/** The bytes of a message; Content-Length is always written, and right. RFC 3261 18.3 */
export function formatMessage(message: SipMessage): Buffer {
  const first =
    message.kind === 'request'
      ? `${message.method} ${message.uri} SIP/2.0`
      : `SIP/2.0 ${message.status} ${message.reason}`;
  if (lineBreak.test(first)) throw new SipSyntaxError('the start line holds a line break');
  const lines = [first];
  let counted = false;
  for (const [name, value] of message.headers) {
    if (name.toLowerCase() !== 'content-length') lines.push(`${name}: ${value}`);
    else if (!counted) {
      counted = true;
      lines.push(`Content-Length: ${message.body.length}`);
    }
  }
  if (!counted) lines.push(`Content-Length: ${message.body.length}`);
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), message.body]);
}

export interface MessageParts {
  headers?: Iterable<readonly [name: string, value: string]>;
  body?: Buffer | string;
  contentType?: string;
}

function fill(message: SipMessage, parts: MessageParts): void {
  for (const [name, value] of parts.headers ?? []) message.headers.add(name, value);
  if (parts.contentType !== undefined) message.headers.set('Content-Type', parts.contentType);
  if (parts.body !== undefined) message.body = Buffer.from(parts.body);
}

/** A request from its parts; the sender adds the Via (transaction.ts). */
export function createRequest(method: string, uri: string, parts: MessageParts = {}): SipRequest {
  const request: SipRequest = { kind: 'request', method, uri, headers: new Headers(), body: Buffer.alloc(0) };
  fill(request, parts);
  return request;
}

const copied = ['Via', 'From', 'To', 'Call-ID', 'CSeq'] as const;
/** Methods whose 1xx and 2xx make a dialog, and so carry the Record-Route back. RFC 3261 12.1.1 */
const dialogMethods: readonly string[] = ['INVITE', 'SUBSCRIBE', 'REFER'];

/**
 * A response by RFC 3261 8.2.6: Via, From, To, Call-ID and CSeq copied; Record-Route where a dialog can arise.
 * @param parts.toTag put on To when the request had none
 */
export function createResponse(
  request: SipRequest,
  status: number,
  reason: string = reasonOf(status),
  parts: MessageParts & { toTag?: string } = {},
): SipResponse {
  const headers = new Headers();
  for (const name of copied) for (const value of request.headers.all(name)) headers.add(name, value);
  if (status > 100 && status < 300 && dialogMethods.includes(request.method)) {
    for (const value of request.headers.all('Record-Route')) headers.add('Record-Route', value);
  }
  if (status === 100) for (const value of request.headers.all('Timestamp')) headers.add('Timestamp', value);
  const to = headers.get('To');
  if (to !== undefined && parts.toTag !== undefined && !/;\s*tag\s*=/i.test(to.slice(to.lastIndexOf('>') + 1))) {
    headers.set('To', `${to};tag=${parts.toTag}`);
  }
  const response: SipResponse = { kind: 'response', status, reason, headers, body: Buffer.alloc(0) };
  fill(response, parts);
  return response;
}

/** A copy that can be changed without touching the original. */
export function cloneMessage<M extends SipMessage>(message: M): M {
  return { ...message, headers: message.headers.clone() };
}
