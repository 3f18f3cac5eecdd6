// Files that a caller may see: a configuration that a device has sent is for callers that reach every device.
import type { Caller } from '../access/caller.ts';
import { missingFile } from './contents.ts';
import type { Files } from './files.ts';
import type { StoredFile } from './stored-file.ts';

type Seeing = Pick<Caller, 'isScoped'>;

export const isVisible = ({ type }: Pick<StoredFile, 'type'>, { isScoped }: Seeing): boolean =>
  !isScoped || type !== 'upload';

/** @throws UserError 404 for a file that is not there, or not for the caller */
export async function assertFile(name: string, { files }: { files: Files }, caller: Seeing): Promise<void> {
  if (!isVisible(await files.about(name), caller)) throw missingFile(name);
}
