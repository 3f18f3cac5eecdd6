// The session description of a SIP message as facts about its streams: profile, encrypted or not, and how the keys come.
import type { SipMessage } from '../../shared/sip/message.ts';
import { type Attribute, attributeValues, type Media, parseSdp, type Sdp, SdpError } from '../../shared/sip/sdp.ts';
import { descriptionBody } from './body.ts';

/** `SDES` RFC 4568, `MIKEY` RFC 3830 in RFC 4567, `DTLS` RFC 5763. */
export type KeyManagement = 'SDES' | 'MIKEY' | 'DTLS';

export interface StreamFacts {
  /** `audio`, `image`, … */
  type: string;
  /** `RTP/SAVP`, `RTP/AVP`, `udptl`. */
  profile: string;
  /** False for a stream that was refused or switched off, by port 0 (RFC 3264 6). */
  isActive: boolean;
  /** The profile is a secure one, and at least one of its keys is for encryption. */
  isEncrypted: boolean;
  /** Of SDES, the first that encrypts. */
  suite?: string;
  keyManagement?: KeyManagement;
}

export type Description =
  | { is: 'none' }
  | { is: 'unreadable'; reason: string }
  | { is: 'read'; streams: StreamFacts[] };

/** The description in a message. An unreadable one differs from none: it must not pass where media must be encrypted. */
export function descriptionOf(message: SipMessage): Description {
  const body = descriptionBody(message);
  if (body === undefined) return { is: 'none' };
  if (typeof body === 'string') return { is: 'unreadable', reason: body };
  try {
    const sdp = parseSdp(body);
    return { is: 'read', streams: sdp.media.map(media => streamOf(sdp, media)) };
  } catch (error) {
    if (error instanceof SdpError) return { is: 'unreadable', reason: error.message };
    throw error;
  }
}

/** The call's media as `calls` shows it. */
export type MediaSummary = Pick<StreamFacts, 'profile' | 'suite' | 'keyManagement'> & { isEncrypted: boolean };

/** Of the first stream in use, else of the first one; encrypted where all streams in use are. */
export function summaryOf(description: Description): MediaSummary | undefined {
  if (description.is !== 'read') return undefined;
  const active = description.streams.filter(({ isActive }) => isActive);
  const first = active[0] ?? description.streams[0];
  if (!first) return undefined;
  const { profile, suite, keyManagement } = first;
  const isEncrypted = active.length > 0 && active.every(stream => stream.isEncrypted);
  return { profile, ...(suite && { suite }), ...(keyManagement && { keyManagement }), isEncrypted };
}

/** RTP with SRTP's profiles (RFC 3711, 5124), also keyed by DTLS (RFC 5764), and UDPTL over DTLS (RFC 7345). */
const secureProfile = /^(?:(?:UDP\/TLS\/)?RTP\/SAVPF?|UDP\/TLS\/UDPTL)$/i;

function streamOf(sdp: Sdp, media: Media): StreamFacts {
  const { type, port, proto: profile } = media;
  const keys = secureProfile.test(profile) ? keysOf(sdp.attributes, media.attributes) : undefined;
  return { type, profile, isActive: port !== 0, isEncrypted: keys !== undefined, ...keys };
}

/** The first key that encrypts, by the attributes of the session and of the stream. */
function keysOf(
  session: readonly Attribute[],
  stream: readonly Attribute[],
): Pick<StreamFacts, 'suite' | 'keyManagement'> | undefined {
  const suite = attributeValues({ attributes: stream }, 'crypto')
    .map(encryptingSuite)
    .find(one => one !== undefined);
  if (suite !== undefined) return { suite, keyManagement: 'SDES' };
  const attributes = [...stream, ...session];
  const named = attributeValues({ attributes }, 'key-mgmt');
  if (named.some(value => /^mikey\s/i.test(value))) return { keyManagement: 'MIKEY' };
  return attributeValues({ attributes }, 'fingerprint').length > 0 ? { keyManagement: 'DTLS' } : undefined;
}

/** The suite of an a=crypto line; undefined where its parameters or its suite leave the packets in clear (RFC 4568 6.3.2). */
function encryptingSuite(value: string): string | undefined {
  const [, suite = '', , ...parameters] = value.trim().split(/[ \t]+/);
  const isInClear = parameters.some(one => /^UNENCRYPTED_SRTP$/i.test(one));
  return suite === '' || /^NULL_/i.test(suite) || isInClear ? undefined : suite;
}
