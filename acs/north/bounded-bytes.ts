// Bytes that arrive in parts, gathered within a bound.

/** @throws what `refusal` makes for more than `most` bytes, as soon as there are more */
export async function gathered(
  parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  most: number,
  refusal: () => Error,
): Promise<Buffer> {
  const kept: Uint8Array[] = [];
  let size = 0;
  for await (const part of parts) {
    size += part.length;
    if (size > most) throw refusal();
    kept.push(part);
  }
  return Buffer.concat(kept);
}
