// A simulated SIP telephone: it registers, calls, is called, and registers anew when it is told to read its configuration again.
import {
  acceptRequest,
  buildAck,
  buildRequest,
  type Dialog,
  dialogOfCallee,
  dialogOfCaller,
} from '../../../../shared/sip/dialog.ts';
import type { ServerTransaction } from '../../../../shared/sip/transaction-types.ts';
import { ProvedRequests, type RequestParts, type Sender, sdp } from './proved-requests.ts';

/** A call that is up. */
export interface TelephoneCall {
  setupMs: number;
  /** @throws Error when the BYE is not answered 200 */
  end(): Promise<void>;
}

export class Telephone {
  readonly number: string;
  readonly #sender: Sender;
  readonly #requests: ProvedRequests;
  readonly #callId: string;
  /** Seconds asked for. */
  readonly #expires: number;
  #sequence = 0;
  #called: Dialog | undefined;
  /** Called once when a NOTIFY tells it to read its configuration again. */
  onNotified: (() => void) | undefined;

  constructor(sender: Sender, expires: number) {
    this.number = sender.number;
    this.#sender = sender;
    this.#requests = new ProvedRequests(sender);
    this.#callId = sender.random.bytes(8).toString('hex');
    this.#expires = expires;
  }

  /** @throws Error for anything but 200 */
  async register(): Promise<void> {
    const { number, domain } = this.#sender;
    const { response } = await this.#requests.send(
      'Authorization',
      (): RequestParts => ({
        method: 'REGISTER',
        uri: `sip:${domain}`,
        to: `<sip:${number}@${domain}>`,
        callId: this.#callId,
        sequence: ++this.#sequence,
        headers: [['Expires', String(this.#expires)]],
      }),
    );
    if (response.status !== 200) throw new Error(`REGISTER of ${number}: ${response.status} ${response.reason}`);
  }

  /** @throws Error for a refusal */
  async call(to: string): Promise<TelephoneCall> {
    const { domain, flow, layer, random } = this.#sender;
    const [callId, began] = [random.bytes(8).toString('hex'), performance.now()];
    let sequence = 0;
    const uri = `sip:${to}@${domain}`;
    const { request, response } = await this.#requests.send(
      'Proxy-Authorization',
      (): RequestParts => ({
        ...{ method: 'INVITE', uri, to: `<${uri}>`, callId, sequence: ++sequence, body: sdp },
      }),
    );
    if (response.status !== 200) throw new Error(`INVITE of ${to}: ${response.status} ${response.reason}`);
    const setupMs = performance.now() - began;
    const dialog = dialogOfCaller(request, response);
    layer.send(flow, buildAck(dialog, request));
    return {
      setupMs,
      end: async () => {
        const { response: bye } = await layer.request(flow, buildRequest(dialog, 'BYE')).final;
        if (bye.status !== 200) throw new Error(`BYE: ${bye.status} ${bye.reason}`);
      },
    };
  }

  /** Takes a request that came over its flow. */
  take(transaction: ServerTransaction): void {
    const { method, headers } = transaction.request;
    if (method === 'NOTIFY') {
      transaction.respond(200);
      if (/^check-sync/.test(headers.get('Event') ?? '')) this.onNotified?.();
    } else if (method === 'INVITE') {
      transaction.respond(180);
      const contact: [string, string] = ['Contact', `<${this.#requests.contact}>`];
      const answer = { headers: [contact], body: sdp, contentType: 'application/sdp' };
      this.#called = dialogOfCallee(transaction.request, transaction.respond(200, undefined, answer));
    } else if (this.#called && acceptRequest(this.#called, transaction.request)) transaction.respond(200);
    else transaction.respond(481);
  }
}
