// The headers and the body of a call transfer: Refer-To (RFC 3515), Replaces (RFC 3891), Referred-By (RFC 3892), sipfrag (RFC 3420).
import { token } from '../../../shared/sip/headers.ts';
import { type SipRequest, SipSyntaxError } from '../../../shared/sip/message.ts';
import { formatUri, parseNameAddr, parseParameters, parseUri } from '../../../shared/sip/uri.ts';

/** The dialog that a call takes the place of, from the side of its receiver: `toTag` is that side's own. */
export interface Replaces {
  callId: string;
  toTag: string;
  fromTag: string;
  /** Only a dialog that is not confirmed (RFC 3891 6.1). */
  earlyOnly: boolean;
}

export interface ReferTarget {
  /** The address to call, without headers and method. */
  uri: string;
  replaces: Replaces | undefined;
}

/** RFC 3891 6.1. @throws SipSyntaxError */
export function parseReplaces(text: string): Replaces {
  const semicolon = text.indexOf(';');
  const callId = text.slice(0, semicolon).trim();
  if (semicolon < 0 || callId === '' || /\s/.test(callId)) throw new SipSyntaxError('Replaces names no call');
  const rest = text.slice(semicolon);
  const parameters = parseParameters(rest);
  const [toTag, fromTag] = ['to-tag', 'from-tag'].map(name => parameters.get(name));
  const tags = rest.toLowerCase().match(/;\s*(?:to|from)-tag\s*=/g) ?? [];
  if (!toTag || !fromTag || !token.test(toTag) || !token.test(fromTag) || tags.length !== 2)
    throw new SipSyntaxError('Replaces has not one to-tag and one from-tag');
  return { callId, toTag, fromTag, earlyOnly: parameters.has('early-only') };
}

export const formatReplaces = ({ callId, toTag, fromTag, earlyOnly }: Replaces): string =>
  `${callId};to-tag=${toTag};from-tag=${fromTag}${earlyOnly ? ';early-only' : ''}`;

/** The Replaces of an INVITE. @throws SipSyntaxError for one that cannot be read, or a second one (RFC 3891 3) */
export function replacesOf({ headers }: SipRequest): Replaces | undefined {
  const values = headers.all('Replaces');
  if (values.length > 1) throw new SipSyntaxError('more than one Replaces');
  return values[0] === undefined ? undefined : parseReplaces(values[0]);
}

/** The value of Refer-To. @param uri of the address to call, without headers */
export function formatReferTo(uri: string, replaces?: Replaces): string {
  return replaces ? `<${uri}?Replaces=${encodeURIComponent(formatReplaces(replaces))}>` : `<${uri}>`;
}

/**
 * The target of a REFER (RFC 3515 2.1). Of the headers that its URI may carry Replaces alone counts (RFC 3261 19.1.5).
 * @throws SipSyntaxError; 416 for an address of another kind, 603 for another method than INVITE
 */
export function readReferTo({ headers }: SipRequest): ReferTarget {
  const values = headers.list('Refer-To');
  const [value] = values;
  if (value === undefined || values.length > 1) throw new SipSyntaxError('not one Refer-To');
  const uri = parseUri(parseNameAddr(value).uri);
  const method = uri.parameters.get('method') ?? 'INVITE';
  if (method.toUpperCase() !== 'INVITE') throw new SipSyntaxError('the Refer-To is for another method', 603);
  const carried = (uri.headers ?? '').split('&').flatMap(one => {
    const equals = one.indexOf('=');
    return one.slice(0, equals).toLowerCase() === 'replaces' ? [unescaped(one.slice(equals + 1))] : [];
  });
  if (carried.length > 1) throw new SipSyntaxError('the Refer-To has more than one Replaces');
  delete uri.headers;
  uri.parameters.delete('method');
  return { uri: formatUri(uri), replaces: carried[0] === undefined ? undefined : parseReplaces(carried[0]) };
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new SipSyntaxError('a header in the Refer-To has a bad escape');
  }
}

/** The status line in the body of a NOTIFY (RFC 3515 2.4.5); undefined where there is none. */
export function readSipfrag(body: Buffer): { status: number; reason: string } | undefined {
  const [line = ''] = body.toString('utf8', 0, 1000).split(/\r?\n/, 1);
  const found = /^SIP\/2\.0 ([1-6]\d\d)(?: (.*))?$/.exec(line.trimEnd());
  return found ? { status: Number(found[1]), reason: found[2] ?? '' } : undefined;
}

export const formatSipfrag = (status: number, reason: string): string => `SIP/2.0 ${status} ${reason}\r\n`;
