// A network in memory, for virtual time: the units' HTTP client ends in fastify's `inject`, connection requests in the unit's own
// policy, and whatever is under way is counted, so that the clock knows when it may move.
import { createHash, type Hash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Secrets } from '../../../acs/fleet/common/secrets.ts';
import type { ConnectionRequestSender } from '../../../acs/south/connection-request/policy.ts';
import { refusal } from '../../../acs/south/connection-request/policy.ts';
import { HttpRequestPolicy } from '../../../cpe/agent/connection-request/http-policy.ts';
import type { OpenListener } from '../../../cpe/agent/connection-request/listener.ts';
import type { Clock, Random } from '../../../shared/clock.ts';
import { networks } from '../../../shared/net/address.ts';
import {
  authenticated,
  type createHttp,
  HttpError,
  type HttpRequest,
  type HttpResponse,
  type Send,
} from '../../../shared/net/http.ts';

export interface VirtualNet {
  /** Takes the place of the units' HTTP client. */
  readonly http: typeof createHttp;
  /** Takes the place of their listeners. */
  readonly openListener: OpenListener;
  /** Connection requests of the ACS to them. */
  sendConnectionRequest(options: { random: Random; secrets: Secrets }): ConnectionRequestSender;
  /** Where requests to `origin` end. */
  serve(origin: string, app: FastifyInstance): void;
  /** The clock of servers: a request that sleeps by it waits for time to pass, and is not under way. */
  readonly servingClock: Clock;
  /** Nothing is under way. */
  isIdle(): boolean;
  /** Exchanges so far, and a hash over all of them in their order: time, ends, messages, answers. */
  trace(): { exchanges: number; hash: string };
}

export function virtualNet(clock: Clock): VirtualNet {
  const servers = new Map<string, FastifyInstance>();
  const listeners = new Map<string, HttpRequestPolicy>();
  const hash: Hash = createHash('sha256');
  let exchanges = 0;
  let underWay = 0;

  const note = (...what: (string | number | Buffer)[]): void => {
    exchanges++;
    for (const part of [clock.now(), ...what]) hash.update(Buffer.isBuffer(part) ? part : `${part}\n`);
  };

  const counted = async <T>(work: Promise<T>): Promise<T> => {
    underWay++;
    try {
      return await work;
    } finally {
      underWay--;
    }
  };

  const inject = async (request: HttpRequest, from: string): Promise<HttpResponse> => {
    const url = new URL(request.url);
    const server = servers.get(url.origin);
    if (!server) throw new HttpError('connect', `${url.origin}: nobody there`);
    const answer = await server.inject({
      method: request.method as 'GET',
      url: request.url,
      headers: { ...request.headers, host: url.host },
      ...(request.body === undefined || request.body === '' ? {} : { payload: request.body }),
      remoteAddress: from,
    });
    note(from, request.method, request.url, String(request.body ?? ''), answer.statusCode, answer.rawPayload);
    const headers = answer.headers as HttpResponse['headers'];
    return { status: answer.statusCode, headers, body: answer.rawPayload };
  };

  const openListener: OpenListener = async options => {
    const key = `${options.address}:${options.port}`;
    listeners.set(key, new HttpRequestPolicy(options));
    return {
      url: `http://${key}${options.path}`,
      port: options.port,
      close: async () => {
        listeners.delete(key);
      },
    };
  };

  const answered: Send = async ({ url: text, method, headers }) => {
    const url = new URL(text);
    const policy = listeners.get(`${url.hostname}:${url.port || '80'}`);
    if (!policy) throw new HttpError('connect', `${url.host}: nobody there`);
    const answer = await policy.answer({ method, url: url.pathname, authorization: headers.Authorization });
    note('knock', text, answer.status);
    const challenge = answer.challenge && { 'www-authenticate': answer.challenge };
    return { status: answer.status, headers: { ...challenge }, body: Buffer.alloc(0) };
  };

  return {
    http: ({ localAddress = '127.0.0.1' }) => ({
      send: request => unlessAborted(counted(inject(request, localAddress)), request.signal),
      close: async () => undefined,
      lastTls: () => undefined,
    }),
    openListener,
    sendConnectionRequest: options => connectionRequestsBy(request => counted(answered(request)), options),
    serve: (origin, app) => void servers.set(origin, app),
    servingClock: servingClock(clock, change => {
      underWay += change;
    }),
    isIdle: () => underWay === 0,
    trace: () => ({ exchanges, hash: hash.copy().digest('hex') }),
  };
}

function servingClock(clock: Clock, underWay: (change: 1 | -1) => void): Clock {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    after: (ms, run) => clock.after(ms, run),
    sleep: async (ms, signal) => {
      underWay(-1);
      try {
        await clock.sleep(ms, signal);
      } finally {
        underWay(1);
      }
    },
  };
}

function connectionRequestsBy(
  by: Send,
  { random, secrets }: { random: Random; secrets: Secrets },
): ConnectionRequestSender {
  return async device => {
    const { url, username, password } = device.connectionRequest;
    if (!URL.canParse(url)) return { outcome: 'closed', reason: 'no ConnectionRequestURL' };
    const refused = refusal(device, new URL(url).hostname, networks([]));
    if (refused) return { outcome: 'closed', reason: refused };
    const credentials = () => ({ username, password: password ? secrets.open(password) : '' });
    try {
      const { status } = await authenticated(by, { credentials, random })({ method: 'GET', url, headers: {} });
      if (status === 200) return { outcome: 'accepted' };
      return { outcome: 'failed', reason: `the device answered ${status}` };
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      return { outcome: 'failed', reason: error.message };
    }
  };
}

/** The request itself is not undone: a unit that dies has sent it. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new HttpError('aborted', 'the request was given up', signal.reason));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
