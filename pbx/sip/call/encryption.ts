// Media encryption in the proxy: refuses an offer that the call's rule does not allow with 488, takes back an answer, and ends a call
// whose parties have agreed on media in clear.
import { parseCSeq } from '../../../shared/sip/fields.ts';
import type { Flow } from '../../../shared/sip/flow-types.ts';
import { type SipRequest, type SipResponse, SipSyntaxError } from '../../../shared/sip/message.ts';
import type { ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import { isSips, parseNameAddr, parseUri, quote, tagOf } from '../../../shared/sip/uri.ts';
import { type Description, descriptionOf, summaryOf } from '../../media/description.ts';
import { answerProblem, type MediaRule, offerProblem } from '../../media/rules.ts';
import type { Call, CallParty } from '../calls.ts';
import type { Forwarding, Refusal } from '../forward.ts';
import { endCall, type ProxyOptions } from '../proxy-context.ts';
import { follow, type Leg, legOfCallee, readOr, requestTo } from './legs.ts';

/** Requests whose descriptions are offers or answers (RFC 3264, 3311, 3262). */
const describing: readonly string[] = ['INVITE', 'UPDATE', 'PRACK'];

/** A PRACK may carry an answer, so it is held to the stricter of both. */
function problemOf({ method }: SipRequest, description: Description, rule: MediaRule): string | undefined {
  if (!describing.includes(method)) return undefined;
  return method === 'PRACK' ? answerProblem(description, rule) : offerProblem(description, rule);
}

/** Refuses a request whose description the rule does not allow. @returns true when it did */
export function refuseOffer(
  options: ProxyOptions,
  transaction: ServerTransaction,
  { rule, from, to }: { rule: MediaRule; from: string; to: string },
): boolean {
  const problem = problemOf(transaction.request, descriptionOf(transaction.request), rule);
  if (problem === undefined) return false;
  const { method } = transaction.request;
  const facts = { from, to, decidedBy: rule.decidedBy, problem };
  options.log.info('offer refused for want of media encryption', { ...senderOf(transaction.flow), method, ...facts });
  options.onRefusedCall({ ...senderOf(transaction.flow), ...facts });
  const { status, reason, headers } = refusal(options, transaction, problem);
  transaction.respond(status, reason, { headers });
  return true;
}

const senderOf = (flow: Flow | undefined): { address: string; isEncrypted: boolean } => ({
  address: flow?.remote.host ?? '',
  isEncrypted: flow?.protocol === 'tls',
});

/** RFC 3261 20.43: warning 302, incompatible transport protocol. */
const refusal = ({ nameOn }: ProxyOptions, { flow }: ServerTransaction, problem: string): Refusal => ({
  status: 488,
  headers: [['Warning', `302 ${nameOn(flow).host} ${quote(`Media encryption required: ${problem}`.slice(0, 200))}`]],
});

type Judging = Required<Pick<Forwarding, 'judge' | 'takeBack'>>;

/** For the INVITE that begins a call. */
export function judgeCallee(options: ProxyOptions, transaction: ServerTransaction, call: Call): Judging {
  const told = new Set<string>();
  const isAnswer = hasDescription(transaction.request);
  const isOurs = (route: string): boolean =>
    readOr(false, () => options.names.isOurs(parseUri(parseNameAddr(route).uri), transaction.flow));
  return {
    judge: (response, { flow }) => {
      const leg = legOfCallee(response, isOurs);
      if (call.state !== 'up' && (response.status >= 200 || leg.contact !== undefined)) call.callee.leg = leg;
      const problem = judgeResponse(response, call, isAnswer);
      return problem === undefined ? undefined : refuseAnswer(options, transaction, { call, flow, problem });
    },
    takeBack: (response, { flow }) => {
      const party = { user: call.callee.user, flow, leg: legOfCallee(response, isOurs) };
      acknowledge(options, call, party, call.caller.leg);
      const tag = tagOf(party.leg.address) ?? '';
      if (!told.has(tag)) hangUp(options, call, party, call.caller.leg);
      told.add(tag);
    },
  };
}

/** For a request inside a call. */
export function judgeAnswerer(
  options: ProxyOptions,
  transaction: ServerTransaction,
  { call, from, to }: { call: Call; from: CallParty; to: CallParty },
): Judging {
  const { request } = transaction;
  const isAnswer = hasDescription(request);
  return {
    judge: (response, { flow }) => {
      if (response.status >= 200) follow(to.leg, response);
      if (!describing.includes(request.method)) return undefined;
      const problem = judgeResponse(response, call, isAnswer);
      return problem === undefined ? undefined : refuseAnswer(options, transaction, { call, flow, problem });
    },
    takeBack: (_, { flow }) => {
      const sequence = parseCSeq(request).number;
      if (request.method === 'INVITE') acknowledge(options, call, { ...to, flow }, { ...from.leg, sequence });
      endBoth(options, call, '488 to an answer');
    },
  };
}

const hasDescription = (request: SipRequest): boolean => descriptionOf(request).is !== 'none';

/** The problem of a response's description; a good one is kept for `calls`. @param isAnswer the request had the offer */
function judgeResponse(response: SipResponse, call: Call, isAnswer: boolean): string | undefined {
  const description = descriptionOf(response);
  const problem = (isAnswer ? answerProblem : offerProblem)(description, call.rule);
  if (problem === undefined) call.media = summaryOf(description) ?? call.media;
  return problem;
}

function refuseAnswer(
  options: ProxyOptions,
  transaction: ServerTransaction,
  { call, flow, problem }: { call: Call; flow: CallParty['flow']; problem: string },
): Refusal {
  const { caller, callee, rule } = call;
  const facts = { from: caller.user, to: callee.user, decidedBy: rule.decidedBy, problem };
  options.log.info('answer refused for want of media encryption', { ...senderOf(flow), ...facts });
  options.onRefusedCall({ ...senderOf(flow), ...facts });
  return refusal(options, transaction, problem);
}

/** The ACK of a 2xx carries the answer where the 2xx had the offer. @returns the problem of that answer */
export function ackProblem(ack: SipRequest, call: Call): string | undefined {
  const description = descriptionOf(ack);
  const problem = answerProblem(description, call.rule);
  if (problem === undefined) call.media = summaryOf(description) ?? call.media;
  return problem;
}

/** The call is over: its answer came in an ACK, which has no answer itself. */
export function endForAck(options: ProxyOptions, call: Call, problem: string): void {
  const { caller, callee, rule } = call;
  const facts = { from: caller.user, to: callee.user, decidedBy: rule.decidedBy, problem };
  options.log.info('call ended for want of media encryption', facts);
  options.onRefusedCall({ ...senderOf(caller.flow), ...facts });
  endBoth(options, call, 'answer in clear');
}

function endBoth(options: ProxyOptions, call: Call, why: string): void {
  const { caller, callee } = call;
  hangUp(options, call, callee, caller.leg);
  hangUp(options, call, caller, callee.leg);
  endCall(options, call, why);
}

function acknowledge(options: ProxyOptions, { callId }: Call, to: CallParty, from: Leg): void {
  send(options, to, requestTo(to.leg, from, { method: 'ACK', callId, sequence: from.sequence }));
}

/** Sends BYE to one party in the name of the other. */
function hangUp(options: ProxyOptions, { callId }: Call, to: CallParty, from: Leg): void {
  send(options, to, requestTo(to.leg, from, { method: 'BYE', callId, sequence: from.sequence + 1 }));
}

function send({ layer, log }: ProxyOptions, { flow, user }: CallParty, request: SipRequest | undefined): void {
  if (!request || !flow || flow.closed || (isSips(request.uri) && flow.protocol !== 'tls')) return;
  try {
    if (request.method === 'ACK') layer().send(flow, request);
    else layer().request(flow, request);
  } catch (error) {
    // The Contact that the party wrote cannot be sent to.
    if (!(error instanceof SipSyntaxError)) throw error;
    log.warn('request to end a call not sent', { user, method: request.method, reason: error.message });
  }
}
