// The CWMP listener: HTTP or HTTPS on any number of addresses, which share sessions, admission and limits.
import type { Server } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock, Random } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { type ConnectionPlaces, proveUntilAnswered } from '../../shared/net/connection-places.ts';
import { throttledByAddress } from '../../shared/throttled-log.ts';
import type { EventBus } from '../events.ts';
import { GuessLimit } from '../fleet/access/guess-limit.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { Admission, type AdmissionLimits, type AdmissionState, DEFAULT_LIMITS } from './admission/admission.ts';
import { BACKLOG, unprovedPlaces } from './admission/connection-limit.ts';
import { SessionPlaces } from './admission/session-places.ts';
import { AuthenticationStep } from './authentication-step.ts';
import { createAuthenticator } from './authenticator.ts';
import { BodyReader } from './http/body.ts';
import { type Cookies, createCookies } from './http/cookies.ts';
import { CwmpServers } from './http/servers.ts';
import type { ListenTls } from './http/tls-options.ts';
import { PostHandler } from './post-handler.ts';
import {
  answerHeaders,
  type Forward,
  type ForwardedAnswer,
  type ForwardedPost,
  GONE,
  SessionForwarding,
} from './session-forwarding.ts';
import { SessionTable } from './session-table.ts';
import { Tracer, type WireTap } from './tracer.ts';
import type { TransferOptions } from './transfers/open-task.ts';
import { registerTransfers } from './transfers/routes.ts';
import { limitTransfers } from './transfers/transfer-limit.ts';

export interface SouthOptions {
  fleet: Fleet;
  clock: Clock;
  random: Random;
  log: Log;
  events: EventBus;
  /** Secrets of nonces, file links and session cookies, the same in all processes. */
  keys: { nonces: Buffer; links: Buffer; cookies: Buffer };
  /** Hands a POST to the process that has its session; absent where the process runs alone. */
  forward?: Forward | undefined;
  cpeAuth: 'required' | 'none';
  /** Networks of proxies whose X-Forwarded-* headers are believed. */
  trustedProxies: string[];
  /** Networks of load balancers whose connections begin with a PROXY header. */
  proxyProtocol?: string[] | undefined;
  limits?: AdmissionLimits | undefined;
  /** Called for every envelope, secrets included unless `wireMasked`. */
  wire?: WireTap;
  wireMasked?: boolean | undefined;
}

/** Open sessions may exceed running ones by this factor: an abandoned session stays open until it times out. */
const MAX_ABSENT = 10;

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

export class South {
  readonly #options: SouthOptions;
  readonly #servers: CwmpServers;
  readonly #sessions: SessionTable;
  readonly #admission: Admission;
  readonly #tracer: Tracer;
  readonly #handler: PostHandler;
  readonly #places: ConnectionPlaces;
  /** Takes the POSTs that other processes forward. */
  #inner: Promise<FastifyInstance> | undefined;

  constructor(given: SouthOptions) {
    const options = { ...given, log: throttledByAddress(given.log, given.clock) };
    const { fleet, clock, random, log, events, keys, limits = DEFAULT_LIMITS } = options;
    const cookies = createCookies({ key: keys.cookies, self: fleet.members.self, random });
    this.#options = options;
    this.#sessions = new SessionTable({ fleet, clock, log, events }, cookies);
    this.#admission = new Admission({ ...limits, clock, random, log, observe: ended => events.emit('waited', ended) });
    this.#tracer = new Tracer({
      ...{ traces: fleet.traces, clock, tap: options.wire, isTapMasked: options.wireMasked },
      isSecret: fleet.secrets.names.has,
    });
    const retryAfter = (): number => this.#admission.retryAfter();
    this.#places = unprovedPlaces({ ...options, retryAfter }, limits.perAddress);
    const steps = stepsOf(options, cookies, this.#tracer);
    this.#servers = new CwmpServers({
      ...options,
      ...{ limits, tracer: this.#tracer, places: this.#places },
      isChallenging: options.cpeAuth === 'required',
      isProved: request => this.#sessions.find(request) !== undefined || isProvedBy(steps, request),
    });
    this.#handler = new PostHandler({
      ...{ sessions: this.#sessions, admission: this.#admission, tracer: this.#tracer, places: this.#places },
      ...steps,
      ...placesFor(limits.running, clock),
      isOverloaded: () => this.#admission.isStormy() || this.#servers.isOverloaded(),
    });
  }

  /** Opens one address. @returns the port */
  async listen({ host, port, tls }: { host: string; port: number; tls?: ListenTls }): Promise<number> {
    return await listenAt(await this.app(tls), host, port);
  }

  /** A fastify instance without a socket: for virtual time, by `inject`. */
  app(tls?: ListenTls): Promise<FastifyInstance> {
    return this.#open(tls, (request, reply) => this.#handler.handle(request, reply));
  }

  /** Answers a POST that another process forwarded, for a session of this one. @returns undefined when the session is over */
  async answer(post: ForwardedPost): Promise<ForwardedAnswer | undefined> {
    this.#inner ??= this.#open(undefined, (request, reply) => this.#handler.handleForwarded(request, reply));
    return await injected(await this.#inner, post);
  }

  readonly renewCertificates = (certificates: ListenTls['certificates']): void => this.#servers.renew(certificates);
  /** TLS session tickets are sealed with this key from now on, and those of it resume. @param key 48 bytes */
  readonly useTicketKey = (key: Buffer): void => this.#servers.useTicketKey(key);
  readonly sessions = (): number => this.#sessions.size;
  readonly admission = (): AdmissionState => this.#admission.state();
  /** The servers of all open addresses. */
  readonly servers = (): Server[] => this.#servers.all();

  async close(): Promise<void> {
    this.#admission.close();
    this.#sessions.abandonAll('the ACS is stopping');
    await this.#servers.close();
  }

  #open(tls: ListenTls | undefined, handler: Handler): Promise<FastifyInstance> {
    return this.#servers.open(tls, instance => {
      limitTransfers(instance, { retryAfter: () => this.#admission.retryAfter() });
      registerTransfers(instance, transferOptions(this.#options, this.#places));
      instance.post('/', async (request, reply) => {
        await handler(request, reply);
        this.#tracer.answered(request, reply);
      });
    });
  }
}

async function listenAt(instance: FastifyInstance, host: string, port: number): Promise<number> {
  const url = await instance.listen({ host, port, backlog: BACKLOG });
  return Number(new URL(url).port) || port;
}

const transferOptions = (options: SouthOptions, places: ConnectionPlaces): TransferOptions => ({
  ...options,
  key: options.keys.links,
  keepConnection: ({ socket }, { raw }) => proveUntilAnswered(places, socket, raw),
});

const placesFor = (running: number, clock: Clock) => ({
  sessionPlaces: new SessionPlaces({ clock, running }),
  maxSessions: running * MAX_ABSENT,
});

async function injected(
  inner: FastifyInstance,
  { headers, body, address }: ForwardedPost,
): Promise<ForwardedAnswer | undefined> {
  const answered = await inner.inject({ method: 'POST', url: '/', headers, payload: body, remoteAddress: address });
  if (answered.statusCode === GONE) return undefined;
  return { status: answered.statusCode, headers: answerHeaders(answered.headers), body: answered.rawPayload };
}

/** The cookie of a request is one of another process, or its login is good. */
const isProvedBy = (
  { forwarding, authentication }: ReturnType<typeof stepsOf>,
  request: FastifyRequest,
): boolean | Promise<boolean> => forwarding.ownerOf(request) !== undefined || authentication.proves(request);

/** The steps of a POST that need no state of the listener. */
function stepsOf(options: SouthOptions, cookies: Cookies, tracer: Tracer) {
  const { fleet, clock, random, log, events, keys, forward, cpeAuth } = options;
  const { enrolment, members } = fleet;
  const required = cpeAuth === 'required';
  const authenticator = createAuthenticator({ enrolment, clock, random, key: keys.nonces, required });
  return {
    forwarding: new SessionForwarding({ forward, self: members.self, cookies, log }),
    bodies: new BodyReader(tracer, log),
    authentication: new AuthenticationStep(authenticator, {
      enrolment,
      clock,
      log,
      guesses: new GuessLimit({ clock, events }),
    }),
    isServing: () => members.isServing(),
  };
}
