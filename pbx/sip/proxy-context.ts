// The surroundings of the proxy, and what its parts have in common: the refusal of a request and the end of a call.
import type { Clock, Random } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { sipsNotAllowed } from '../../shared/sip/fields.ts';
import type { Address, Flow } from '../../shared/sip/flow-types.ts';
import type { TransactionLayer } from '../../shared/sip/transaction.ts';
import type { ServerTransaction } from '../../shared/sip/transaction-types.ts';
import type { SecurityPolicy } from '../embedding.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { Routes } from '../routes/routes.ts';
import type { Authenticator } from './auth.ts';
import type { Call, Calls } from './calls.ts';
import type { Location } from './location.ts';
import type { ServerNames } from './server-names.ts';

export interface ProxyOptions {
  layer: () => TransactionLayer;
  clock: Clock;
  random: Random;
  log: Log;
  location: Location;
  calls: Calls;
  authenticator: Authenticator;
  policy: SecurityPolicy;
  exchange: Exchange;
  routes: Routes;
  names: ServerNames;
  /** The user has an account. */
  hasUser: (user: string) => boolean;
  /** Terminals of other kinds are registered with the number; calls to them would need a media gateway. */
  isElsewhere: (user: string) => boolean;
  /** Our address towards that flow's peer. */
  nameOn: (flow: Flow) => Address;
  register: (transaction: ServerTransaction) => Promise<void>;
  /** Receives each call that was refused or ended since its media were not encrypted. */
  onRefusedCall: (refused: RefusedCall) => void;
}

export interface RefusedCall {
  /** Of the party whose description was refused. */
  address: string;
  /** It came over TLS. */
  isEncrypted: boolean;
  from: string;
  to: string;
  /** Switch of media encryption that decided. */
  decidedBy: string;
  problem: string;
}

export function refuse({ log }: ProxyOptions, transaction: ServerTransaction, status: number, reason?: string): void {
  const { method, uri } = transaction.request;
  const address = transaction.flow.remote.host;
  log.info('SIP request refused', { address, method, uri, status, reason });
  transaction.respond(status, reason);
}

/** RFC 5630 5.3: the request would leave TLS, or came without it. */
export function refuseSips({ log, nameOn }: ProxyOptions, transaction: ServerTransaction): void {
  const { method, uri } = transaction.request;
  const { id, remote } = transaction.flow;
  log.info('SIP request refused for want of TLS', { address: remote.host, method, uri, flow: id });
  transaction.respond(480, undefined, { headers: [sipsNotAllowed(nameOn(transaction.flow).host)] });
}

/** @param why the method or the status that ended it */
export function endCall({ calls, log, clock }: ProxyOptions, call: Call, why: string): void {
  calls.end(call);
  const { caller, callee, state, since } = call;
  log.info('proxied call ended', { from: caller.user, to: callee.user, state, why, ms: clock.now() - since });
}
