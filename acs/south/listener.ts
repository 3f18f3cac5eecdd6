// The CWMP listener: fastify on one or more addresses, HTTPS unless asked otherwise. A POST finds its session by cookie, else by
// connection, and becomes a turn of that session's exchange.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { DEFAULT_CIPHERS, type SecureVersion } from 'node:tls';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Clock, Random } from '../../shared/clock.ts';
import { decodeEnvelope, type Envelope, encodeEnvelope, InvalidSoap } from '../../shared/cwmp/soap.ts';
import { messageOf, UserError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { plainAddress } from '../../shared/net/address.ts';
import { CodingError, decodeBody, encodeBody, isCoded } from '../../shared/net/coding.ts';
import type { EventBus } from '../events.ts';
import { SessionLost } from '../fleet/common/ports.ts';
import { deviceId } from '../fleet/devices/devices.ts';
import type { Proof } from '../fleet/enrolment/enrolment.ts';
import type { ClientCertificate } from '../fleet/enrolment/rules.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { isStoreTrouble } from '../store/health.ts';
import { type AdmissionLimits, type AdmissionState, createAdmission, DEFAULT_LIMITS } from './admission.ts';
import { type Authenticator, createAuthenticator } from './auth.ts';
import { networks } from './connection-request/policy.ts';
import { cookiesOf, createCookies, setCookie } from './cookies.ts';
import { Exchange, type Posted, type Reply } from './exchange.ts';
import { BACKLOG, boundConnections, boundTransfers, isTransfer, untilClosed } from './limits.ts';
import { expectProxyHeader } from './proxy-protocol.ts';
import { type Caller, session } from './session.ts';
import {
  type Forward,
  type ForwardedAnswer,
  type ForwardedPost,
  forwardedHeaders,
  isInformIn,
  returnedHeaders,
} from './session-forwarding.ts';
import { logFailedHandshakes } from './tls-failures.ts';
import { createWitness, type Tracer, type WireTap } from './tracer.ts';
import { registerFiles } from './transfers.ts';

export interface SouthOptions {
  fleet: Fleet;
  clock: Clock;
  random: Random;
  log: Log;
  events: EventBus;
  /** Secrets of nonces, file links, session cookies and (48 bytes) TLS session tickets, the same in all processes. */
  keys: { nonces: Buffer; links: Buffer; cookies: Buffer; tickets?: Buffer };
  /** Hands a POST to the process that has its session; absent where there is but this one. */
  forward?: Forward | undefined;
  cpeAuth: 'required' | 'none';
  /** Networks of proxies whose X-Forwarded-* headers are believed. */
  trustedProxies: string[];
  /** Networks of load balancers whose connections begin with a PROXY header. */
  proxyProtocol?: string[] | undefined;
  /** How many sessions run and how many Informs wait. */
  limits?: AdmissionLimits | undefined;
  /** Sees every envelope, secrets included. */
  wire?: WireTap;
}

export interface ListenTls {
  /** Pairs of PEM texts; RSA and EC side by side. */
  certificates: { cert: string; key: string }[];
  minVersion: SecureVersion;
  ciphers?: string;
  clientCa?: string;
}

export interface South {
  /** Opens one address. @returns the port */
  listen(address: { host: string; port: number; tls?: ListenTls }): Promise<number>;
  /** A fastify instance without a socket: for virtual time, by `inject`. */
  app(tls?: ListenTls): Promise<FastifyInstance>;
  /** What another process was sent and belongs to a session here. @returns undefined when that is over */
  answer(post: ForwardedPost): Promise<ForwardedAnswer | undefined>;
  renewCertificates(certificates: ListenTls['certificates']): void;
  sessions(): number;
  admission(): AdmissionState;
  close(): Promise<void>;
}

interface Live {
  exchange: Exchange;
  cookie: string;
  caller: Caller;
  over: boolean;
  /** The CPE compresses what it sends, so it can read what is compressed. */
  compresses: boolean;
}

/** So many times the sessions that run may be open, those included whose CPE has gone without ending them. */
const MAX_ABSENT = 10;
/** Envelopes of 32 KB must be taken (TR-069 3.5); full reads of large models are far longer. */
const MAX_BODY = 16 * 1024 * 1024;
/** Between processes alone: the session is over. */
const GONE = 410;
/** What a caller that has not proved itself may send. */
const MAX_STRANGER_BODY = 256 * 1024;
/** An Inform no longer than this is not read anew when it comes once more on its connection, with credentials this time. */
const MAX_REMEMBERED = 16 * 1024;

export function createSouth(options: SouthOptions): South {
  const { fleet, clock, random, log, events } = options;
  const byCookie = new Map<string, Live>();
  const bySocket = new WeakMap<Socket, Live>();
  /** What was last posted on a connection and answered with 401. */
  const challenged = new WeakMap<Socket, { body: Buffer; envelope: Envelope }>();
  const apps: { server: FastifyInstance; tls?: ListenTls }[] = [];
  const authenticator: Authenticator = createAuthenticator({
    enrolment: fleet.enrolment,
    clock,
    random,
    key: options.keys.nonces,
    required: options.cpeAuth === 'required',
  });
  const cookies = createCookies({ key: options.keys.cookies, self: fleet.members.self, random });
  const limits = options.limits ?? DEFAULT_LIMITS;
  const admission = createAdmission({ ...limits, clock, random, log, observe: ended => events.emit('waited', ended) });
  const crowds: (() => boolean)[] = [];
  const isCrowded = (): boolean => admission.isStormy() || crowds.some(isFull => isFull());
  const witness = createWitness({ traces: fleet.traces, clock, tap: options.wire });

  const turnAway = (reply: FastifyReply): void => {
    reply.code(503).header('retry-after', admission.retryAfter()).header('connection', 'close').send();
  };

  const start = (caller: Caller, release: () => void): Live => {
    const exchange: Exchange = new Exchange(clock, rpc => events.emit('rpc', { device: exchange.device, ...rpc }));
    const live: Live = {
      exchange,
      cookie: cookies.issue(),
      caller,
      over: false,
      compresses: false,
    };
    byCookie.set(live.cookie, live);
    // The one thing not waited for: a session answers through its exchange, never throws, and ends by itself.
    void session(exchange, caller, { fleet, log, events, now: () => clock.now() }).finally(() => {
      live.over = true;
      byCookie.delete(live.cookie);
      release();
    });
    return live;
  };

  const find = (request: FastifyRequest): Live | undefined => {
    const given = cookiesOf(request.raw);
    // A CPE that sends cookies of ours is known by them alone; and a proxy's connection carries many CPEs, so it names none.
    const live = given.length
      ? given.map(cookie => byCookie.get(cookie)).find(Boolean)
      : isOwnConnection(request)
        ? bySocket.get(request.socket)
        : undefined;
    return live && !live.over ? live : undefined;
  };

  const isInform = (posted: Posted): boolean =>
    posted !== 'empty' && posted.body.kind === 'request' && posted.body.method === 'Inform';

  const deny = async (
    request: FastifyRequest,
    reply: FastifyReply,
    posted: Posted,
    denied: { challenges: string[]; reason: string },
  ): Promise<void> => {
    if (isInform(posted) && posted !== 'empty' && posted.body.kind === 'request') {
      const { DeviceId } = posted.body.args as {
        DeviceId: { Manufacturer: string; OUI: string; ProductClass: string; SerialNumber: string };
      };
      const identity = {
        manufacturer: DeviceId.Manufacturer,
        oui: DeviceId.OUI,
        productClass: DeviceId.ProductClass,
        serialNumber: DeviceId.SerialNumber,
      };
      if (denied.reason === 'missing' && isSecure(request) && (await fleet.enrolment.mayOpen(deviceId(identity)))) {
        await take(request, reply, posted, callerOf(request, { kind: 'open' }));
        return;
      }
      fleet.enrolment.knock(identity, addressOf(request));
    }
    // The first POST of a session usually comes without credentials: only wrong ones are worth a line.
    if (denied.reason !== 'missing')
      log.warn('not authenticated', { address: addressOf(request), reason: denied.reason });
    reply.code(401).header('www-authenticate', denied.challenges).send();
  };

  const take = async (
    request: FastifyRequest,
    reply: FastifyReply,
    posted: Posted,
    caller: Caller,
    before?: Live,
  ): Promise<void> => {
    let live = before;
    if (!live) {
      if (posted === 'empty') {
        reply.code(204).send();
        return;
      }
      if (byCookie.size >= limits.running * MAX_ABSENT) {
        turnAway(reply);
        return;
      }
      const untilGone = untilClosed(request.socket);
      const entry = await admission.enter(retryCountOf(posted), untilGone);
      if (entry.outcome !== 'admitted') {
        turnAway(reply);
        return;
      }
      // A CPE that has gone may come back within its session; until then its place is another's. A proxy's connection tells nothing.
      const stop = isOwnConnection(request) ? untilGone(entry.release) : undefined;
      live = start(caller, () => {
        stop?.();
        entry.release();
      });
      bySocket.set(request.socket, live);
      witness.joined(request, live);
      reply.header('set-cookie', setCookie(live.cookie));
    }
    await exchangeOnce(request, reply, posted, live);
  };

  /** One POST of a session and its answer. */
  const exchangeOnce = async (
    request: FastifyRequest,
    reply: FastifyReply,
    posted: Posted,
    live: Live,
  ): Promise<void> => {
    let answer: Reply;
    // Others may have taken this process for gone, and its devices over.
    if (!fleet.members.isServing()) {
      live.exchange.abandon('the store does not hear this process');
      turnAway(reply);
      return;
    }
    try {
      answer = await live.exchange.post(posted);
    } catch (error) {
      if (!(error instanceof SessionLost)) throw error;
      reply.code(posted === 'empty' ? 204 : 400).send();
      return;
    }
    live.compresses ||= isCoded(request.headers['content-encoding']);
    if (answer === 'empty') {
      // The session is over: where connections are scarce this one is not kept for the next.
      if (isCrowded()) reply.header('connection', 'close');
      reply.code(204).send();
    } else await answerXml(reply, answer, witness, live.compresses && acceptsGzip(request));
  };

  /** The first POST of a session comes twice where it is answered with 401. */
  const decode = (socket: Socket, body: Buffer, isFirst: boolean): Envelope | 'empty' => {
    if (isBlank(body)) return 'empty';
    if (!isFirst) return decodeEnvelope(body);
    const earlier = challenged.get(socket);
    if (earlier?.body.equals(body)) return earlier.envelope;
    const envelope = decodeEnvelope(body);
    if (body.length <= MAX_REMEMBERED) challenged.set(socket, { body, envelope });
    return envelope;
  };

  /** What was posted; undefined when it was bad enough to be answered here. */
  const read = async (
    request: FastifyRequest,
    reply: FastifyReply,
    before: Live | undefined,
  ): Promise<Posted | undefined> => {
    const heard = (posted: Posted | undefined): void =>
      witness.heard(request, before ?? request.socket, posted, body, addressOf(request));
    let body: Buffer = Buffer.alloc(0);
    try {
      body = await plainBody(request, before ? MAX_BODY : MAX_STRANGER_BODY);
      const envelope = decode(request.socket, body, before === undefined);
      heard(envelope);
      if (envelope === 'empty') return 'empty';
      if (envelope.unknownMustUnderstand === undefined) return envelope.body.kind === 'empty' ? 'empty' : envelope;
      // SOAP 1.1 4.4: said at once; the session stays where it is.
      log.warn('header not understood', { address: addressOf(request), header: envelope.unknownMustUnderstand });
      const message = `header ${envelope.unknownMustUnderstand} is not understood`;
      const fault = { code: 8003, message, parameters: [], soap: 'MustUnderstand' as const };
      await answerXml(reply, { namespace: envelope.namespace, body: { kind: 'fault', fault } }, witness);
    } catch (error) {
      if (error instanceof CodingError) {
        // TR-069 3.4.7: a coding that is not spoken here is 415; the CPE then goes on without.
        log.warn('body not decoded', { address: addressOf(request), reason: error.message });
        reply.code(codingStatus[error.kind]).send();
        return undefined;
      }
      if (!(error instanceof InvalidSoap)) throw error;
      heard(undefined);
      // TR-069 3.5: an envelope that breaks the rules ends the session.
      log.warn('invalid SOAP', { address: addressOf(request), reason: error.message });
      before?.exchange.abandon(`invalid SOAP: ${error.message}`);
      reply.code(400).send();
    }
    return undefined;
  };

  /** The other process that has the session, by the cookies. */
  const ownerOf = (request: FastifyRequest): string | undefined =>
    cookiesOf(request.raw)
      .map(cookie => cookies.memberOf(cookie))
      .find(member => member !== undefined && member !== fleet.members.self);

  /** @returns whether it was answered; an Inform never is */
  const handOver = async (request: FastifyRequest, reply: FastifyReply, member: string): Promise<boolean> => {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    if (await isInformIn(body, request.headers['content-encoding'], MAX_BODY)) return false;
    const post = { headers: forwardedHeaders(request.headers), body, address: addressOf(request) };
    let reason = 'the session is over there';
    try {
      const answer = await options.forward?.(member, post);
      if (answer) {
        reply.code(answer.status).headers(answer.headers).send(answer.body);
        return true;
      }
    } catch (error) {
      reason = messageOf(error);
    }
    // Whoever had the session is gone or has given it up. A CPE whose session fails begins a new one, and tells its events once more
    // (TR-069 3.2.1.1); what was due for it is still due.
    log.warn('no session to hand a POST to', { address: post.address, member, reason });
    reply.code(503).header('connection', 'close').send();
    return true;
  };

  const handle = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const before = find(request);
    const owner = before ? undefined : ownerOf(request);
    if (owner !== undefined && (await handOver(request, reply, owner))) return;
    const posted = await read(request, reply, before);
    if (posted === undefined) return;
    if (before && !isInform(posted)) {
      await take(request, reply, posted, before.caller, before);
      return;
    }
    if (!fleet.members.isServing()) {
      turnAway(reply);
      return;
    }
    const known = await authenticator.authenticate({
      authorization: request.headers.authorization,
      method: 'POST',
      uri: request.originalUrl,
      secure: isSecure(request),
      socket: request.socket,
    });
    if (!known.ok) {
      await deny(request, reply, posted, known);
      return;
    }
    challenged.delete(request.socket);
    // TR-069 3.7.1.1: one Inform a session; another one means that the CPE has begun anew. Without our cookie it is told by its
    // DeviceId alone: one connection may carry several CPEs.
    if (cookiesOf(request.raw).length > 0) before?.exchange.abandon('the CPE began a new session');
    await take(request, reply, posted, callerOf(request, known.proof, known.certificate));
  };

  const app = async (tls?: ListenTls, handler = handle): Promise<FastifyInstance> => {
    const instance = fastify({
      logger: false,
      trustProxy: options.trustedProxies.length ? options.trustedProxies : false,
      bodyLimit: MAX_BODY,
      keepAliveTimeout: 75_000,
      requestTimeout: 120_000,
      forceCloseConnections: true,
      exposeHeadRoutes: false,
      rewriteUrl,
      ...(tls ? { https: tlsOptions(tls, options.keys.tickets) } : {}),
    } as never) as unknown as FastifyInstance;
    if (options.proxyProtocol?.length) {
      const endSilent = expectProxyHeader(instance.server, networks(options.proxyProtocol), { clock, log });
      instance.addHook('preClose', async () => endSilent());
    }
    plain(instance, log, { isStranger: request => isStranger(request) && find(request) === undefined, witness });
    if (tls) logFailedHandshakes(instance.server, { clock, log });
    crowds.push(boundConnections(instance.server, limits, { clock, log }));
    boundTransfers(instance, admission);
    registerFiles(instance, { fleet, log, events, key: options.keys.links });
    instance.post('/', async (request, reply) => {
      await handler(request, reply);
      witness.answered(request, reply);
    });
    await instance.ready();
    apps.push({ server: instance, ...(tls ? { tls } : {}) });
    return instance;
  };

  /** Whoever handed it over is believed: no proxy's headers count here. */
  let inner: Promise<FastifyInstance> | undefined;
  const answer: South['answer'] = async post => {
    inner ??= app(undefined, async (request, reply) => {
      const live = find(request);
      const posted = live ? await read(request, reply, live) : undefined;
      if (!live) await reply.code(GONE).send();
      else if (posted !== undefined) await take(request, reply, posted, live.caller, live);
    });
    const { headers, body, address } = post;
    const answered = await (await inner).inject({
      ...{ method: 'POST', url: '/', headers, payload: body, remoteAddress: address },
    });
    if (answered.statusCode === GONE) return undefined;
    return {
      status: answered.statusCode,
      headers: returnedHeaders(answered.headers),
      body: answered.rawPayload,
    };
  };

  return {
    app: tls => app(tls),
    answer,
    sessions: () => byCookie.size,
    admission: () => admission.state(),
    listen: async ({ host, port, tls }) => {
      const instance = await app(tls);
      const url = await instance.listen({ host, port, backlog: BACKLOG });
      return Number(new URL(url).port) || port;
    },
    renewCertificates: certificates => {
      for (const { server, tls } of apps) if (tls) renewServer(server.server, certificates, tls, options.keys.tickets);
    },
    close: async () => {
      admission.close();
      for (const { exchange } of byCookie.values()) exchange.abandon('the ACS is stopping');
      await Promise.all(apps.map(({ server }) => server.close()));
    },
  };
}

/** One place takes every POST but uploads, however its target is written; some name the whole URL (RFC 9112 3.2.2). */
function rewriteUrl({ method, url = '/' }: IncomingMessage): string {
  const path = url.replace(/^https?:\/\/[^/]*/i, '');
  return method === 'POST' && !isTransfer(path) ? '/' : path;
}

/** The CPE's own, not that of a proxy. */
const isOwnConnection = (request: FastifyRequest): boolean =>
  addressOf(request) === plainAddress(request.socket.remoteAddress ?? '');

const retryCountOf = (posted: Exclude<Posted, 'empty'>): number =>
  posted.body.kind === 'request' ? Number((posted.body.args as { RetryCount?: number }).RetryCount ?? 0) : 0;

/** Less is not worth packing. */
const MIN_PACKED = 1024;

/** TR-069 3.4.1: whatever is in the envelope, a fault too, the status is 200. */
async function answerXml(reply: FastifyReply, envelope: Envelope, witness: Tracer, packed = false): Promise<void> {
  const xml = encodeEnvelope(envelope);
  witness.said(reply, envelope, xml);
  reply.code(200).header('content-type', 'text/xml; charset="utf-8"');
  if (!packed || xml.length < MIN_PACKED) reply.send(xml);
  else reply.header('content-encoding', 'gzip').send(await encodeBody(Buffer.from(xml), 'gzip'));
}

const acceptsGzip = (request: FastifyRequest): boolean =>
  /(^|[\s,])(x-)?gzip\s*(,|;\s*q=(1|0?\.[1-9])|$)/i.test(String(request.headers['accept-encoding'] ?? ''));

const codingStatus = { unknown: 415, 'too-large': 413, broken: 400 } as const;

/** What was posted, decoded. @throws CodingError */
async function plainBody(request: FastifyRequest, strangerBytes: number): Promise<Buffer> {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const coding = request.headers['content-encoding'];
  if (body.length === 0 || !isCoded(coding)) return body;
  return await decodeBody(body, coding ?? '', isStranger(request) ? strangerBytes : MAX_BODY);
}

/** Nothing but white space: some CPEs end an empty POST with a line break. */
const isBlank = (body: Buffer): boolean => body.length < 64 && body.toString('latin1').trim() === '';

/** RFC 9112 6.3: a request without either of them has none. */
const hasBody = (headers: FastifyRequest['headers']): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;

const isStranger = ({ headers }: FastifyRequest): boolean => !headers.authorization && !headers.cookie;

/** CWMP is not JSON: raw text in, nothing of fastify's own answers out. */
function plain(
  instance: FastifyInstance,
  log: Log,
  { isStranger, witness }: { isStranger: (request: FastifyRequest) => boolean; witness: Tracer },
): void {
  instance.addHook('onRequest', (request, reply, done) => {
    // A malformed Content-Type would be answered 415 before any of us sees it. What is uploaded is bytes, the others are XML, whatever
    // they say; where there is no type, a body is not even looked for.
    if (isTransfer(request.url)) {
      request.headers['content-type'] = 'application/octet-stream';
      return done();
    }
    if (request.method === 'POST') request.headers['content-type'] = hasBody(request.headers) ? 'text/xml' : undefined;
    const length = Number(request.headers['content-length'] ?? 0);
    if (request.method === 'POST' && isStranger(request) && length > MAX_STRANGER_BODY) {
      reply.code(413).header('connection', 'close').send();
      return;
    }
    done();
  });
  instance.removeAllContentTypeParsers();
  // Bytes, not text: which encoding they are in stands in the XML, and they may be compressed.
  instance.addContentTypeParser('text/xml', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  instance.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  instance.setNotFoundHandler((_request, reply) => reply.code(404).send());
  instance.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const status = error instanceof UserError ? error.status : (error.statusCode ?? 500);
    if (isStoreTrouble(error)) log.debug('request failed', { url: request.url, error });
    else if (status >= 500) log.error('request failed', { url: request.url, error });
    else log.warn('bad request', { address: request.ip, status, reason: messageOf(error) });
    void reply.code(status).send();
    witness.answered(request, reply);
  });
}

const pairs = (certificates: ListenTls['certificates']): { cert: string[]; key: string[] } => ({
  cert: certificates.map(pair => pair.cert),
  key: certificates.map(pair => pair.key),
});

/** New certificates for a TLS server; connections that are open keep theirs. All else about TLS must be said again, or it is lost. */
export function renewServer(
  server: unknown,
  certificates: ListenTls['certificates'],
  tls?: ListenTls,
  tickets?: Buffer,
): void {
  const { setSecureContext } = server as { setSecureContext?: (options: object) => void };
  setSecureContext?.call(server, tls ? tlsOptions({ ...tls, certificates }, tickets) : pairs(certificates));
}

const tlsOptions = (tls: ListenTls, tickets?: Buffer): object => ({
  // A session goes on with any process; OpenSSL takes none of another context, which is made of the command line otherwise.
  ...(tickets ? { ticketKeys: tickets, sessionIdContext: 'tandem' } : {}),
  ...pairs(tls.certificates),
  minVersion: tls.minVersion,
  // DGW's DHE suites need a group offered by the server.
  dhparam: 'auto',
  ...cipherOptions(tls),
  ...(tls.clientCa ? { ca: tls.clientCa, requestCert: true, rejectUnauthorized: false } : {}),
});

/** OpenSSL's own default level refuses what TLS 1.0 and 1.1 rest on (SHA-1). */
function cipherOptions({ ciphers, minVersion }: ListenTls): { ciphers?: string } {
  if (minVersion === 'TLSv1' || minVersion === 'TLSv1.1')
    return { ciphers: `${ciphers ?? DEFAULT_CIPHERS}:@SECLEVEL=0` };
  return ciphers ? { ciphers } : {};
}

const isSecure = (request: FastifyRequest): boolean => request.protocol === 'https';
const addressOf = (request: FastifyRequest): string => plainAddress(request.ip);

function callerOf(request: FastifyRequest, proof: Proof, certificate?: ClientCertificate): Caller {
  const host = request.host;
  const caller: Caller = { proof, address: addressOf(request), ...(certificate ? { certificate } : {}) };
  // What the CPE calls us is what it can reach, and what its certificate check expects of our files too.
  return /^(\[[0-9a-f:.]+\]|[\w.-]+)(:\d{1,5})?$/i.test(host)
    ? { ...caller, base: `${request.protocol}://${host}` }
    : caller;
}
