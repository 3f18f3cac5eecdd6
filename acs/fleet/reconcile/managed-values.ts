// The current values of all that a device's desired state manages.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { ParameterValue } from '../../../shared/cwmp/methods.ts';
import type { Model } from '../../../shared/model/definitions.ts';
import { readsEmpty } from '../../../shared/model/secret-names.ts';
import { codeOf } from '../common/ports.ts';
import type { Refusal, Wanted } from '../presets/desired.ts';
import { actFor, type Reconciliation } from './reconciliation.ts';
import { Refused } from './refused.ts';

/** Reads all managed values, by path. @throws Refused where the device does not know some of the names */
export async function readManaged(run: Reconciliation, desired: Wanted): Promise<Map<string, ParameterValue>> {
  const { row, cpe } = run;
  const managed = [
    ...[...desired.set].map(([path, { preset }]) => ({ path, preset })),
    ...desired.objects.map(({ table, preset }) => ({ path: table, preset })),
  ];
  const read = async (paths: string[]): Promise<ParameterValue[]> =>
    (await cpe.call('GetParameterValues', { ParameterNames: paths })).ParameterList;
  try {
    const values = await read(managed.length ? managed.map(({ path }) => path) : [intervalPath(row.root)]);
    return new Map(values.map(value => [value.Name, value]));
  } catch (error) {
    if (!(error instanceof CwmpFault)) throw error;
    // One unknown name fails the whole call: each is read alone to find it.
    const refusals: Refusal[] = [];
    const found: ParameterValue[] = [];
    for (const { path, preset } of managed) {
      actFor(run, [preset], desired.revision);
      try {
        found.push(...(await read([path])));
      } catch (single) {
        if (!(single instanceof CwmpFault)) throw single;
        refusals.push({ preset, code: codeOf(single), message: `${path}: ${single.message}`, parameter: path });
      }
    }
    if (managed.length === 0) throw error;
    if (refusals.length > 0) throw new Refused(refusals);
    return new Map(found.map(value => [value.Name, value]));
  }
}

/** A hidden parameter reads as '' whatever its value is (TR-106 `hidden`). */
export const isHidden = (model: Model | undefined, path: string): boolean => {
  const def = model?.resolve(path)?.def;
  return def && 'type' in def ? def.hidden : readsEmpty(path);
};

/** A parameter that every device has and lets be set, whatever its model. */
export const intervalPath = (root: string): string => `${root}ManagementServer.PeriodicInformInterval`;
