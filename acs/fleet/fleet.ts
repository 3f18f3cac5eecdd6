// The fleet: all decisions of the ACS, without HTTP. South brings CPEs in session, north brings operators.
import { Access } from './access/access.ts';
import { AuditTrail } from './access/audit-trail.ts';
import { Backups } from './backups/backups.ts';
import { ClusterMemory } from './cluster/cluster-memory.ts';
import type { FleetContext } from './common/context.ts';
import type { Members } from './common/members.ts';
import { createModels, type Models } from './common/models.ts';
import type { Post } from './common/ports.ts';
import { type Quirks, quirksOf, type Subject } from './common/quirks.ts';
import type { Secrets } from './common/secrets.ts';
import { DeviceModels } from './devices/device-models.ts';
import { Devices } from './devices/devices.ts';
import { Replacements } from './devices/replacements.ts';
import { Diagnostics } from './diagnostics/diagnostics.ts';
import { DiagnosticRuns } from './diagnostics/runs.ts';
import { Enrolment } from './enrolment/enrolment.ts';
import { Files } from './files/files.ts';
import { Jobs } from './jobs/jobs.ts';
import { ModelCatalogue } from './models/catalogue.ts';
import { ModelLearning } from './models/learning.ts';
import { ProductModels } from './models/product-models.ts';
import { SecretSources } from './models/secret-sources.ts';
import { Alerts } from './monitoring/alerts.ts';
import { Faults } from './monitoring/faults.ts';
import { History } from './monitoring/history.ts';
import { LivenessWatch } from './monitoring/liveness.ts';
import { createOverview, type Overview } from './overview/overview.ts';
import { DryRuns } from './preflight/dry-run.ts';
import { Guard } from './preflight/guard.ts';
import { Preflight } from './preflight/preflight.ts';
import { Presets } from './presets/presets.ts';
import { WantedStates } from './presets/wanted-states.ts';
import { createMoves, type Moves } from './reconcile/acs-move.ts';
import { Rollouts } from './rollout/rollouts.ts';
import { DeviceSessions } from './session/sessions.ts';
import { RequestRetries } from './tasks/request-retries.ts';
import { Tasks } from './tasks/tasks.ts';
import { Traces } from './tracing/traces.ts';
import { Webhooks } from './webhooks/webhooks.ts';

export interface Fleet {
  devices: Devices;
  enrolment: Enrolment;
  models: Models;
  modelCatalogue: ModelCatalogue;
  deviceModels: DeviceModels;
  secrets: Secrets;
  secretSources: SecretSources;
  presets: Presets;
  wantedStates: WantedStates;
  preflight: Preflight;
  dryRuns: DryRuns;
  guard: Guard;
  files: Files;
  access: Access;
  audit: AuditTrail;
  faults: Faults;
  tasks: Tasks;
  requestRetries: RequestRetries;
  diagnostics: Diagnostics;
  backups: Backups;
  replacements: Replacements;
  sessions: DeviceSessions;
  traces: Traces;
  moves: Moves;
  rollouts: Rollouts;
  jobs: Jobs;
  members: Members;
  clusterMemory: ClusterMemory;
  overview: Overview;
  liveness: LivenessWatch;
  alerts: Alerts;
  webhooks: Webhooks;
  history: History;
  /** @returns the deviations of a device from the standard */
  quirksOf(subject: Subject): Quirks;
}

const noPost: Post = async () => {
  throw new Error('this ACS has no way to send webhooks');
};

export function createFleet(context: FleetContext): Fleet {
  const models = createModels(context.quirks);
  const files = new Files(context);
  const access = new Access(context);
  const preflight = new Preflight(context, { files, models });
  const catalogue = new ModelCatalogue(context);
  const products = new ProductModels(context, catalogue);
  const presets = new Presets(context, models, products);
  const wantedStates = new WantedStates(context, presets);
  const dryRuns = new DryRuns(context, { presets, wantedStates, preflight });
  const devices = new Devices(context, products);
  const tasks = new Tasks(context, files, { models, products });
  const rollouts = new Rollouts(context, { files, access });
  const history = new History(context);
  const learning = new ModelLearning(context);
  const enrolment = new Enrolment(context);
  const traces = new Traces(context);
  const guard = new Guard(context, { preflight, presets, wantedStates, dryRuns, devices });
  const diagnostics = new Diagnostics(context);
  const sessions = new DeviceSessions(context, {
    ...{ tasks, wantedStates, models, files, rollouts, history, learning },
    diagnostics: new DiagnosticRuns(context),
  });
  const clusterMemory = new ClusterMemory({ traces, enrolment }, context.members, context.ports.askMemory);
  const alerts = new Alerts(context);
  const webhooks = new Webhooks(context, context.ports.post ?? noPost);
  const jobs = new Jobs(context, {
    ...{ access, files, tasks, devices, presets, guard, dryRuns, sessions, rollouts, diagnostics },
    approvals: enrolment,
  });
  return {
    devices,
    enrolment,
    models,
    modelCatalogue: catalogue,
    deviceModels: new DeviceModels(devices, products),
    secrets: context.secrets,
    secretSources: new SecretSources(context, catalogue),
    presets,
    wantedStates,
    preflight,
    dryRuns,
    guard,
    files,
    access,
    audit: new AuditTrail({ ...context, ...context.ports }),
    faults: new Faults(context),
    tasks,
    requestRetries: new RequestRetries(context),
    diagnostics,
    backups: new Backups(context, tasks),
    replacements: new Replacements(context),
    sessions,
    history,
    traces,
    clusterMemory,
    moves: createMoves(context),
    rollouts,
    jobs,
    members: context.members,
    liveness: new LivenessWatch(context),
    ...{ alerts, webhooks },
    overview: createOverview(context, { alerts, rollouts, jobs, clusterMemory, webhooks, products }),
    quirksOf: subject => quirksOf(subject, context.quirks),
  };
}
