// An ACS without sockets, for virtual time: replaces the unit's HTTP client, and is up or down as the test says.
import { type AcsMethod, type Arguments, isCpeMethod } from '../../../shared/cwmp/methods.ts';
import { type Body, decodeEnvelope, encodeEnvelope, responseBody } from '../../../shared/cwmp/soap.ts';
import { type createHttp, HttpError, type HttpRequest, type HttpResponse } from '../../../shared/net/http.ts';

export interface VirtualAcs {
  readonly http: typeof createHttp;
  /** While down, no request is answered. */
  up: boolean;
  /** Requests of the ACS, each sent on the next occasion. */
  readonly asks: Body[];
  /** Files it serves, by path. */
  readonly files: Map<string, Buffer>;
  /** Informs that it answered. */
  readonly informs: Arguments<'Inform'>[];
  readonly told: Body[];
  /** Attempts to reach it, up or down; monotonic milliseconds of the unit. */
  readonly attempts: number[];
}

const url = 'http://acs.test/';

export function virtualAcs(): VirtualAcs {
  const self: VirtualAcs = {
    up: true,
    asks: [],
    files: new Map(),
    informs: [],
    told: [],
    attempts: [],
    http: ({ clock }) => ({
      send: request => {
        if (new URL(request.url).pathname === '/' && !isInSession(request)) self.attempts.push(clock.monotonic());
        return answer(self, request);
      },
      close: () => Promise.resolve(),
      lastTls: () => undefined,
    }),
  };
  return self;
}

const isInSession = ({ body }: HttpRequest): boolean => !String(body ?? '').includes('<cwmp:Inform>');

async function answer(acs: VirtualAcs, { url, body }: HttpRequest): Promise<HttpResponse> {
  if (!acs.up) throw new HttpError('connect', `${url}: nobody there`);
  const file = acs.files.get(new URL(url).pathname);
  if (file) return { status: 200, headers: {}, body: file };
  const xml = String(body ?? '');
  const envelope = xml === '' ? undefined : decodeEnvelope(xml);
  const received = envelope?.body;
  if (received?.kind === 'request' && received.method === 'Inform') acs.informs.push(received.args);
  else if (received) acs.told.push(received);
  const reply = (own: Body, id = envelope?.id): HttpResponse => ({
    status: 200,
    headers: {},
    body: Buffer.from(encodeEnvelope({ namespace: '1-2', ...(id === undefined ? {} : { id }), body: own })),
  });
  if (received?.kind === 'request' && !isCpeMethod(received.method))
    return reply(responseBody(received.method as AcsMethod, { MaxEnvelopes: 1 } as never) as Body);
  const next = acs.asks.shift();
  return next ? reply(next, 'asked') : { status: 204, headers: {}, body: Buffer.alloc(0) };
}

/** Its URL. */
export const virtualUrl = url;
