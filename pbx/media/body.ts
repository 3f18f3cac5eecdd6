// The part of a message's body that is its session description: the body itself, or one part of a multipart one (RFC 5621).
import type { SipMessage } from '../../shared/sip/message.ts';
import { parseParameters } from '../../shared/sip/uri.ts';

/** Parts of a multipart body that are looked at. */
const MOST_PARTS = 16;

/** @returns the description; undefined where there is none; a reason where it cannot be told */
export function descriptionBody({ headers, body }: SipMessage): Buffer | string | undefined {
  if (body.length === 0) return undefined;
  const [type = '', ...others] = headers.all('Content-Type');
  if (others.length > 0) return 'the body has two types';
  const name = mediaType(type);
  const encoding = headers.get('Content-Encoding') ?? 'identity';
  if (encoding.trim().toLowerCase() !== 'identity') return `the body is encoded: ${encoding.slice(0, 40)}`;
  if (name.startsWith('multipart/')) return partOf(body, type);
  // Some peers do not look at the type; a description begins with its version.
  return name === 'application/sdp' || body.subarray(0, 2).toString('latin1') === 'v=' ? body : undefined;
}

const mediaType = (value: string): string => (value.split(';', 1)[0] ?? '').trim().toLowerCase();

function partOf(body: Buffer, type: string): Buffer | string | undefined {
  const boundary =
    parseParameters(type.slice(type.indexOf(';') + 1))
      .get('boundary')
      ?.replaceAll('"', '') ?? '';
  if (boundary === '' || boundary.length > 70) return 'the multipart body has no boundary';
  const parts = body.toString('latin1').split(`--${boundary}`).slice(1);
  if (parts.length === 0 || parts.length > MOST_PARTS + 1)
    return `the multipart body has no parts, or over ${MOST_PARTS}`;
  const found = parts.map(descriptionIn).filter(part => part !== undefined);
  // A part without the right type, or with one that is written in another way than this reads.
  const all = [...body.toString('latin1').matchAll(/^v=\s*0/gm)];
  if (all.length > found.length) return 'the multipart body hides a description';
  // The receiver would choose one of the two.
  return found.length > 1 ? 'the multipart body has two descriptions' : found[0];
}

/** Content of a part, where that is a description. */
function descriptionIn(part: string): Buffer | string | undefined {
  const text = part.replace(/^\r?\n/, '');
  const end = /\r?\n\r?\n/.exec(text);
  if (!end) return undefined;
  const lines = text.slice(0, end.index).toLowerCase().split(/\r?\n/);
  const value = (name: string): string => {
    const line = lines.find(one => one.startsWith(`${name}:`));
    return line === undefined ? '' : mediaType(line.slice(name.length + 1));
  };
  if (value('content-type').startsWith('multipart/')) return 'the multipart body holds another one';
  if (value('content-type') !== 'application/sdp') return undefined;
  if (!['', '7bit', '8bit', 'binary'].includes(value('content-transfer-encoding'))) return 'the description is encoded';
  return Buffer.from(text.slice(end.index + end[0].length).replace(/\r?\n$/, ''), 'latin1');
}
