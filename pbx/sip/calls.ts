// The calls that run through the proxy: their parties, flows and states. Bounded.
import type { Clock, Timer } from '../../shared/clock.ts';
import type { Flow } from '../../shared/sip/flow-types.ts';
import type { SipMessage, SipRequest } from '../../shared/sip/message.ts';
import { isSips, tagOf } from '../../shared/sip/uri.ts';

export interface Party {
  user: string;
  /** The flow for requests to it; undefined until a callee answered. */
  flow: Flow | undefined;
}

export interface Call {
  readonly callId: string;
  readonly caller: Party;
  readonly callee: Party;
  state: 'trying' | 'ringing' | 'up';
  readonly since: number;
  /** Time of the last request inside it. */
  touched: number;
  /** Profile of the offered audio: `RTP/AVP`, `RTP/SAVP`. */
  readonly media: string | undefined;
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
  begin(invite: SipRequest, caller: Party, callee: Party, media: string | undefined): Call | undefined {
    if (this.#calls.size >= this.#maxCalls) return undefined;
    const key = callKey(invite, tag(invite, 'From'));
    const now = this.#clock.now();
    const callId = invite.headers.get('Call-ID') ?? '';
    const secure = isSips(invite.uri);
    const call: Call = { callId, caller, callee, state: 'trying', since: now, touched: now, media, secure };
    const older = this.#calls.get(key);
    if (older) this.end(older);
    this.#calls.set(key, call);
    this.#keys.set(call, key);
    return call;
  }

  /** The call of an in-dialog request, with its sender and its receiver. */
  find(request: SipRequest): { call: Call; from: Party; to: Party } | undefined {
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
