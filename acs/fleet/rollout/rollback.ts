// The way back: devices that run the new version are planned again with the image of their previous one; the others are left alone.
import type { StoredFile } from '../files/stored-file.ts';
import type { RolloutContext } from './context.ts';
import { inState, type SweptRow } from './devices.ts';
import type { StoredRollout } from './documents.ts';

/** The image that a device could go back to. */
export const previousImage = (
  { rollout, productClass }: SweptRow,
  stored: readonly StoredFile[],
): StoredFile | undefined =>
  stored.find(
    file =>
      file.type === 'firmware' &&
      file.version === rollout?.previous &&
      (file.productClass === undefined || file.productClass === productClass),
  );

/** @returns whether the document was changed: then it is to be read again */
export async function rollBackAll(context: RolloutContext, stored: StoredRollout): Promise<boolean> {
  const { id, turned, back: known } = stored.body;
  const { devices, documents, files } = context;
  const images = await files.list();
  const back = new Set(known);
  if (!turned) {
    for (const state of ['planned', 'offered'] as const)
      await devices.sweep(inState(id, state), row => skip(context, id, row));
    for (const state of ['done', 'failed'] as const)
      await devices.sweep(inState(id, state), row => rollBack(context, id, row, images, back));
  }
  // Some devices come to run the new version while the others go back already.
  for (const state of ['installed', 'soaking'] as const)
    await devices.sweep(inState(id, state), row => rollBack(context, id, row, images, back));
  if (turned && back.size === known.length) return false;
  await documents.change(stored, { turned: true, back: [...back].sort() });
  return true;
}

async function skip({ devices }: RolloutContext, id: string, row: SweptRow): Promise<void> {
  if (row.rollout?.back) return;
  const reason = 'rolled back before it was its turn';
  await devices.judgeAndAnnounce(row.id, { id, from: ['planned', 'offered'], state: 'skipped', reason });
}

/** @param back names of the images that devices go back to; this one's is added */
async function rollBack(
  { devices, store, clock }: RolloutContext,
  id: string,
  row: SweptRow,
  images: readonly StoredFile[],
  back: Set<string>,
): Promise<void> {
  const position = row.rollout;
  if (!position || position.back || row.softwareVersion !== position.version) return;
  const image = previousImage(row, images);
  if (!image?.version) {
    const reason = `stays on ${position.version}: no stored image of ${position.previous ?? 'what it ran before'} for ${row.productClass}`;
    const from = ['done', 'failed', 'installed', 'soaking'] as const;
    await devices.judgeAndAnnounce(row.id, { id, from: [...from], state: 'failed', reason, cause: 'health' });
    return;
  }
  back.add(image.name);
  const { name: file, sha256: fileHash, version } = image;
  const rolledBack = await store.apply(row.id, 'rolloutRolledBack', { id, file, fileHash, version, now: clock.now() });
  if (rolledBack !== 'stale') devices.announce(row.id, rolledBack);
}
