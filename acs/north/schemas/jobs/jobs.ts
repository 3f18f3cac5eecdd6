// Shapes of jobs.
import { Type } from 'typebox';
import { diagnosticKinds } from '../../../fleet/diagnostics/kinds.ts';
import { jobStates } from '../../../store/job-positions.ts';
import { choice, closed, listOf, listQuery, nullable, optional, page, text, time } from '../common.ts';
import { tagChange } from '../devices.ts';
import { report } from '../preflight.ts';
import { handle, taskInput } from '../tasks.ts';
import { courseFields, log, phases, planFields, planId, plannedFields } from './rollouts.ts';

const siteText = Type.String({ pattern: '^[^\\u0001]*$', maxLength: 4096 });
const value = Type.Union([Type.String({ pattern: '^[^\\u0001]*$' }), Type.Number(), Type.Boolean()]);
const yes = Type.Literal(true);
const deviceIds = Type.Array(Type.String(), { minItems: 1, maxItems: 10_000 });

/** The steps by the name of their field. */
const steps = {
  task: closed({ task: taskInput }),
  set: closed({
    set: Type.Record(Type.String(), value, { minProperties: 1, description: 'Values by path, set by one task' }),
    keep: optional(Type.Boolean({ description: 'Keep them as overrides of the device; default: false' })),
  }),
  file: closed({ file: text('A stored script, certificate or configuration that the device downloads') }),
  tags: closed({ tags: tagChange }),
  site: closed({ site: Type.Record(Type.String(), nullable(siteText), { description: 'null removes a field' }) }),
  overrides: closed({
    overrides: Type.Record(Type.String(), nullable(value), { description: 'null removes an override' }),
  }),
  preset: closed({ preset: text('A preset that counts for the devices from now on, whatever its filter says') }),
  diagnostic: closed({
    diagnostic: closed({
      kind: choice(diagnosticKinds),
      settings: optional(Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()]))),
    }),
  }),
  firmware: closed({ firmware: text('A stored image; such a job is a rollout, and has no other steps') }),
  approve: closed({ approve: yes }),
  hold: closed({ hold: yes }),
  connectionRequest: closed({ connectionRequest: yes }),
  forget: closed({ forget: yes }),
};

export const jobInput = closed({
  id: optional(planId),
  name: optional(Type.String({ minLength: 1, maxLength: 200, description: 'Words for the list' })),
  handle,
  devices: closed({ filter: optional(text('Alternative to `ids`')), ids: optional(deviceIds) }),
  do: Type.Array(Type.Union(Object.values(steps)), { minItems: 1, maxItems: 20, description: 'Steps, in this order' }),
  dynamic: optional(
    Type.Boolean({ description: 'Devices that come to fit the filter later take part, until it is aborted' }),
  ),
  notBefore: optional(time),
  expect: optional(
    Type.Integer({
      minimum: 0,
      description: 'Refuse the job if the number of devices has moved from this by over 1 %',
    }),
  ),
  ...planFields,
});
export const jobListQuery = listQuery({
  state: optional(choice(phases)),
  author: optional(text('The user or token that made it')),
  filter: optional(text('Filter over id, name, handle, state, author, created, notBefore, wave')),
  find: optional(text('Part of its id, name or handle, of upper or lower case')),
  sort: optional(choice(['created', '-created'], 'Default: -created, the newest first')),
});
export const jobCreateQuery = closed({
  dryRun: optional(Type.Boolean({ description: 'Say what the job would reach, and create nothing' })),
});
export const jobDevicesQuery = closed({
  state: optional(choice(jobStates)),
  wave: optional(Type.Integer({ minimum: 1 })),
  code: optional(text('A stable code of a reason')),
  ...page,
});
export const jobRetryInput = closed({ devices: optional(deviceIds), code: optional(Type.String()) });

const totals = Type.Object(Object.fromEntries(jobStates.map(state => [state, Type.Integer()])));
const jobFields = {
  id: Type.String(),
  name: optional(Type.String()),
  handle: optional(text('The word of its requester')),
  state: choice(phases),
  reason: optional(text('Why it changed to this state by itself')),
  created: time,
  author: optional(text('The user or token with whose rights it is carried out')),
  planned: nullable(time),
  ended: nullable(time),
  notBefore: optional(time),
  filter: optional(Type.String()),
  dynamic: optional(Type.Boolean()),
  do: Type.Array(Type.Record(Type.String(), Type.Unknown())),
  ...plannedFields,
  totals,
  log,
};
const position = Type.Object({
  device: Type.String(),
  wave: Type.Integer(),
  state: choice(jobStates),
  step: Type.Integer({ description: 'Steps that it has done' }),
  code: optional(text('Stable code of the reason')),
  reason: optional(Type.String()),
  task: optional(text('The task that is under way')),
  attempts: Type.Integer(),
  back: optional(Type.Boolean({ description: 'Its steps are undone' })),
  since: time,
  began: optional(time),
});
export const jobAnswers = {
  dryRun: Type.Object({
    count: Type.Integer({ description: 'Devices of the job' }),
    reachable: Type.Integer({ description: 'Those that would begin as soon as it is their turn' }),
    left: Type.Array(Type.Object({ code: Type.String(), count: Type.Integer() }), {
      description: 'The others by reason',
    }),
    sizes: Type.Array(Type.Integer(), { description: 'Devices per wave' }),
    sample: Type.Array(Type.String(), { description: 'The first devices by id' }),
    preflight: optional(report),
  }),
  job: Type.Object(jobFields),
  jobs: listOf(Type.Object(jobFields)),
  detail: Type.Object({
    ...jobFields,
    perWave: Type.Array(Type.Object({ wave: Type.Integer(), size: Type.Integer(), totals })),
    ...courseFields,
  }),
  devices: Type.Object({ items: Type.Array(position), next: nullable(Type.String()) }),
  reasons: Type.Object({
    items: Type.Array(
      Type.Object({
        state: choice(jobStates),
        code: Type.String(),
        reason: text('The reason of the first device'),
        count: Type.Integer(),
        examples: Type.Array(Type.String()),
      }),
    ),
  }),
} as const;
