// The fleet: everything the ACS decides, without HTTP. South brings CPEs in session, north brings operators.
import type { Clock, Random } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import type { EventBus } from '../events.ts';
import type { Store } from '../store/store.ts';
import { createDevices, type Devices } from './devices.ts';
import { createEnrolment, type Enrolment } from './enrol.ts';
import { createFiles, type Files } from './files.ts';
import { createModels, type Models } from './models.ts';
import type { LinkFile, Wake } from './ports.ts';
import { createPresets, type Presets } from './presets.ts';
import type { Secrets } from './secrets.ts';
import { createTasks, type Tasks } from './tasks.ts';
import { createVisits, type Visits } from './visits.ts';

export interface FleetOptions {
  /** What happens to a device that is met for the first time with good enrolment credentials. */
  enrol: 'approve' | 'auto';
  /** Whether CPEs must prove who they are; `none` only for closed test networks. */
  cpeAuth: 'required' | 'none';
  /** The credential that factory-new devices share, if there is one. */
  enrolment?: { username: string; password: string };
  /** This process, in claims. */
  owner: string;
}

/** What every part of the fleet is given. */
export interface FleetContext extends FleetOptions {
  store: Store;
  clock: Clock;
  random: Random;
  log: Log;
  events: EventBus;
  secrets: Secrets;
  /** Handed over by app.ts once south stands. */
  ports: { wake: Wake; linkFile: LinkFile };
}

export interface Fleet {
  devices: Devices;
  enrolment: Enrolment;
  models: Models;
  presets: Presets;
  files: Files;
  tasks: Tasks;
  visits: Visits;
}

export function createFleet(context: FleetContext): Fleet {
  const models = createModels();
  const files = createFiles(context);
  const presets = createPresets(context, files, models);
  const tasks = createTasks(context, files, models);
  return {
    devices: createDevices(context),
    enrolment: createEnrolment(context),
    models,
    presets,
    files,
    tasks,
    visits: createVisits(context, { tasks, presets, models, files }),
  };
}
