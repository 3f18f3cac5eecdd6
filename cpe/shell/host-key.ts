// The host key of the unit's console: made when the console is first opened, and kept in the unit's state.
import { storedFile, storeFile } from '../state/files.ts';
import type { Persist } from '../state/persist.ts';

const ID = 'console-host-key';

/** @param make a private key in OpenSSH's form */
export async function hostKey(persist: Persist, make: () => string): Promise<string> {
  const kept = await storedFile(persist, ID);
  if (kept) return kept.toString('utf8');
  const key = make();
  await storeFile(persist, ID, Buffer.from(key));
  return key;
}
