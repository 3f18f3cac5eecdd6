// The size of plain data as JSON, counted only as far as a limit.

/** Bytes of a UTF-16 character in UTF-8 at most. */
const WIDEST = 3;

/** @returns whether the JSON of the value takes more than that many bytes; characters that JSON escapes count once */
export function isLarger(value: unknown, most: number): boolean {
  // Nearly every result is far below the limit, and lengths alone say so in a fifth of the time.
  return sizeOf(value, text => text.length * WIDEST, most) > most && sizeOf(value, Buffer.byteLength, most) > most;
}

/** The size of the value, counted up to one beyond `most` at least. */
function sizeOf(value: unknown, bytesOf: (text: string) => number, most: number): number {
  if (typeof value === 'string') return bytesOf(value) + 2;
  if (typeof value !== 'object' || value === null) return String(value).length;
  let size = 1;
  if (Array.isArray(value)) {
    size += value.length;
    for (let at = 0; at < value.length && size <= most; at++) size += sizeOf(value[at], bytesOf, most - size);
    return size;
  }
  for (const name in value) {
    if (size > most) return size;
    size += name.length + 4 + sizeOf((value as Record<string, unknown>)[name], bytesOf, most - size);
  }
  return size;
}
