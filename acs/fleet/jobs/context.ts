// The parts of the fleet that jobs use, with their own documents and positions.
import type { Access } from '../access/access.ts';
import type { FleetContext } from '../common/context.ts';
import type { Devices } from '../devices/devices.ts';
import type { Diagnostics } from '../diagnostics/diagnostics.ts';
import type { Enrolment } from '../enrolment/enrolment.ts';
import type { Files } from '../files/files.ts';
import type { DryRuns } from '../preflight/dry-run.ts';
import type { Guard } from '../preflight/guard.ts';
import type { Presets } from '../presets/presets.ts';
import type { Rollouts } from '../rollout/rollouts.ts';
import type { DeviceSessions } from '../session/sessions.ts';
import type { Tasks } from '../tasks/tasks.ts';
import type { Background } from './background.ts';
import type { JobDocuments } from './documents.ts';
import type { JobPositions } from './positions.ts';

export interface JobParts {
  access: Access;
  files: Files;
  tasks: Tasks;
  devices: Devices;
  presets: Presets;
  diagnostics: Diagnostics;
  dryRuns: DryRuns;
  rollouts: Rollouts;
  guard: Guard;
  approvals: Pick<Enrolment, 'approve'>;
  sessions: DeviceSessions;
}

export interface JobContext extends FleetContext, JobParts {
  documents: JobDocuments;
  positions: JobPositions;
  background: Background;
}
