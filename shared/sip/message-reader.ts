// The transport's half that every flow reports to: reads bytes as messages, hands them on, and knows which flows are open.
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { addressText, type Flow, type FlowHost, type Protocol, type SipTap } from './flow-types.ts';
import { MalformedRequest, parseMessage, type SipMessage, type SipRequest, SipSyntaxError } from './message.ts';

export class MessageReader implements FlowHost {
  readonly clock: Clock;
  readonly log: Log;
  readonly tap: SipTap | undefined;
  readonly #flows = new Set<Flow>();
  #sequence = 0;
  #streams = 0;
  onMessage: (message: SipMessage, flow: Flow) => void = () => undefined;
  onMalformed: (error: SipSyntaxError, flow: Flow) => void = () => undefined;

  constructor(clock: Clock, log: Log, tap?: SipTap) {
    this.clock = clock;
    this.tap = tap;
    this.log = log;
  }

  /** Open stream flows and live UDP flows. */
  flows(): Flow[] {
    return [...this.#flows];
  }

  /** Number of open stream flows. */
  get streams(): number {
    return this.#streams;
  }

  nextId(protocol: Protocol): string {
    return `${protocol}-${++this.#sequence}`;
  }

  received(bytes: Buffer, flow: Flow): void {
    guarded(this.log, flow, () => {
      const message = this.#read(bytes, flow);
      if (!message) return;
      this.tap?.('received', message, bytes, flow);
      this.onMessage(message, flow);
    });
  }

  lost(reason: string, bytes: Buffer, flow: Flow): void {
    this.log.warn('SIP stream framing lost', { ...senderOf(flow), reason });
    guarded(this.log, flow, () => {
      const request = requestIn(bytes);
      this.onMalformed(request ? new MalformedRequest(reason, 400, request) : new SipSyntaxError(reason), flow);
    });
  }

  /** RFC 3261 21.5.7 */
  tooLong(limit: number, bytes: Buffer, flow: Flow): void {
    this.log.warn('SIP message too long', { ...senderOf(flow), length: bytes.length, limit });
    guarded(this.log, flow, () => {
      const request = requestIn(bytes);
      if (request) this.onMalformed(new MalformedRequest('the message is too long', 513, request), flow);
    });
  }

  opened(flow: Flow): void {
    this.#flows.add(flow);
    if (flow.reliable) this.#streams++;
  }

  closed(flow: Flow): void {
    if (this.#flows.delete(flow) && flow.reliable) this.#streams--;
  }

  #read(bytes: Buffer, flow: Flow): SipMessage | undefined {
    try {
      return parseMessage(bytes);
    } catch (error) {
      if (!(error instanceof SipSyntaxError)) throw error;
      const { protocol } = flow;
      this.log.warn('malformed SIP message', { ...senderOf(flow), protocol, reason: error.message });
      this.onMalformed(error, flow);
      return undefined;
    }
  }
}

/** An error in the handling of one message ends with that message. */
function guarded(log: Log, flow: Flow, handle: () => void): void {
  try {
    handle();
  } catch (error) {
    log.error('SIP message handler failed', { ...senderOf(flow), error });
  }
}

/** Fields of a log line: `address` tells senders apart whose lines are throttled. */
const senderOf = ({ remote }: Flow): { from: string; address: string } => ({
  from: addressText(remote),
  address: remote.host,
});

/** The request at the head of a stream that lost its framing, as far as it can be read. */
function requestIn(bytes: Buffer): SipRequest | undefined {
  try {
    const message = parseMessage(bytes);
    return message.kind === 'request' ? message : undefined;
  } catch (error) {
    if (!(error instanceof SipSyntaxError)) throw error;
    return error instanceof MalformedRequest ? error.request : undefined;
  }
}
