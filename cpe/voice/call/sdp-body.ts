// The session description in the body of a message.
import type { MessageParts, SipMessage } from '../../../shared/sip/message.ts';
import { formatSdp, parseSdp, type Sdp, SdpError } from '../../../shared/sip/sdp.ts';

export const sdpParts = (sdp: Sdp): MessageParts => ({ body: formatSdp(sdp), contentType: 'application/sdp' });

export function hasSdp(request: SipMessage): boolean {
  const type = (request.headers.get('Content-Type') ?? '').split(';')[0]?.trim().toLowerCase();
  return request.body.length > 0 && type === 'application/sdp';
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
