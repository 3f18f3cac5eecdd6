// The table of all operations of the API. REST and the API description are derived from it.
import { Type } from 'typebox';
import { describe } from './openapi.ts';
import { type Operation, ok } from './operation.ts';
import { access } from './operations/access.ts';
import { alerts } from './operations/alerts.ts';
import { backups } from './operations/device-work/backups.ts';
import { diagnostics } from './operations/device-work/diagnostics.ts';
import { replacements } from './operations/device-work/replacements.ts';
import { devices } from './operations/devices.ts';
import { enrolment } from './operations/enrolment.ts';
import { files } from './operations/files.ts';
import { jobs } from './operations/jobs.ts';
import { models } from './operations/models.ts';
import { comparison } from './operations/monitoring/comparison.ts';
import { deviceSessions } from './operations/monitoring/device-sessions.ts';
import { deviceFacts } from './operations/monitoring/facts.ts';
import { faults } from './operations/monitoring/faults.ts';
import { history } from './operations/monitoring/history.ts';
import { overview } from './operations/monitoring/overview.ts';
import { series } from './operations/monitoring/series.ts';
import { server } from './operations/monitoring/server.ts';
import { traces } from './operations/monitoring/traces.ts';
import { vocabulary } from './operations/monitoring/vocabulary.ts';
import { oidc } from './operations/oidc.ts';
import { preflight } from './operations/preflight.ts';
import { presets } from './operations/presets.ts';
import { records } from './operations/records.ts';
import { rollouts } from './operations/rollouts.ts';
import { savedViews } from './operations/saved-views.ts';
import { session } from './operations/session.ts';
import { settings } from './operations/settings.ts';
import { tasks } from './operations/tasks.ts';
import { versions } from './operations/versions.ts';
import { wanted } from './operations/wanted.ts';
import { webhooks } from './operations/webhooks.ts';
import { withComment } from './versions/entity.ts';

const description: readonly Operation[] = [
  {
    name: 'getDescription',
    summary: 'Reads this description',
    method: 'GET',
    path: '/openapi.json',
    role: 'viewer',
    scope: 'none',
    parameters: 'none',
    answers: { 200: Type.Object({}) },
    run: async () => ok(describe(operations)),
  },
];

const rows: readonly Operation[] = [
  ...devices,
  ...deviceFacts,
  ...server,
  ...deviceSessions,
  ...tasks,
  ...diagnostics,
  ...backups,
  ...replacements,
  ...presets,
  ...models,
  ...preflight,
  ...wanted,
  ...files,
  ...rollouts,
  ...faults,
  ...jobs,
  ...records,
  ...description,
  ...traces,
  ...overview,
  ...comparison,
  ...vocabulary,
  ...series,
  ...alerts,
  ...webhooks,
  ...history,
  ...settings,
  ...enrolment,
  ...session(() => operations),
  ...oidc,
  ...access(() => operations),
  ...versions,
  ...savedViews,
];

export const operations: readonly Operation[] = rows.map(withComment);
