// The fleet: everything the ACS decides, without HTTP. South brings CPEs in session, north brings operators.
import { type Alerts, createAlerts } from './alerts.ts';
import type { FleetContext } from './context.ts';
import { createDevices, type Devices } from './devices.ts';
import { createEnrolment, type Enrolment } from './enrol.ts';
import { createEverywhere, type Everywhere } from './everywhere.ts';
import { createFiles, type Files } from './files.ts';
import { createHistory, type History } from './history.ts';
import { createLiveness, type LivenessWatch } from './liveness.ts';
import type { Members } from './members.ts';
import { createModels, type Models } from './models.ts';
import { createMoves, type Moves } from './moves.ts';
import type { Post } from './ports.ts';
import { createGuard, type Guard } from './preflight/guard.ts';
import { createPreflight, type Preflight } from './preflight/preflight.ts';
import { createPresets, type Presets } from './presets.ts';
import { type Quirks, quirksOf, type Subject } from './quirks.ts';
import { createRollouts, type Rollouts } from './rollout.ts';
import { createTasks, type Tasks } from './tasks.ts';
import { createTraces, type Traces } from './traces.ts';
import { createVisits, type Visits } from './visits.ts';
import { createWebhooks, type Webhooks } from './webhooks.ts';

export interface Fleet {
  devices: Devices;
  enrolment: Enrolment;
  models: Models;
  presets: Presets;
  preflight: Preflight;
  guard: Guard;
  files: Files;
  tasks: Tasks;
  visits: Visits;
  traces: Traces;
  moves: Moves;
  rollouts: Rollouts;
  members: Members;
  everywhere: Everywhere;
  liveness: LivenessWatch;
  alerts: Alerts;
  webhooks: Webhooks;
  history: History;
  /** Where a device departs from the standard. */
  quirksOf(subject: Subject): Quirks;
}

const noPost: Post = async () => {
  throw new Error('nothing can be sent from here');
};

export function createFleet(context: FleetContext): Fleet {
  const models = createModels(context.quirks);
  const files = createFiles(context);
  const preflight = createPreflight(context, { files, models });
  const presets = createPresets(context, models, preflight);
  const devices = createDevices(context, models);
  const tasks = createTasks(context, files, models);
  const rollouts = createRollouts(context, files);
  const history = createHistory(context);
  const enrolment = createEnrolment(context);
  const traces = createTraces(context);
  return {
    devices,
    enrolment,
    models,
    presets,
    preflight,
    guard: createGuard(context, { preflight, presets, devices }),
    files,
    tasks,
    visits: createVisits(context, { tasks, presets, models, files, rollouts, history }),
    history,
    traces,
    everywhere: createEverywhere({ traces, enrolment }, context.members, context.ports.askMemory),
    moves: createMoves(context),
    rollouts,
    members: context.members,
    liveness: createLiveness(context),
    alerts: createAlerts(context),
    webhooks: createWebhooks(context, context.ports.post ?? noPost),
    quirksOf: subject => quirksOf(subject, context.quirks),
  };
}
