// The connection of one session to its ACS: envelopes out, envelopes back. Sockets, cookies, redirects and logins lie below it.
import { decodeEnvelope, type Envelope, encodeEnvelope, InvalidSoap } from '../../../shared/cwmp/soap.ts';
import { HttpError, type HttpResponse, type Send } from '../../../shared/net/http.ts';
import { retryAfterOf } from '../../../shared/retry-after.ts';
import { charsetIn, decodeText, UnknownCharset } from '../../../shared/xml/charset.ts';
import { Failed } from '../failure.ts';

/** Receives each envelope on the wire, as sent and as received. */
export type WireTap = (from: 'cpe' | 'acs', xml: string) => void;

export interface AcsConnectionOptions {
  url: string;
  /** Carries one request, with cookies, redirects and 401 rounds. */
  send: Send;
  userAgent: string;
  wire?: WireTap | undefined;
  signal: AbortSignal;
}

/** Milliseconds; TR-069 3.4.2: at least 30 s for an answer. */
const RESPONSE_TIMEOUT = 60_000;
/** TR-069 3.5 wants 32 KB at least; no honest ACS sends more than this. */
const MAX_ANSWER = 8 * 1024 * 1024;

export class AcsConnection {
  readonly #options: AcsConnectionOptions;
  #onHold = false;

  constructor(options: AcsConnectionOptions) {
    this.#options = options;
  }

  /** HoldRequests of the last answer (TR-069 3.5 Table 4). */
  get onHold(): boolean {
    return this.#onHold;
  }

  /**
   * Posts an envelope, or an empty POST; undefined when the answer is empty.
   * @throws Failed and the errors of the HTTP client
   */
  async post(envelope: Envelope | undefined): Promise<Envelope | undefined> {
    const { wire } = this.#options;
    const xml = envelope ? encodeEnvelope(envelope) : '';
    const answer = await this.#exchange(xml).catch((error: unknown) => {
      if (xml && wasSent(error)) wire?.('cpe', xml);
      throw error;
    });
    if (xml) wire?.('cpe', xml);
    const text = contentOf(answer);
    if (text === '') {
      this.#onHold = false;
      return undefined;
    }
    wire?.('acs', text);
    const received = read(text);
    this.#onHold = received.holdRequests ?? false;
    return received.body.kind === 'empty' ? undefined : received;
  }

  #exchange(body: string): Promise<HttpResponse> {
    const { url, userAgent, signal, send } = this.#options;
    const headers: Record<string, string> = { 'User-Agent': userAgent };
    // TR-069 3.4.1: an empty POST carries neither SOAPAction nor Content-Type; SOAPAction has no value, not even quotes.
    if (body !== '') Object.assign(headers, { 'Content-Type': 'text/xml; charset=utf-8', SOAPAction: '' });
    return send({ method: 'POST', url, headers, body, signal, timeoutMs: RESPONSE_TIMEOUT, maxBytes: MAX_ANSWER });
  }
}

/** A connection that was not made or not trusted has carried nothing. */
const wasSent = (error: unknown): boolean =>
  !(error instanceof HttpError && (error.kind === 'connect' || error.kind === 'tls'));

/** TR-069 3.4.1: 200 with an envelope, 204 without; an ACS that says nothing with 200 means the same. */
function contentOf({ status, headers, body }: HttpResponse): string {
  if (status === 401) throw new Failed('auth', 'the ACS refuses our credentials', 401);
  if (status !== 200 && status !== 204)
    throw new Failed('http', `the ACS answers ${status}`, status, retryAfterOf(headers));
  if (status === 204) return '';
  try {
    return decodeText(body, charsetIn(String(headers['content-type'] ?? ''))).trim();
  } catch (error) {
    if (error instanceof UnknownCharset) throw new Failed('soap', error.message);
    throw error;
  }
}

function read(text: string): Envelope {
  try {
    return decodeEnvelope(text);
  } catch (error) {
    if (error instanceof InvalidSoap) throw new Failed('soap', error.message);
    throw error;
  }
}
