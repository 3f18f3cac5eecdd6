// Files that the agent keeps in the state directory by an id: bytes of transfers, addresses of listeners. They survive a power cut.
import type { Persist } from './persist.ts';

const blobOf = (id: string): string => `file/${id}`;

export const storeFile = (persist: Persist, id: string, bytes: Buffer): Promise<void> => persist.put(blobOf(id), bytes);

export const storedFile = (persist: Persist, id: string): Promise<Buffer | undefined> => persist.get(blobOf(id));

export const dropFile = (persist: Persist, id: string): Promise<void> => persist.drop(blobOf(id));
