// What the parts of the engine are given.

import type { RolloutPosition } from '../../device/rollout-position.ts';
import type { StoredDocument } from '../../store/records.ts';
import type { FleetContext } from '../common/context.ts';
import type { Files } from '../files/files.ts';
import type { Rows } from './devices.ts';
import type { Rollout } from './plan.ts';

export type StoredRollout = StoredDocument<Rollout>;

/** What each part of the engine is given. */
export interface EngineContext extends FleetContext {
  files: Files;
  rows: Rows;
  /** Writes the document where it is still the one that was read. @throws UserError 409 `changed-meanwhile` */
  change(standing: StoredRollout, to: Partial<Rollout>, text?: string): Promise<StoredRollout>;
  /** Tells the bus where a device stands now. */
  tell(device: string, position: RolloutPosition): void;
}
