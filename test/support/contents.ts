// Contents of files as tests have them: whole, and small.
import type { ByteRange } from '../../acs/store/content-chunks.ts';
import type { Store } from '../../acs/store/store.ts';

/** The bytes in pieces, as a connection brings them. */
export async function* inPieces(bytes: Uint8Array, size = 10_000): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export const putBytes = async (store: Store, name: string, bytes: Uint8Array): Promise<void> => {
  await store.putContent(name, inPieces(bytes));
};

export async function bytesOf(store: Store, name: string, range?: ByteRange): Promise<Buffer | undefined> {
  const content = await store.content(name, range);
  return content && (await whole(content));
}

export async function whole(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const found: Uint8Array[] = [];
  for await (const chunk of content) found.push(chunk);
  return Buffer.concat(found);
}
