// Counts of SIP messages by direction and type, for the metrics: methods that are known, and classes of answers.
import type { SipTap } from '../../shared/sip/flow-types.ts';
import type { SipMessage } from '../../shared/sip/message.ts';

export interface TrafficCount {
  kind: 'SIP';
  direction: 'received' | 'sent';
  /** Method of a request, or the class of an answer, such as `2xx`. */
  type: string;
  count: number;
}

/** Others are counted as one: a sender can make up any number of methods. */
const methods = new Set(
  'INVITE ACK BYE CANCEL OPTIONS REGISTER UPDATE REFER NOTIFY SUBSCRIBE INFO PRACK MESSAGE PUBLISH PING'.split(' '),
);

const typeOf = (message: SipMessage): string => {
  if (message.kind === 'response') return `${Math.trunc(message.status / 100)}xx`;
  return methods.has(message.method) ? message.method : 'other';
};

export class Traffic {
  readonly #counts = { received: new Map<string, number>(), sent: new Map<string, number>() };

  /** A property, because it is handed on as a function. */
  readonly tap: SipTap = (direction, message) => {
    const counts = this.#counts[direction];
    const type = typeOf(message);
    counts.set(type, (counts.get(type) ?? 0) + 1);
  };

  counts(): TrafficCount[] {
    return (['received', 'sent'] as const).flatMap(direction =>
      [...this.#counts[direction]].map(([type, count]) => ({ kind: 'SIP' as const, direction, type, count })),
    );
  }
}
