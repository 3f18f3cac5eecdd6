// A scripted SIP user agent for tests of the PBX: it registers, calls and answers; everything it hears is kept.
import { type Clock, type Random, systemClock, systemRandom } from '../../../shared/clock.ts';
import { silentLog } from '../../../shared/log.ts';
import { answerChallenge, chooseDigest, parseChallenges } from '../../../shared/net/digest.ts';
import {
  acceptRequest,
  buildAck,
  buildRequest,
  type Dialog,
  dialogKey,
  dialogOfCallee,
  dialogOfCaller,
} from '../../../shared/sip/dialog.ts';
import { parseCSeq } from '../../../shared/sip/fields.ts';
import type { ConnectOptions, Flow } from '../../../shared/sip/flow-types.ts';
import { createRequest, type SipRequest, type SipResponse } from '../../../shared/sip/message.ts';
import { TransactionLayer } from '../../../shared/sip/transaction.ts';
import type { ClientTransaction, ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import { SipTransport } from '../../../shared/sip/transport.ts';

export interface SoftphoneOptions {
  user: string;
  password: string;
  domain: string;
  connect: ConnectOptions;
  userAgent?: string;
  clock?: Clock;
  random?: Random;
  /** Takes a call; default: it is answered at once. */
  onInvite?: (transaction: ServerTransaction, phone: Softphone) => void;
  /** Answers a request inside a dialog; default, or where it returns false: 200 without a body. */
  onInside?: (transaction: ServerTransaction) => boolean;
}

export interface Softphone {
  readonly flow: Flow;
  readonly layer: TransactionLayer;
  readonly contact: string;
  /** Requests that came, ACKs too. */
  readonly heard: SipRequest[];
  /** Dialogs by key. */
  readonly dialogs: Map<string, Dialog>;
  /** Sends a request, with credentials once challenged. */
  ask(request: SipRequest, onResponse?: (response: SipResponse) => void): Promise<SipResponse>;
  register(seconds?: number, headers?: [string, string][]): Promise<SipResponse>;
  build(method: string, uri: string, to: string, headers?: [string, string][], body?: string): SipRequest;
  /** The INVITE transaction that is under way, for CANCEL. */
  current(): ClientTransaction | undefined;
  /** Calls; acknowledges; answers the dialog, or the refusal. */
  call(target: string, body?: string): Promise<Dialog | SipResponse>;
  /** @param body the answer, or the offer where the call came without one */
  accept(transaction: ServerTransaction, body?: string): Dialog;
  hangUp(dialog: Dialog): Promise<SipResponse>;
  /** Resolves when a request of that method has come. */
  hears(method: string): Promise<SipRequest>;
  stop(): Promise<void>;
}

export async function startSoftphone(options: SoftphoneOptions): Promise<Softphone> {
  const { user, password, domain, clock = systemClock(), random = systemRandom() } = options;
  const transport = new SipTransport({ clock, log: silentLog });
  const requests = heardRequests();
  const dialogs = new Map<string, Dialog>();
  const inside = (transaction: ServerTransaction): void => {
    const dialog = dialogs.get(dialogKey(transaction.request, 'in'));
    if (!dialog) transaction.respond(481);
    else if (!acceptRequest(dialog, transaction.request)) transaction.respond(500);
    else if (options.onInside?.(transaction) !== true) transaction.respond(200);
  };
  const layer = new TransactionLayer({
    transport,
    clock,
    random,
    log: silentLog,
    onRequest: transaction => {
      const { request } = transaction;
      if (/;tag=/.test(request.headers.get('To') ?? '')) inside(transaction);
      else if (request.method === 'INVITE') (options.onInvite ?? (one => phone.accept(one)))(transaction, phone);
      else transaction.respond(200);
      requests.hear(request);
    },
    onAck: requests.hear,
  });
  const flow = await transport.connect(options.connect);
  const contact = `sip:${user}@${flow.local.host}:${flow.local.port};transport=${flow.protocol}`;
  const tag = (): string => random.bytes(4).toString('hex');
  const registration = { callId: tag(), sequence: 0 };
  let current: ClientTransaction | undefined;

  const phone: Softphone = {
    flow,
    layer,
    contact,
    heard: requests.heard,
    dialogs,
    build: requestBuilder({ user, domain, contact, tag, userAgent: options.userAgent }),
    ask: async (request, onResponse) => {
      const transaction = layer.request(flow, request, onResponse ? { onResponse } : {});
      current = transaction;
      const { response } = await transaction.final;
      if (response.status !== 401 && response.status !== 407) return response;
      const again = withCredentials(request, response, { user, password, random });
      return again ? phone.ask(again, onResponse) : response;
    },
    register: (seconds = 3600, headers = [['Contact', `<${contact}>`]]) => {
      const request = phone.build('REGISTER', `sip:${domain}`, `<sip:${user}@${domain}>`);
      registration.sequence += 2;
      request.headers.set('Call-ID', registration.callId).set('CSeq', `${registration.sequence} REGISTER`);
      request.headers.remove('Contact').add('Expires', String(seconds));
      for (const [name, value] of headers) request.headers.add(name, value);
      return phone.ask(request);
    },
    current: () => current,
    call: async (target, body) => {
      const invite = phone.build('INVITE', `sip:${target}@${domain}`, `<sip:${target}@${domain}>`, [], body);
      const response = await phone.ask(invite);
      if (response.status >= 300 || !current) return response;
      const dialog = dialogOfCaller(current.request, response);
      dialogs.set(dialog.key, dialog);
      layer.send(flow, buildAck(dialog, current.request));
      return dialog;
    },
    accept: (transaction, body) => {
      transaction.respond(180);
      const response = transaction.respond(200, undefined, described([['Contact', `<${contact}>`]], body));
      const dialog = dialogOfCallee(transaction.request, response);
      dialogs.set(dialog.key, dialog);
      return dialog;
    },
    hangUp: dialog => phone.ask(buildRequest(dialog, 'BYE')),
    hears: requests.hears,
    stop: async () => {
      layer.stop();
      await transport.close();
    },
  };
  return phone;
}

const described = (headers: [string, string][], body: string | undefined) =>
  body === undefined ? { headers } : { headers, body, contentType: 'application/sdp' };

/** Requests outside of a dialog, from this user. */
const requestBuilder =
  ({
    user,
    domain,
    contact,
    tag,
    userAgent,
  }: {
    user: string;
    domain: string;
    contact: string;
    tag(): string;
    userAgent: string | undefined;
  }): Softphone['build'] =>
  (method, uri, to, headers = [], body = '') =>
    createRequest(method, uri, {
      headers: [
        ['Max-Forwards', '70'],
        ['From', `<sip:${user}@${domain}>;tag=${tag()}`],
        ['To', to],
        ['Call-ID', tag()],
        ['CSeq', `1 ${method}`],
        ['Contact', `<${contact}>`],
        ...(userAgent === undefined ? [] : [['User-Agent', userAgent] as const]),
        ...headers,
      ],
      body,
      ...(body ? { contentType: 'application/sdp' } : {}),
    });

/** Keeps the requests that come. */
function heardRequests(): Pick<Softphone, 'heard' | 'hears'> & { hear(request: SipRequest): void } {
  const heard: SipRequest[] = [];
  const waiting = new Set<() => void>();
  return {
    heard,
    hear: request => {
      heard.push(request);
      for (const wake of [...waiting]) wake();
    },
    hears: method => {
      const found = heard.find(request => request.method === method);
      if (found) return Promise.resolve(found);
      return new Promise(resolve => {
        const look = (): void => {
          const now = heard.find(request => request.method === method);
          if (!now) return;
          waiting.delete(look);
          resolve(now);
        };
        waiting.add(look);
      });
    },
  };
}

/** The request once more with an answer to its challenge; undefined where there is none, or it had one already. */
function withCredentials(
  request: SipRequest,
  response: SipResponse,
  { user, password, random }: { user: string; password: string; random: Random },
): SipRequest | undefined {
  const proxy = response.status === 407;
  const challenge = chooseDigest(
    parseChallenges(response.headers.all(proxy ? 'Proxy-Authenticate' : 'WWW-Authenticate')),
  );
  if (!challenge || request.headers.has(proxy ? 'Proxy-Authorization' : 'Authorization')) return undefined;
  const { method, uri } = request;
  const value = answerChallenge({ challenge, username: user, password, method, uri, random, nc: 1 });
  const again = { ...request, headers: request.headers.clone() };
  again.headers.set(proxy ? 'Proxy-Authorization' : 'Authorization', value);
  again.headers.set('CSeq', `${parseCSeq(request).number + 1} ${method}`);
  return again;
}
