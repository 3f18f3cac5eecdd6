// The calls of a running unit as its operator commands them: placed, listed, held, ended, each under a number of its own.
import { UserError } from '../../shared/errors.ts';
import { rowsOf, type Unit } from '../services/service.ts';
import { userAgentConfigs } from '../services/sip/config.ts';
import { userAgentsOf } from '../services/sip/sipep.ts';
import { type Call, CallFailed } from '../voice/call/call.ts';
import type { CallReport } from '../voice/call/report.ts';
import type { SipUserAgent } from '../voice/user-agent.ts';
import type { CallNumbers } from './call-numbers.ts';

/** A call as it is shown. The fields of its media are those of the report. */
export interface CallInfo extends CallReport {
  id: number;
  callId: string;
  direction: 'in' | 'out';
  user: string;
  peer: string;
  state: 'up' | 'held' | 'ended';
}

/** The result of `call`: what was heard and carried, or the reason why there was no call. */
export type CallOutcome = (CallInfo & { established: true; seconds: number; ended: string }) | FailedCall;

export interface FailedCall {
  /** Those of the last INVITE; absent where none was sent. */
  id?: number;
  callId?: string;
  established: false;
  /** Of the SIP answer; 0 when none decided it. */
  status: number;
  reason: string;
}

export class UnitCalls {
  readonly #unit: Unit;
  readonly #numbers: CallNumbers;

  constructor(unit: Unit, numbers: CallNumbers) {
    this.#unit = unit;
    this.#numbers = numbers;
  }

  list(): CallInfo[] {
    return callsOf(this.#unit).map(call => this.#info(call));
  }

  /** @throws UserError for a number that no call has */
  find(id: string): Call {
    const call = callsOf(this.#unit).find(one => String(this.#numbers.of(one.dialog.callId)) === id);
    if (call) return call;
    throw new UserError(404, 'no-call', `there is no call ${id}; 'calls' lists those there are`);
  }

  /** Blind where `to` is an address, attended where it is `call:ID`. @throws CallFailed; UserError for a number that no call has */
  transfer(id: string, to: string): Promise<void> {
    const call = this.find(id);
    const other = /^call:(\d+)$/.exec(to)?.[1];
    return other === undefined ? call.transfer(to) : call.transferTo(this.find(other));
  }

  /**
   * Places a call and lets it last.
   * @param options.from endpoint or user; by default the first account
   * @param options.duration seconds; the call ends before when the peer or `signal` ends it
   * @param options.onUp receives the call once it is answered
   * @throws UserError for an unknown or unregistered account
   */
  async place(
    target: string,
    options: { from?: string; duration: number; signal: AbortSignal; onUp: (info: CallInfo) => void },
  ): Promise<CallOutcome> {
    const { agent, user } = callerOf(this.#unit, options.from);
    let call: Call;
    let callId: string | undefined;
    const onInvite = (its: string): void => {
      callId = its;
    };
    try {
      call = await agent.call(user, target, { signal: options.signal, onInvite });
    } catch (error) {
      if (!(error instanceof CallFailed)) throw error;
      const known = callId === undefined ? {} : { id: this.#numbers.of(callId), callId };
      return { ...known, established: false, status: error.status, reason: error.message };
    }
    options.onUp(this.#info(call));
    const from = this.#unit.clock.monotonic();
    const last = await this.#outlast(call, options);
    const seconds = Math.round((this.#unit.clock.monotonic() - from) / 100) / 10;
    return { ...last, state: 'ended', established: true, seconds, ended: (await call.ended).reason };
  }

  /** Waits for the end of the call, which it brings about after its time. @returns the call as it was last */
  async #outlast(call: Call, { duration, signal }: { duration: number; signal: AbortSignal }): Promise<CallInfo> {
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    const time = this.#unit.clock.sleep(1000 * duration, either).catch(() => undefined);
    await Promise.race([call.ended, time]);
    over.abort();
    const last = this.#info(call);
    await call.hangup();
    return last;
  }

  #info(call: Call): CallInfo {
    const { direction, user, peer, held, dialog } = call;
    const { callId } = dialog;
    const state = call.state === 'up' && (held.byUs || held.byPeer) ? 'held' : call.state;
    return { id: this.#numbers.of(callId), callId, direction, user, peer, state, ...call.stats() };
  }
}

/** The Call-IDs of the calls there are. */
export const callIdsOf = (unit: Unit): Set<string> => new Set(callsOf(unit).map(call => call.dialog.callId));

const callsOf = (unit: Unit): Call[] => userAgentsOf(unit).flatMap(([, agent]) => agent.calls());

const isRegistered = (agent: SipUserAgent, of: string): boolean =>
  agent.registrations().some(({ user, state }) => user === of && /^(Registered|Refreshing)$/.test(state));

/** The account that calls, and the user agent that has it. */
function callerOf(unit: Unit, from: string | undefined): { agent: SipUserAgent; user: string } {
  const agents = userAgentsOf(unit);
  const endpoints = rowsOf(unit, 'SipEp.UserAgent', ['EpId', 'Username']);
  const wanted = endpoints.find(row => row.EpId === from)?.Username ?? from;
  const accounts = userAgentConfigs(unit).flatMap(({ gateway, accounts }) =>
    accounts.map(({ user }) => ({ user, agent: agents.find(([name]) => name === gateway)?.[1] })),
  );
  const able = accounts.filter(({ user, agent }) => agent !== undefined && (wanted === undefined || user === wanted));
  // An endpoint can have an account at several gateways, of which some have no server.
  const found = able.find(({ user, agent }) => agent && isRegistered(agent, user)) ?? able[0];
  if (found?.agent) return { agent: found.agent, user: found.user };
  const known = [
    ...endpoints.filter(row => row.Username !== '').map(row => row.EpId),
    ...accounts.map(one => one.user),
  ];
  const which = known.length === 0 ? 'no SIP account is configured' : `known are ${[...new Set(known)].join(', ')}`;
  const whom = from === undefined ? 'no endpoint or user' : `no endpoint or user '${from}'`;
  throw new UserError(404, 'no-endpoint', `there is ${whom} that can call: ${which}`);
}
