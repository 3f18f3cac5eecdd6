// The parts of the fleet that rollouts use, with their own devices and documents.
import type { Access } from '../access/access.ts';
import type { FleetContext } from '../common/context.ts';
import type { Files } from '../files/files.ts';
import type { RolloutDevices } from './devices.ts';
import type { RolloutDocuments } from './documents.ts';

export interface RolloutContext extends FleetContext {
  access: Access;
  files: Files;
  devices: RolloutDevices;
  documents: RolloutDocuments;
}
