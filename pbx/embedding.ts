// Decisions of the program that embeds the PBX, beside those of the exchange: called once per registration and once per call. The
// default allows everything.
import type { Flow } from '../shared/sip/flow-types.ts';

/** `status` and `reason` of the answer to the refused user agent. */
type Decision = { allow: true } | { allow: false; status: number; reason: string };

interface RegistrationFacts {
  user: string;
  /** URI of the contact that asks for a binding. */
  contact: string;
  /** Its connection: protocol, addresses, TLS version. */
  flow: Flow;
}

interface CallFacts {
  from: string;
  to: string;
  caller: Flow;
  /** The flows that would ring. */
  callees: readonly Flow[];
  /** Profile of the offer's first stream, `RTP/AVP` or `RTP/SAVP`; undefined when there is no offer. */
  media: string | undefined;
}

export interface SecurityPolicy {
  /** Name shown by `status`. */
  readonly name: string;
  registration(facts: RegistrationFacts): Decision | Promise<Decision>;
  call(facts: CallFacts): Decision | Promise<Decision>;
}

export const allowAll: SecurityPolicy = {
  name: 'none',
  registration: () => ({ allow: true }),
  call: () => ({ allow: true }),
};
