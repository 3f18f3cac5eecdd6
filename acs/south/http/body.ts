// Bodies of POSTs: decompressed, bounded, decoded. A body that breaks the rules is answered here.
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { decodeEnvelope, type Envelope, InvalidSoap } from '../../../shared/cwmp/soap.ts';
import type { Log } from '../../../shared/log.ts';
import { CodingError, decodeBody, isCoded } from '../../../shared/net/coding.ts';
import { charsetIn } from '../../../shared/xml/charset.ts';
import type { Posted } from '../post-stream.ts';
import type { OpenSession } from '../session-table.ts';
import type { Tracer } from '../tracer.ts';
import { answerXml } from './answer.ts';
import { MAX_BODY, MAX_STRANGER_BODY, OVERLONG } from './bytes.ts';
import { addressOf } from './caller.ts';

/** Bytes up to which a challenged Inform is kept, so that it is not decoded again when it returns with credentials. */
const MAX_REMEMBERED = 16 * 1024;

/** DEFLATE reaches 1032:1; XML of a CPE compresses by 5 to 30. */
const proved = { bytes: MAX_BODY, ratio: 500 };
const stranger = { bytes: MAX_STRANGER_BODY, ratio: 100 };

const codingStatus = { unknown: 415, 'too-large': 413, broken: 400 } as const;

export class BodyReader {
  readonly #tracer: Tracer;
  readonly #log: Log;
  /** The last body that came on a connection before its session began. */
  readonly #challenged = new WeakMap<Socket, { body: Buffer; envelope: Envelope }>();

  constructor(tracer: Tracer, log: Log) {
    this.#tracer = tracer;
    this.#log = log;
  }

  /**
   * The message in a body.
   * @param isProved the sender has a session or a verified login
   * @returns `overlong` where a stranger sends too much; undefined when the request is answered already, because the body breaks the rules
   */
  async read(
    request: FastifyRequest,
    reply: FastifyReply,
    session: OpenSession | undefined,
    isProved: boolean,
  ): Promise<Posted | typeof OVERLONG | undefined> {
    if (request.body === OVERLONG) return OVERLONG;
    const read: { body?: Buffer } = {};
    try {
      const body = await plainBody(request, isProved);
      read.body = body;
      const charset = charsetIn(request.headers['content-type']);
      const posted = session ? decoded(body, charset) : this.#decodeFirst(request.socket, body, charset);
      this.#tracer.received(request, session, posted, body);
      if (posted === 'empty') return 'empty';
      noteForgiven(request, posted, this.#log);
      if (posted.unknownMustUnderstand === undefined) return posted.body.kind === 'empty' ? 'empty' : posted;
      await this.#refuseHeader(request, reply, posted, posted.unknownMustUnderstand);
      return undefined;
    } catch (error) {
      if (error instanceof CodingError && error.kind === 'too-large' && !isProved) return OVERLONG;
      if (error instanceof InvalidSoap)
        this.#tracer.received(request, session, undefined, read.body ?? Buffer.alloc(0));
      if (session && isUnreadable(error) && session.exchange.isOwed)
        return unreadable(request, session, error.message, this.#log);
      refuse({ request, reply, session, error }, this.#log);
      return undefined;
    }
  }

  /** The first POST of a session comes twice where it is answered with 401. */
  #decodeFirst(socket: Socket, body: Buffer, charset: string | undefined): Posted {
    if (isBlank(body)) return 'empty';
    const earlier = this.#challenged.get(socket);
    if (earlier?.body.equals(body)) return earlier.envelope;
    const envelope = decodeEnvelope(body, undefined, charset);
    if (body.length <= MAX_REMEMBERED) this.#challenged.set(socket, { body, envelope });
    return envelope;
  }

  /** Drops the body of a connection, once its caller is authenticated. */
  forget(socket: Socket): void {
    this.#challenged.delete(socket);
  }

  /** SOAP 1.1 4.4: the fault is answered at once, and the session stays where it is. */
  async #refuseHeader(request: FastifyRequest, reply: FastifyReply, posted: Envelope, header: string): Promise<void> {
    this.#log.warn('SOAP header not understood', { address: addressOf(request), header });
    const message = `header ${header} is not understood`;
    const fault = { code: 8003, message, parameters: [], soap: 'MustUnderstand' as const };
    // TR-069 3.5: the ID of a request comes back with its answer, also with a fault.
    const id = posted.id === undefined ? {} : { id: posted.id };
    await answerXml(reply, { namespace: posted.namespace, ...id, body: { kind: 'fault', fault } }, this.#tracer);
  }
}

/** Answers a body that breaks the rules. @throws any other error */
function refuse({ request, reply, session, error }: BodyFailure, log: Log): void {
  if (error instanceof CodingError) {
    // TR-069 3.4.7: 415 makes the CPE continue without compression.
    log.warn('body decoding failed', { address: addressOf(request), reason: error.message });
    reply.code(codingStatus[error.kind]).send();
    return;
  }
  if (!(error instanceof InvalidSoap)) throw error;
  // TR-069 3.5: an envelope that breaks the rules ends the session.
  log.warn('invalid SOAP received', { address: addressOf(request), reason: error.message });
  session?.exchange.abandon(`invalid SOAP: ${error.message}`);
  reply.code(400).send();
}

function noteForgiven(request: FastifyRequest, { body, forgiven }: Envelope, log: Log): void {
  if (!forgiven) return;
  const method = 'method' in body ? body.method : body.kind;
  log.info('arguments ignored', { address: addressOf(request), method, reason: forgiven.join('; ') });
}

interface BodyFailure {
  request: FastifyRequest;
  reply: FastifyReply;
  session: OpenSession | undefined;
  error: unknown;
}

/** An answer that is no message fails its RPC alone: the alternation of POSTs holds, so the session can go on. */
function unreadable(request: FastifyRequest, { exchange }: OpenSession, reason: string, log: Log): Posted {
  log.warn('answer reading failed', { address: addressOf(request), device: exchange.device, reason });
  return { namespace: exchange.namespace, body: { kind: 'unreadable', reason } };
}

const isUnreadable = (error: unknown): error is Error =>
  error instanceof InvalidSoap || (error instanceof CodingError && error.kind !== 'unknown');

const decoded = (body: Buffer, charset: string | undefined): Posted =>
  isBlank(body) ? 'empty' : decodeEnvelope(body, undefined, charset);

/** The body, decompressed. @throws CodingError */
async function plainBody(request: FastifyRequest, isProved: boolean): Promise<Buffer> {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const coding = request.headers['content-encoding'];
  if (body.length === 0 || !isCoded(coding)) return body;
  const most = isProved ? proved : stranger;
  return await decodeBody(body, coding ?? '', most.bytes, most.ratio);
}

/** White space alone is an empty POST: some CPEs end it with a line break. */
const isBlank = (body: Buffer): boolean => body.length < 64 && body.toString('latin1').trim() === '';
