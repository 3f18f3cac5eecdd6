// The session description in the body of a message.
import type { MessageParts, SipMessage } from '../../../shared/sip/message.ts';
import { formatSdp, parseSdp, type Sdp, SdpError } from '../../../shared/sip/sdp.ts';

export const sdpParts = (sdp: Sdp): MessageParts => ({ body: formatSdp(sdp), contentType: 'application/sdp' });

/** The media type, lower case, without its parameters. */
export const contentTypeOf = ({ headers }: SipMessage): string =>
  (headers.get('Content-Type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';

export function hasSdp(request: SipMessage): boolean {
  return request.body.length > 0 && contentTypeOf(request) === 'application/sdp';
}

/** Undefined where the body is missing, of another type, or cannot be read. */
export function sdpOf(request: SipMessage): Sdp | undefined {
  if (!hasSdp(request)) return undefined;
  try {
    return parseSdp(request.body);
  } catch (error) {
    if (error instanceof SdpError) return undefined;
    throw error;
  }
}
