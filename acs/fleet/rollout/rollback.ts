// The way back: who runs the new version is planned anew, with the image of what it ran before; who was not reached yet is left alone.
import type { StoredFile } from '../files/stored-file.ts';
import type { EngineContext, StoredRollout } from './context.ts';
import type { SweptRow } from './devices.ts';

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
export async function turnAll(context: EngineContext, standing: StoredRollout): Promise<boolean> {
  const { id, turned } = standing.body;
  const { rows, change, files } = context;
  const back = new Set(standing.body.back);
  const stored = await files.list();
  const of = (state: string): string => `rollout = "${id}" and rolloutState = "${state}"`;
  if (!turned) {
    for (const state of ['planned', 'offered']) await rows.sweep(of(state), row => leave(context, id, row));
    for (const state of ['done', 'failed'])
      await rows.sweep(of(state), row => turn(context, row, { id, stored, back }));
  }
  // Those that come to run the new version while the others go back already.
  for (const state of ['installed', 'soaking'])
    await rows.sweep(of(state), row => turn(context, row, { id, stored, back }));
  if (turned && back.size === standing.body.back.length) return false;
  await change(standing, { turned: true, back: [...back].sort() });
  return true;
}

async function leave({ rows, tell }: EngineContext, id: string, row: SweptRow): Promise<void> {
  if (row.rollout?.back) return;
  const reason = 'rolled back before it was its turn';
  const position = await rows.judge(row.id, { id, from: ['planned', 'offered'], state: 'skipped', reason });
  if (position) tell(row.id, position);
}

async function turn(
  { rows, store, clock, tell }: EngineContext,
  row: SweptRow,
  { id, stored, back }: { id: string; stored: readonly StoredFile[]; back: Set<string> },
): Promise<void> {
  const position = row.rollout;
  if (!position || position.back || row.softwareVersion !== position.version) return;
  const image = previousImage(row, stored);
  if (!image?.version) {
    const reason = `stays on ${position.version}: no stored image of ${position.previous ?? 'what it ran before'} for ${row.productClass}`;
    const from = ['done', 'failed', 'installed', 'soaking'] as const;
    const judged = await rows.judge(row.id, { id, from: [...from], state: 'failed', reason, cause: 'health' });
    if (judged) tell(row.id, judged);
    return;
  }
  back.add(image.name);
  const { name: file, sha256: fileHash, version } = image;
  const turned = await store.apply(row.id, 'rolloutRolledBack', { id, file, fileHash, version, now: clock.now() });
  if (turned !== 'stale') tell(row.id, turned);
}
