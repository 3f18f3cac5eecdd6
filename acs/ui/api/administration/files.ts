// Calls about stored files. Uploads tell how far they are.
import type { Static } from 'typebox';
import type * as schemas from '../../../north/schemas/files.ts';
import { call, documentOf, refusals, urlOf } from '../call.ts';
import { Problem } from '../problem.ts';
import type { Page } from '../shapes.ts';

export type FileAbout = Static<typeof schemas.fileQuery>;
export type StoredFile = Static<typeof schemas.file> & { usedBy: { presets: string[]; rollouts: string[] } };
export type FileType = StoredFile['type'];
export const fileTypes: readonly FileType[] = ['firmware', 'script', 'certificate', 'web', 'upload'];

export const filePath = (name: string): string => `/files/${encodeURIComponent(name)}`;

/** The address of its content, for a download. */
export const fileHref = (name: string): string => urlOf(filePath(name));

export const listFiles = async (
  type: string | undefined,
  cursor?: string,
  signal?: AbortSignal,
): Promise<Page<StoredFile>> =>
  await call('GET', '/files', { query: { type, limit: 100, count: true, cursor }, signal });

export const deleteFile = async (name: string): Promise<void> => await call('DELETE', filePath(name));

export interface Upload {
  name: string;
  about: FileAbout;
  content: Blob;
  /** Refuse to replace a file that is there. */
  isNew: boolean;
  /** @param share from 0 to 1 */
  onProgress: (share: number) => void;
  signal: AbortSignal;
}

/** @throws Problem; AbortError when `signal` aborts */
export async function putFile({ name, about, content, isNew, onProgress, signal }: Upload): Promise<void> {
  const request = new XMLHttpRequest();
  await new Promise<void>((resolve, reject) => {
    request.open('PUT', urlOf(filePath(name), { ...about }));
    request.setRequestHeader('x-tandem', '1');
    request.setRequestHeader('accept', 'application/json');
    request.setRequestHeader('content-type', 'application/octet-stream');
    if (isNew) request.setRequestHeader('if-none-match', '*');
    request.upload.addEventListener('progress', ({ loaded, total }) => onProgress(total === 0 ? 1 : loaded / total));
    request.addEventListener('load', () => {
      if (request.status < 300) return resolve();
      if (request.status === 401) refusals.value++;
      reject(new Problem(request.status, documentOf(request.responseText)));
    });
    request.addEventListener('error', () => reject(new Problem(0, {})));
    request.addEventListener('abort', () => reject(signal.reason));
    signal.addEventListener('abort', () => request.abort());
    request.send(content);
  });
}
