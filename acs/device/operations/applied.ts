// The stored files that a device took with success, as its row remembers them.
import type { Task } from '../task.ts';

const MAX_APPLIED = 64;

/** Adds the files of Downloads that ended well. */
export function withApplied(before: Record<string, string>, ended: readonly Task[]): Record<string, string> {
  const taken = ended.filter(task => task.method === 'Download' && task.state === 'done' && task.file && task.fileHash);
  if (taken.length === 0) return before;
  const applied = new Map(Object.entries(before));
  for (const { file, fileHash } of taken) {
    applied.delete(file ?? '');
    applied.set(file ?? '', fileHash ?? '');
  }
  return Object.fromEntries([...applied].slice(-MAX_APPLIED));
}
