// The requests that keep a route: OPTIONS, which shows that the other side lives, and REGISTER with the route's user and password.
import type { Random } from '../../shared/clock.ts';
import { seconds } from '../../shared/sip/fields.ts';
import type { Address, Flow } from '../../shared/sip/flow-types.ts';
import { createRequest, type SipRequest, type SipResponse } from '../../shared/sip/message.ts';
import type { ClientTransaction, TimerSettings } from '../../shared/sip/transaction-types.ts';
import { parseNameAddr } from '../../shared/sip/uri.ts';
import type { SipRoute } from '../exchange/data.ts';
import { answerTo } from './credentials.ts';
import { sideUri } from './match.ts';

export interface RequestEnvironment {
  random: Random;
  /** Our SIP domain. */
  domain: string;
  /** Our address towards that flow's peer. */
  nameOn: (flow: Flow) => Address;
  request: (flow: Flow, request: SipRequest, timers: Partial<TimerSettings>) => ClientTransaction;
}

/** The other side answers within this time, or counts as gone. */
const ANSWER_MS = 4_000;
const WANTED_SECONDS = 600;

/** Any answer shows life. @throws Error where none comes */
export async function probe(env: RequestEnvironment, flow: Flow, route: SipRoute): Promise<void> {
  const uri = sideUri(route);
  await ask(env, flow, build(env, { method: 'OPTIONS', uri, from: `<sip:${env.domain}>`, to: `<${uri}>` }));
}

/** @returns the seconds that were granted. @throws Error with the refusal */
export async function register(env: RequestEnvironment, flow: Flow, route: SipRoute): Promise<number> {
  const uri = sideUri(route);
  const { user = '' } = route;
  const side = uri.slice(uri.indexOf(':') + 1).split(';', 1)[0];
  const address = `<sip:${user}@${side}>`;
  const request = build(env, { method: 'REGISTER', uri, from: address, to: address });
  const { host, port } = env.nameOn(flow);
  request.headers.add('Contact', `<sip:${user}@${host}:${port};transport=${flow.protocol}>`);
  request.headers.add('Expires', String(WANTED_SECONDS));
  let response = await ask(env, flow, request);
  const again = answerTo(response, request, route, env.random);
  again?.headers.set('CSeq', '2 REGISTER');
  if (again) response = await ask(env, flow, again);
  if (response.status >= 300) throw new Error(`registration refused: ${response.status} ${response.reason}`);
  return grantedIn(response);
}

function grantedIn({ headers }: SipResponse): number {
  const [contact] = headers.list('Contact');
  const own = contact === undefined ? undefined : seconds(parseNameAddr(contact).parameters.get('expires'));
  return own ?? seconds(headers.get('Expires')) ?? WANTED_SECONDS;
}

async function ask(env: RequestEnvironment, flow: Flow, request: SipRequest): Promise<SipResponse> {
  const { response, cause } = await env.request(flow, request, { timeoutMs: ANSWER_MS }).final;
  if (cause === 'timeout') throw new Error(`no answer to ${request.method}`);
  if (cause === 'transport') throw new Error('the connection closed');
  return response;
}

function build(
  { random }: RequestEnvironment,
  { method, uri, from, to }: { method: string; uri: string; from: string; to: string },
): SipRequest {
  return createRequest(method, uri, {
    headers: [
      ['Max-Forwards', '70'],
      ['From', `${from};tag=${random.bytes(5).toString('hex')}`],
      ['To', to],
      ['Call-ID', random.bytes(12).toString('hex')],
      ['CSeq', `1 ${method}`],
    ],
  });
}
