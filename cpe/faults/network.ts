// Faults of a unit's network and power, as its HTTP client meets them. The protocol's faults are in protocol-faults.ts.
import type { Socket } from 'node:net';
import type { Clock } from '../../shared/clock.ts';
import {
  type createHttp,
  type HttpClient,
  HttpError,
  type HttpRequest,
  type HttpResponse,
} from '../../shared/net/http.ts';
import { foldHeads } from './folded-heads.ts';
import { emptyPost, spoiled } from './message-faults.ts';
import type { UnitFaults } from './unit-faults.ts';

/**
 * The unit's power switch and its reset button. Both act at once; the signal of the session or transfer under way aborts. False: the unit is
 * on its way down or up already, and nothing happens.
 */
export interface Power {
  cut(): boolean;
  reboot(): boolean;
}

/** Longest delay, milliseconds. */
const MAX_DELAY = 3000;
const SLOW = { min: 1000, max: 15_000 };

/** A connection that ended without an answer: no such request is sent again within the session (TR-069 3.4.2). */
const lost = (what: string): HttpError =>
  new HttpError(
    'protocol',
    `the ${what} was lost`,
    Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' }),
  );

/** Waits for the abort that the power cut causes. */
export function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => reject(new HttpError('aborted', 'the unit lost power', signal?.reason));
    if (!signal || signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}

/** An HTTP client with the faults of one unit. */
export function faultyHttp(
  faults: UnitFaults,
  power: Power,
  clock: Clock,
  inner: typeof createHttp,
): typeof createHttp {
  return options => {
    const onConnection = (socket: Socket): void => {
      options.onConnection?.(socket);
      if (faults.has('folded')) foldHeads(socket);
    };
    const open = (): HttpClient => inner({ ...options, onConnection });
    let http = open();

    /** Opens one connection per request for a unit with `single-post`. */
    const exchange = async (request: HttpRequest): Promise<HttpResponse> => {
      if (!faults.has('single-post')) return await http.send(request);
      try {
        return await http.send(request);
      } finally {
        await reconnect();
      }
    };

    const reconnect = async (): Promise<void> => {
      const used = http;
      http = open();
      await used.close();
    };
    /** Its answer does not matter to the unit. */
    const postLate = async (request: HttpRequest): Promise<void> => {
      await http.send(emptyPost(request)).catch(() => undefined);
    };
    const late = async ({ signal }: HttpRequest): Promise<void> => {
      if (faults.has('slow')) await clock.sleep(faults.int('slow', SLOW.min, SLOW.max), signal);
      if (faults.strikes('delay')) await clock.sleep(faults.int('delay', 1, MAX_DELAY), signal);
    };
    /** @returns the power event after the answer, if any. Rejects where the request is lost. */
    const struck = async ({ method, signal }: HttpRequest): Promise<keyof Power | undefined> => {
      if (faults.strikes('request-lost')) throw lost('request');
      if (method !== 'POST') return faults.strikes('transfer-reboot') ? 'reboot' : undefined;
      if (!faults.strikes('power-session')) return undefined;
      // Before the request is sent, or after the answer.
      return faults.int('power-session', 0, 1) === 0 ? await unplugged(power, 'cut', signal) : 'cut';
    };

    const afterAnswer = async (sent: HttpRequest, { status }: HttpResponse): Promise<void> => {
      if (status === 401 && faults.has('close-401')) await reconnect();
      if (status === 204 && sent.method === 'POST' && faults.strikes('late-post')) await postLate(sent);
    };

    return {
      lastTls: () => http.lastTls(),
      close: () => http.close(),
      async send(request) {
        await late(request);
        const then = await struck(request);
        const sent = spoiled(faults.has('no-cookie') ? withoutCookie(request) : request, faults);
        const answer = await exchange(sent);
        await afterAnswer(sent, answer);
        if (then) return await unplugged(power, then, request.signal);
        if (faults.strikes('answer-lost')) throw lost('answer');
        return request.method === 'GET' && answer.status === 200 ? damaged(answer, faults) : answer;
      },
    };
  };
}

async function unplugged(power: Power, what: keyof Power, signal: AbortSignal | undefined): Promise<never> {
  if (!power[what]()) throw lost('connection');
  return await untilAborted(signal);
}

function withoutCookie(request: HttpRequest): HttpRequest {
  const headers = Object.entries(request.headers).filter(([name]) => name.toLowerCase() !== 'cookie');
  return { ...request, headers: Object.fromEntries(headers) };
}

/** A file as a bad proxy delivers it. */
function damaged(answer: HttpResponse, faults: UnitFaults): HttpResponse {
  const { body } = answer;
  if (body.length > 0 && faults.strikes('truncate'))
    return { ...answer, body: body.subarray(0, faults.int('truncate', 0, body.length - 1)) };
  if (body.length > 0 && faults.strikes('alter')) {
    const bytes = Buffer.from(body);
    for (let left = faults.int('alter', 1, 16); left > 0; left--) {
      const at = faults.int('alter', 0, bytes.length - 1);
      bytes[at] = (bytes[at] ?? 0) ^ faults.int('alter', 1, 255);
    }
    // Two flips of one byte may cancel each other.
    if (bytes.equals(body)) bytes[0] = (bytes[0] ?? 0) ^ 1;
    return { ...answer, body: bytes };
  }
  return answer;
}
