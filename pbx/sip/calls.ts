// The calls that run through the proxy: their parties, flows and states, and the rule for their media. Bounded.
import type { Clock, Timer } from '../../shared/clock.ts';
import type { Flow } from '../../shared/sip/flow-types.ts';
import type { SipMessage, SipRequest } from '../../shared/sip/message.ts';
import { isSips, tagOf } from '../../shared/sip/uri.ts';
import type { MediaSummary } from '../media/description.ts';
import type { MediaRule } from '../media/rules.ts';
import { type Leg, legOfCaller, unansweredLeg } from './call/legs.ts';

export interface Party {
  user: string;
  /** The flow for requests to it; undefined until a callee answered. */
  flow: Flow | undefined;
  /** Number of the route that it is behind. */
  route?: number | undefined;
  /** Extension or account that the route's other side registers with. */
  trunk?: string | undefined;
}

export interface CallParty extends Party {
  leg: Leg;
}

export interface Call {
  readonly callId: string;
  readonly caller: CallParty;
  readonly callee: CallParty;
  state: 'trying' | 'ringing' | 'up';
  readonly since: number;
  /** Time of the last request inside it. */
  touched: number;
  /** The media that was agreed last; until there is an answer, that of the offer. */
  media: MediaSummary | undefined;
  readonly rule: MediaRule;
  /** Begun with a sips address: TLS alone carries it. */
  readonly secure: boolean;
}

/** A call whose BYE was lost is forgotten after this time without a request. */
const FORGET_MS = 24 * 3600_000;
const SWEEP_MS = 60_000;
const MAX_CALLS = 20_000;

const tag = (message: SipMessage, name: 'From' | 'To'): string => tagOf(message.headers.get(name) ?? '') ?? '';

/** The key of the dialog half that the caller opened. */
const callKey = (message: SipMessage, callerTag: string): string => `${message.headers.get('Call-ID')}|${callerTag}`;

export class Calls {
  readonly #clock: Clock;
  readonly #maxCalls: number;
  readonly #calls = new Map<string, Call>();
  readonly #keys = new Map<Call, string>();
  #timer: Timer;

  constructor(clock: Clock, maxCalls = MAX_CALLS) {
    this.#clock = clock;
    this.#maxCalls = maxCalls;
    this.#timer = this.#sweepLater();
  }

  /** Undefined when there is no room. */
  begin(
    invite: SipRequest,
    { caller, callee, media, rule }: { caller: Party; callee: Party } & Pick<Call, 'media' | 'rule'>,
  ): Call | undefined {
    if (this.#calls.size >= this.#maxCalls) return undefined;
    const key = callKey(invite, tag(invite, 'From'));
    const now = this.#clock.now();
    const call: Call = {
      callId: invite.headers.get('Call-ID') ?? '',
      caller: { ...caller, leg: legOfCaller(invite) },
      callee: { ...callee, leg: unansweredLeg(invite) },
      state: 'trying',
      since: now,
      touched: now,
      media,
      rule,
      secure: isSips(invite.uri),
    };
    const older = this.#calls.get(key);
    if (older) this.end(older);
    this.#calls.set(key, call);
    this.#keys.set(call, key);
    return call;
  }

  /** The call of an in-dialog request, with its sender and its receiver. */
  find(request: SipRequest): { call: Call; from: CallParty; to: CallParty } | undefined {
    const forth = this.#calls.get(callKey(request, tag(request, 'From')));
    const call = forth ?? this.#calls.get(callKey(request, tag(request, 'To')));
    if (!call) return undefined;
    call.touched = this.#clock.now();
    return forth ? { call, from: call.caller, to: call.callee } : { call, from: call.callee, to: call.caller };
  }

  end(call: Call): void {
    const key = this.#keys.get(call);
    this.#keys.delete(call);
    if (key !== undefined && this.#calls.get(key) === call) this.#calls.delete(key);
  }

  all(): Call[] {
    return [...this.#calls.values()];
  }

  stop(): void {
    this.#timer.cancel();
  }

  /** Both ends gone, or silent for a day. */
  #isDead({ caller, callee, touched }: Call): boolean {
    const gone = caller.flow?.closed === true && callee.flow?.closed !== false;
    return gone || this.#clock.now() - touched > FORGET_MS;
  }

  #sweepLater(): Timer {
    return this.#clock.after(SWEEP_MS, () => {
      for (const call of this.all()) if (this.#isDead(call)) this.end(call);
      this.#timer = this.#sweepLater();
    });
  }
}
