// What the parts of reconcile are given: the visit as it goes, and the rest of the fleet.
import type { DeviceRow } from '../store/row.ts';
import type { Files } from './files.ts';
import type { History } from './history.ts';
import type { Models } from './models.ts';
import type { Presets } from './presets.ts';
import type { Rollouts } from './rollout.ts';
import type { Tasks } from './tasks.ts';

export interface ReconcileParts {
  tasks: Tasks;
  presets: Presets;
  models: Models;
  files: Files;
  rollouts: Pick<Rollouts, 'isOffering' | 'noticed'>;
  history?: Pick<History, 'read'>;
}

export interface InVisit {
  row: DeviceRow;
  token: number;
  base?: string;
  /** Values that this session's Inform carried because they changed, by path. */
  changed?: ReadonlyMap<string, string>;
  /** What the operators' tasks of this session may have changed (drift.ts). */
  touched?: readonly string[];
}
