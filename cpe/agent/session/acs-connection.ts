// The line from one session to its ACS: envelopes out, envelopes back; connections, cookies, redirects and logins stay below.
import { decodeEnvelope, type Envelope, encodeEnvelope, InvalidSoap } from '../../../shared/cwmp/soap.ts';
import { HttpError, type HttpResponse, type Send } from '../../../shared/net/http.ts';
import { Failed } from '../failure.ts';

/** Sees each envelope on the wire, as sent and as received. */
export type WireTap = (from: 'cpe' | 'acs', xml: string) => void;

export interface LineOptions {
  url: string;
  /** Carries one request, doing cookies, redirects and 401 rounds on its own. */
  send: Send;
  userAgent: string;
  wire?: WireTap | undefined;
  signal: AbortSignal;
}

export interface Line {
  /** Posts an envelope, or the empty POST; undefined when the ACS has nothing to say. @throws Failed and the client's own errors */
  post(envelope: Envelope | undefined): Promise<Envelope | undefined>;
  /** HoldRequests as the last answer had it (TR-069 3.5 Table 4). */
  readonly held: boolean;
}

/** TR-069 3.4.2: at least 30 s for an answer. */
const RESPONSE_TIMEOUT = 60_000;
/** TR-069 3.5 wants 32 KB at least; beyond this no honest ACS goes. */
const MAX_ANSWER = 8 * 1024 * 1024;

export function openLine(options: LineOptions): Line {
  let held = false;

  const exchange = (body: string): Promise<HttpResponse> => {
    const { url, userAgent, signal } = options;
    const headers: Record<string, string> = { 'User-Agent': userAgent };
    // TR-069 3.4.1: an empty POST carries neither SOAPAction nor Content-Type; SOAPAction has no value, not even quotes.
    if (body !== '') Object.assign(headers, { 'Content-Type': 'text/xml; charset=utf-8', SOAPAction: '' });
    return options.send({
      method: 'POST',
      url,
      headers,
      body,
      signal,
      timeoutMs: RESPONSE_TIMEOUT,
      maxBytes: MAX_ANSWER,
    });
  };

  return {
    get held() {
      return held;
    },
    async post(envelope) {
      const xml = envelope ? encodeEnvelope(envelope) : '';
      const answer = await exchange(xml).catch((error: unknown) => {
        if (xml && wasSent(error)) options.wire?.('cpe', xml);
        throw error;
      });
      if (xml) options.wire?.('cpe', xml);
      const text = contentOf(answer);
      if (text === '') {
        held = false;
        return undefined;
      }
      options.wire?.('acs', text);
      const received = read(text);
      held = received.holdRequests ?? false;
      return received.body.kind === 'empty' ? undefined : received;
    },
  };
}

/** A connection that was not made or not trusted has carried nothing. */
const wasSent = (error: unknown): boolean =>
  !(error instanceof HttpError && (error.kind === 'connect' || error.kind === 'tls'));

/** TR-069 3.4.1: 200 with an envelope, 204 without; an ACS that says nothing with 200 means the same. */
function contentOf({ status, body }: HttpResponse): string {
  if (status === 401) throw new Failed('auth', 'the ACS refuses our credentials', 401);
  if (status !== 200 && status !== 204) throw new Failed('http', `the ACS answers ${status}`, status);
  return status === 204 ? '' : body.toString('utf8').trim();
}

function read(text: string): Envelope {
  try {
    return decodeEnvelope(text);
  } catch (error) {
    if (error instanceof InvalidSoap) throw new Failed('soap', error.message);
    throw error;
  }
}
