// Requests of a simulated telephone, with an answer to the last challenge of the exchange.
import type { Random } from '../../../../shared/clock.ts';
import { answerChallenge, chooseDigest, parseChallenges } from '../../../../shared/net/digest.ts';
import type { Flow } from '../../../../shared/sip/flow-types.ts';
import { createRequest, type SipRequest, type SipResponse } from '../../../../shared/sip/message.ts';
import type { TransactionLayer } from '../../../../shared/sip/transaction.ts';

export interface Sender {
  number: string;
  pin: string;
  domain: string;
  userAgent: string;
  flow: Flow;
  layer: TransactionLayer;
  random: Random;
}

export interface RequestParts {
  method: string;
  uri: string;
  to: string;
  callId: string;
  sequence: number;
  headers?: readonly [string, string][];
  body?: string;
}

type ProofHeader = 'Authorization' | 'Proxy-Authorization';

export const sdp = [
  'v=0',
  'o=- 1 1 IN IP4 127.0.0.1',
  's=-',
  'c=IN IP4 127.0.0.1',
  't=0 0',
  'm=audio 5004 RTP/SAVP 0',
  'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  '',
].join('\r\n');

export class ProvedRequests {
  readonly contact: string;
  readonly #sender: Sender;
  #challenge: ReturnType<typeof chooseDigest>;
  #nonceCount = 0;

  constructor(sender: Sender) {
    const { number, flow } = sender;
    this.#sender = sender;
    this.contact = `sip:${number}@${flow.local.host}:${flow.local.port};transport=${flow.protocol}`;
  }

  /** Sends a request, once more where it is challenged; the challenge is kept for the next one. */
  async send(header: ProofHeader, parts: () => RequestParts): Promise<{ request: SipRequest; response: SipResponse }> {
    const first = await this.#sendOnce(header, parts());
    if (first.response.status !== 401 && first.response.status !== 407) return first;
    const name = header === 'Authorization' ? 'WWW-Authenticate' : 'Proxy-Authenticate';
    this.#challenge = chooseDigest(parseChallenges(first.response.headers.all(name)));
    this.#nonceCount = 0;
    return await this.#sendOnce(header, parts());
  }

  async #sendOnce(header: ProofHeader, parts: RequestParts): Promise<{ request: SipRequest; response: SipResponse }> {
    const { layer, flow, number, pin, random } = this.#sender;
    const request = requestOf(this.#sender, this.contact, parts);
    const challenge = this.#challenge;
    if (challenge) {
      const { method, uri } = parts;
      const nc = ++this.#nonceCount;
      request.headers.set(
        header,
        answerChallenge({ challenge, username: number, password: pin, method, uri, random, nc }),
      );
    }
    const transaction = layer.request(flow, request);
    return { request: transaction.request, response: (await transaction.final).response };
  }
}

function requestOf({ number, domain, userAgent, random }: Sender, contact: string, parts: RequestParts): SipRequest {
  const { method, uri, to, callId, sequence, headers = [], body = '' } = parts;
  return createRequest(method, uri, {
    headers: [
      ['Max-Forwards', '70'],
      ['From', `<sip:${number}@${domain}>;tag=${random.bytes(4).toString('hex')}`],
      ['To', to],
      ['Call-ID', callId],
      ['CSeq', `${sequence} ${method}`],
      ['Contact', `<${contact}>`],
      ['User-Agent', userAgent],
      ...headers,
    ],
    body,
    ...(body ? { contentType: 'application/sdp' } : {}),
  });
}
