// Sees every message of the listener: into the traces of the devices that an operator watches, secrets masked, and as it is to
// the wire tap, where there is one.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../shared/clock.ts';
import type { Arguments } from '../../shared/cwmp/methods.ts';
import { type Body, decodeEnvelope, type Envelope, InvalidSoap } from '../../shared/cwmp/soap.ts';
import { isSecretName } from '../fleet/common/secrets.ts';
import { deviceId } from '../fleet/devices/devices.ts';
import type { TracedMessage, TracedSession, Traces } from '../fleet/tracing/traces.ts';

/** Sees each envelope, in order. */
export type WireTap = (from: 'cpe' | 'acs', xml: string) => void;

/** What the messages of one session have in common: its Live, or its connection before there is one. */
type TraceKey = object;

export interface Tracer {
  /** A POST was read. `thread`: the session that it belongs to, or its connection. */
  heard(
    request: FastifyRequest,
    thread: TraceKey,
    posted: Envelope | 'empty' | undefined,
    body: Buffer,
    address: string,
  ): void;
  /** The POST began a session: what follows comes under that. */
  joined(request: FastifyRequest, thread: TraceKey): void;
  /** An envelope goes out as the answer. */
  said(reply: FastifyReply, envelope: Envelope, xml: string): void;
  /** The answer is on its way. */
  answered(request: FastifyRequest, reply: FastifyReply): void;
}

interface Followed {
  device: string;
  session: TracedSession;
}

export function createWitness(options: { traces: Traces; clock: Clock; tap?: WireTap | undefined }): Tracer {
  const { traces, clock, tap } = options;
  const byThread = new WeakMap<TraceKey, Followed>();
  const byRequest = new WeakMap<FastifyRequest, Followed>();
  const sent = new WeakMap<FastifyReply, { envelope: Envelope; xml: string }>();

  const follow = (thread: TraceKey, posted: Envelope | 'empty' | undefined, address: string): Followed | undefined => {
    const known = byThread.get(thread);
    const inform = informOf(posted);
    if (!inform) return known;
    const device = deviceOf(inform);
    if (!traces.isOn(device)) return undefined;
    // An Inform after a challenge is the same one again, maybe over a new connection.
    const last = traces.of(device).sessions.at(-1);
    const again = last?.messages.at(-1)?.status === 401 && last.address === address;
    const followed = { device, session: again ? last : traces.begin(device, address) };
    byThread.set(thread, followed);
    return followed;
  };

  return {
    heard: (request, thread, posted, body, address) => {
      if (tap && body.length) tap('cpe', body.toString('utf8'));
      if (traces.idle()) return;
      const followed = follow(thread, posted, address);
      if (!followed) return;
      byRequest.set(request, followed);
      const what = posted === undefined ? '(not understood)' : said(posted);
      const headers = kept(request.headers, requestHeaders);
      traces.add(followed.device, followed.session, {
        ...{ time: clock.now(), from: 'cpe', what, headers, length: body.length },
        ...shown(body.toString('utf8')),
      });
    },
    joined: (request, thread) => {
      const followed = byRequest.get(request);
      if (followed) byThread.set(thread, followed);
    },
    said: (reply, envelope, xml) => {
      tap?.('acs', xml);
      if (!traces.idle()) sent.set(reply, { envelope, xml });
    },
    answered: (request, reply) => {
      const followed = byRequest.get(request);
      if (!followed) return;
      const answer = sent.get(reply);
      const status = reply.statusCode;
      traces.add(followed.device, followed.session, {
        time: clock.now(),
        from: 'acs',
        what: answer ? said(answer.envelope) : String(status),
        status,
        headers: kept(reply.getHeaders(), answerHeaders),
        length: answer?.xml.length ?? 0,
        ...shown(answer?.xml ?? ''),
      });
    },
  };
}

function informOf(posted: Envelope | 'empty' | undefined): Arguments<'Inform'> | undefined {
  if (posted === undefined || posted === 'empty' || posted.body.kind !== 'request') return undefined;
  return posted.body.method === 'Inform' ? (posted.body.args as Arguments<'Inform'>) : undefined;
}

function deviceOf({ DeviceId }: Arguments<'Inform'>): string {
  const { OUI: oui, ProductClass: productClass, SerialNumber: serialNumber } = DeviceId;
  return deviceId({ oui, productClass, serialNumber });
}

function said(posted: Envelope | 'empty'): string {
  if (posted === 'empty') return '(empty)';
  const inform = informOf(posted);
  if (inform) return `Inform (${inform.Event.map(({ EventCode }) => EventCode).join(', ')})`;
  return nameOf(posted.body);
}

function nameOf(body: Body): string {
  switch (body.kind) {
    case 'request':
      return body.method;
    case 'response':
      return `${body.method}Response`;
    case 'fault':
      return `Fault ${body.fault.soap ?? body.fault.code}`;
    case 'unknown':
      return body.name;
    case 'invalid':
      return `${body.method} (unreadable: ${body.reason})`;
    case 'empty':
      return '(empty)';
  }
}

const requestHeaders = [
  ...['host', 'user-agent', 'soapaction', 'content-length', 'transfer-encoding', 'content-encoding', 'accept-encoding'],
  ...['connection', 'authorization', 'cookie', 'x-forwarded-for', 'x-forwarded-proto'],
];
const answerHeaders = [
  'content-type',
  'content-encoding',
  'www-authenticate',
  'set-cookie',
  'connection',
  'retry-after',
];

function kept(headers: Record<string, unknown>, names: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const value = headers[name];
    if (value !== undefined) found[name] = masked(name, Array.isArray(value) ? value.join(', ') : String(value));
  }
  return found;
}

function masked(name: string, value: string): string {
  if (name === 'authorization') return `${/^[\w-]*/.exec(value)?.[0] ?? ''} ***`;
  if (name === 'cookie' || name === 'set-cookie') return value.replace(/=("[^"]*"|[^;,\s]*)/, '=***').slice(0, 500);
  return value.slice(0, 500);
}

function shown(xml: string): Pick<TracedMessage, 'xml' | 'note'> {
  if (xml.trim() === '') return {};
  const hidden = withoutSecrets(xml);
  return hidden === undefined ? { note: 'left out: its secrets could not be masked' } : { xml: hidden };
}

/** Text of an element, which may be CDATA in part. */
const TEXT = '((?:<!\\[CDATA\\[[\\s\\S]*?\\]\\]>|[^<])*)';
const open = (names: string): string => `(<(?:[\\w.-]+:)?(?:${names})(?:\\s[^>]*)?>)`;
const close = (names: string): string => `(<\\/(?:[\\w.-]+:)?(?:${names})\\s*>)`;
const valueAfterName = new RegExp(
  `${open('Name')}${TEXT}${close('Name')}(\\s*)${open('Value')}${TEXT}${close('Value')}`,
  'g',
);
const credential = new RegExp(`${open('Username|Password')}${TEXT}${close('Username|Password')}`, 'g');
/** Who has the link has the file, for as long as the transfer is under way. */
const fileLink = /(\/files\/[0-9a-f]+\/)[\w-]+(?=\/)/g;

/**
 * The envelope as it was but for its secrets: values of parameters whose name says that they are secret, the credentials of
 * transfers, the tags of file links.
 * @returns undefined when what is left would still hold one
 */
export function withoutSecrets(xml: string): string | undefined {
  const hidden = xml
    .replace(valueAfterName, (all, ...[o, name, c, space, vo, value, vc]: string[]) =>
      value === '' || !isSecretName(name ?? '') ? all : `${o}${name}${c}${space}${vo}***${vc}`,
    )
    .replace(credential, (all, before: string, text: string, after: string) =>
      text.trim() === '' ? all : `${before}***${after}`,
    )
    .replace(fileLink, '$1***');
  return holdsSecret(hidden) ? undefined : hidden;
}

/** Looks again, by meaning instead of text. */
function holdsSecret(xml: string): boolean {
  let envelope: Envelope;
  try {
    envelope = decodeEnvelope(xml);
  } catch (error) {
    if (!(error instanceof InvalidSoap)) throw error;
    return /password|secret|passphrase|privatekey/i.test(xml);
  }
  const { body } = envelope;
  if (body.kind === 'unknown' || body.kind === 'invalid') return /password|secret|passphrase|privatekey/i.test(xml);
  if (body.kind === 'request') return inside(body.args);
  return body.kind === 'response' && inside(body.result);
}

const isOpen = (value: unknown): boolean => typeof value === 'string' && value !== '' && value.trim() !== '***';

function inside(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(inside);
  if (typeof value !== 'object' || value === null) return false;
  const { Name, Value } = value as { Name?: unknown; Value?: unknown };
  if (typeof Name === 'string' && isSecretName(Name) && isOpen(Value)) return true;
  return Object.entries(value).some(
    ([name, part]) => ((name === 'Username' || name === 'Password') && isOpen(part)) || inside(part),
  );
}
