// The calls that run through the proxy: between whom, over which flows, how far they are. Bounded.
import type { Clock, Timer } from '../shared/clock.ts';
import type { Flow } from '../shared/sip/flow-types.ts';
import type { SipMessage, SipRequest } from '../shared/sip/message.ts';
import { tagOf } from '../shared/sip/uri.ts';

export interface Party {
  user: string;
  /** Where requests to it go; undefined until a callee answered. */
  flow: Flow | undefined;
}

export interface Call {
  readonly callId: string;
  readonly caller: Party;
  readonly callee: Party;
  state: 'trying' | 'ringing' | 'up';
  readonly since: number;
  /** When something last happened inside it. */
  touched: number;
  /** Profile of the offered audio: `RTP/AVP`, `RTP/SAVP`. */
  readonly media: string | undefined;
}

export interface Calls {
  /** undefined: no room. */
  begin(invite: SipRequest, caller: Party, callee: Party, media: string | undefined): Call | undefined;
  /** The call of an in-dialog request, and who of both sent it. */
  find(request: SipRequest): { call: Call; from: Party; to: Party } | undefined;
  end(call: Call): void;
  all(): Call[];
  stop(): void;
}

/** A call whose BYE never came by is forgotten when nothing happened for so long. */
const FORGET_MS = 24 * 3600_000;
const SWEEP_MS = 60_000;
const MAX_CALLS = 20_000;

const tag = (message: SipMessage, name: 'From' | 'To'): string => tagOf(message.headers.get(name) ?? '') ?? '';

export function createCalls(clock: Clock, maxCalls = MAX_CALLS): Calls {
  const calls = new Map<string, Call>();
  const keys = new Map<Call, string>();
  const keyOf = (message: SipMessage, callerTag: string): string => `${message.headers.get('Call-ID')}|${callerTag}`;
  const end = (call: Call): void => {
    const key = keys.get(call);
    keys.delete(call);
    if (key !== undefined && calls.get(key) === call) calls.delete(key);
  };
  /** Both ends gone, or silent for a day. */
  const dead = (call: Call): boolean =>
    (call.caller.flow?.closed === true && call.callee.flow?.closed !== false) || clock.now() - call.touched > FORGET_MS;
  let timer: Timer;
  const sweep = (): void => {
    for (const call of [...calls.values()]) if (dead(call)) end(call);
    timer = clock.after(SWEEP_MS, sweep);
  };
  timer = clock.after(SWEEP_MS, sweep);

  return {
    begin: (invite, caller, callee, media) => {
      if (calls.size >= maxCalls) return undefined;
      const key = keyOf(invite, tag(invite, 'From'));
      const now = clock.now();
      const callId = invite.headers.get('Call-ID') ?? '';
      const call: Call = { callId, caller, callee, state: 'trying', since: now, touched: now, media };
      const older = calls.get(key);
      if (older) end(older);
      calls.set(key, call);
      keys.set(call, key);
      return call;
    },
    find: request => {
      const forth = calls.get(keyOf(request, tag(request, 'From')));
      const call = forth ?? calls.get(keyOf(request, tag(request, 'To')));
      if (!call) return undefined;
      call.touched = clock.now();
      return forth ? { call, from: call.caller, to: call.callee } : { call, from: call.callee, to: call.caller };
    },
    end,
    all: () => [...calls.values()],
    stop: () => timer.cancel(),
  };
}
