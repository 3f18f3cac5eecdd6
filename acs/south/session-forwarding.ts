// A POST whose session is with another process: a load balancer sends each connection where it likes. It is handed over as it came and
// answered with what that process says. An Inform is not: it begins a new session, wherever it arrives.
import { decodeEnvelope, InvalidSoap } from '../../shared/cwmp/soap.ts';
import { CodingError, decodeBody, isCoded } from '../../shared/net/coding.ts';

/** Plain data. The CPE proved itself when the session began: of its certificate or connection nothing need be told. */
export interface ForwardedPost {
  headers: Record<string, string>;
  body: Buffer;
  /** Of the CPE, as this process believes it. */
  address: string;
}

export interface ForwardedAnswer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** @returns undefined when the session is over there. @throws when that member cannot be asked */
export type Forward = (member: string, post: ForwardedPost) => Promise<ForwardedAnswer | undefined>;

const forwarded = ['cookie', 'content-encoding', 'accept-encoding', 'user-agent', 'soapaction', 'host'];
const returned = ['content-type', 'content-encoding', 'connection'];

export function chosen(headers: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const value = headers[name];
    if (value !== undefined) found[name] = Array.isArray(value) ? value.join('; ') : String(value);
  }
  return found;
}

export const forwardedHeaders = (headers: Readonly<Record<string, unknown>>): Record<string, string> =>
  chosen(headers, forwarded);
export const returnedHeaders = (headers: Readonly<Record<string, unknown>>): Record<string, string> =>
  chosen(headers, returned);

/** What cannot be read begins nothing: what is wrong with it the session's own process says. */
export async function isInformIn(body: Buffer, coding: string | undefined, maxBytes: number): Promise<boolean> {
  if (body.length === 0) return false;
  try {
    const plain = isCoded(coding) ? await decodeBody(body, coding ?? '', maxBytes) : body;
    const envelope = decodeEnvelope(plain);
    return envelope.body.kind === 'request' && envelope.body.method === 'Inform';
  } catch (error) {
    if (error instanceof InvalidSoap || error instanceof CodingError) return false;
    throw error;
  }
}
