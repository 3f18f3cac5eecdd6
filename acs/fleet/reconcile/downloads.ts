// Downloads of the files that a device's desired state names: certificates, then the script, then firmware, one transfer at a time.
import type { DeviceRow } from '../../device/row.ts';
import type { Task } from '../../device/task.ts';
import type { Refusal, Wanted, WantedFile } from '../presets/desired.ts';
import { isApplied } from '../presets/merge.ts';
import type { Reconciliation } from './reconciliation.ts';
import { Refused } from './refused.ts';

/** The script that leads a device back from another ACS is no part of its desired state. */
export const isOwnDownload = ({ method, origin, content }: Task): boolean =>
  method === 'Download' && origin === 'reconcile' && !content;

/** Has the device fetch what it lacks. @returns false while a transfer is under way @throws Refused */
export async function downloadFiles(run: Reconciliation, desired: Wanted): Promise<boolean> {
  for (;;) {
    if (!(await run.cancelUnsent(run.row.tasks.filter(isOwnDownload)))) return false;
    const next = desired.files.find(file => !isApplied(file, run.row));
    if (!next) return true;
    if (next.rollout !== undefined) return await downloadOffered(run, next.rollout, next.file.name);
    if (!(await download(run, next))) return false;
  }
}

/** @returns whether the transfer is complete @throws Refused */
async function download(run: Reconciliation, desired: WantedFile): Promise<boolean> {
  const { preset, file, kind } = desired;
  if (kind === 'firmware') refuseLoop(desired, run.row);
  const { state, fault } = await run.send(await run.makeTask({ method: 'Download', file: file.name }));
  if (state === 'failed') {
    const message = `Download of ${file.name}: ${fault?.message ?? 'failed'}`;
    throw new Refused([{ preset, code: Number(fault?.code ?? 9002), message }]);
  }
  return state === 'done';
}

/**
 * Makes one Download for each offer of a rollout: the position moves on in the very write that marks the task as sent.
 * @returns false while the device is not where the rollout wants it and may still get there
 */
async function downloadOffered(run: Reconciliation, rollout: string, file: string): Promise<boolean> {
  const { row, parts } = run;
  const position = row.rollout;
  // A device that was done long ago and runs another version by now is not the rollout's to mend.
  if (position?.state !== 'offered') return position?.state !== 'downloading';
  if (!(await parts.rollouts.isOffering(row))) return false;
  const expiresIn = position.timeoutMs / 1000;
  const { state } = await run.send(await run.makeTask({ method: 'Download', file, rollout, expiresIn }));
  // The position holds the failure, and the desired state is another one now.
  if (state === 'failed') throw new Refused([]);
  return false;
}

/** A device that took the image and does not run it would fetch it again and again. @throws Refused */
function refuseLoop({ preset, file }: WantedFile, row: DeviceRow): void {
  const refuse = (refusal: Omit<Refusal, 'preset'>): never => {
    throw new Refused([{ preset, ...refusal }]);
  };
  if (file.productClass && file.productClass !== row.productClass) {
    const message = `${file.name} is for ${file.productClass}, the device is a ${row.productClass}`;
    refuse({ code: 'wrong-product', message });
  }
  if (row.applied[file.name] === file.sha256) {
    const message = `took ${file.name} without an error, but runs ${row.softwareVersion} and not ${file.version}`;
    refuse({ code: 9010, message, file: file.name });
  }
}
