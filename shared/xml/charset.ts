// Bytes of a document → its text: by byte order mark, XML declaration, Content-Type or form (XML 1.0 appendix F, RFC 7303 3).
import { isAscii, isUtf8 } from 'node:buffer';

/** The document declares an encoding that is not known here. */
export class UnknownCharset extends Error {
  override readonly name = 'UnknownCharset';
}

/** The charset of a Content-Type; undefined where it names none. */
export const charsetIn = (contentType: string | undefined): string | undefined =>
  /;\s*charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})/i.exec(contentType ?? '')?.[1];

const unicode = /^(utf-?8|utf-?16(be|le)?|us-ascii)$/i;

/**
 * @param charset that of Content-Type: counts where the document itself says nothing
 * @throws UnknownCharset for an encoding that the document declares
 */
export function decodeText(bytes: Buffer, charset?: string): string {
  const wide = wideForm(bytes);
  if (wide !== undefined) return new TextDecoder(wide).decode(bytes);
  const declared = declaredIn(bytes);
  if (declared !== undefined && !unicode.test(declared)) {
    const decoder = decoderOf(declared);
    if (!decoder) throw new UnknownCharset(`unknown encoding "${declared}"`);
    return decoder.decode(bytes);
  }
  if (isUtf8(bytes) && (charset === undefined || declared !== undefined || isAscii(bytes)))
    return bytes.toString('utf8');
  const decoder =
    declared === undefined && charset !== undefined && !unicode.test(charset) ? decoderOf(charset) : undefined;
  return decoder ? decoder.decode(bytes) : mixedText(bytes);
}

/** The text of a document whatever it declares: for logs and traces. */
export function legibleText(bytes: Buffer): string {
  try {
    return decodeText(bytes);
  } catch (error) {
    if (!(error instanceof UnknownCharset)) throw error;
    return mixedText(bytes);
  }
}

/** UTF-16 by its byte order mark, or by the zeros around a first `<`. */
function wideForm(bytes: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  const first = bytes[0];
  const second = bytes[1];
  if ((first === 0xff && second === 0xfe) || (first === 0x3c && second === 0)) return 'utf-16le';
  if ((first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c)) return 'utf-16be';
  return undefined;
}

function declaredIn(bytes: Buffer): string | undefined {
  const head = bytes.toString('latin1', 0, 128);
  return /^(?:\xef\xbb\xbf)?\s*<\?xml[^>]*\sencoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']/.exec(head)?.[1];
}

function decoderOf(label: string): { decode(bytes: Buffer): string } | undefined {
  try {
    return new TextDecoder(label);
  } catch {
    return undefined; // A RangeError: no such encoding.
  }
}

/** UTF-8 in which a byte that belongs to no character is read as Latin-1: one bad byte changes no other character. */
function mixedText(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  const out = Buffer.alloc(bytes.length * 2);
  let length = 0;
  for (let at = 0; at < bytes.length; ) {
    const size = characterSize(bytes, at);
    if (size === 0) {
      const byte = bytes[at++] ?? 0;
      out[length++] = 0xc0 | (byte >> 6);
      out[length++] = 0x80 | (byte & 0x3f);
    }
    for (let end = at + size; at < end; at++) out[length++] = bytes[at] ?? 0;
  }
  return out.toString('utf8', 0, length);
}

const within = (byte: number | undefined, low: number, high: number): boolean =>
  byte !== undefined && byte >= low && byte <= high;

/** Bytes of the character that begins here (Unicode 3.9, table 3-7); 0 where none does. */
function characterSize(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const size = within(first, 0xc2, 0xdf) ? 2 : within(first, 0xe0, 0xef) ? 3 : within(first, 0xf0, 0xf4) ? 4 : 0;
  if (size === 0) return 0;
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (!within(bytes[at + 1], low, high)) return 0;
  for (let next = at + 2; next < at + size; next++) if (!within(bytes[next], 0x80, 0xbf)) return 0;
  return size;
}
