// The plan of a rollout or job as the wizard has it: texts, all of which stand in the address, and what the server is asked for by them.
import { quotedText } from '../../../query/quote.ts';
import type { JobDetail, JobInput, JobStep } from '../../api/jobs.ts';
import { filterOf } from '../../state/filter-text.ts';
import { hrefOf } from '../../state/location.ts';

export const kinds = ['firmware', 'set', 'file', 'reboot', 'tags', 'preset', 'steps'] as const;
export type Kind = (typeof kinds)[number];

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const names = [
  ...['q', 'kind', 'what', 'keep', 'add', 'remove', 'id', 'waves', 'parallelism', 'from', 'to', 'days', 'zone'],
  ...['soak', 'online', 'noFault', 'healthy', 'perWave', 'total', 'action', 'timeout', 'after', 'wake', 'notBefore'],
  'approval',
] as const;

/** By name; what is not given is not there. */
export type Plan = Readonly<Partial<Record<(typeof names)[number], string>>>;

/** The props of the form of a step. */
export interface StepProps {
  plan: Plan;
  change: (change: Plan) => void;
}

/** The plan that a new one begins with: carefully. */
export const careful: Plan = {
  kind: 'firmware',
  waves: '1%, 10%',
  parallelism: '50',
  perWave: '3%',
  total: '100',
};

export const planIn = (query: URLSearchParams): Plan =>
  Object.fromEntries(names.flatMap(name => (query.has(name) ? [[name, query.get(name) ?? '']] : [])));

/** The place of the wizard with a plan. */
export const placeOf = (plan: Plan, step: string): string => hrefOf('/rollouts/new', { ...plan, step });

export const kindOf = ({ kind }: Plan): Kind => kinds.find(each => each === kind) ?? 'firmware';

const partsOf = (text = ''): string[] =>
  text
    .split(',')
    .map(part => part.trim())
    .filter(Boolean);

/** The lines of a text, without empty ones. */
const linesOf = (text = ''): string[] =>
  text
    .split('\n')
    .map(line => line.trim())
    .filter(Boolean);

/** The first line that is no path with a value. */
export const badLineOf = (text: string | undefined): string | undefined =>
  linesOf(text).find(line => line.indexOf('=') < 1);

function valuesOf(text: string | undefined): Record<string, string> {
  const pairs = linesOf(text).map(line => {
    const at = line.indexOf('=');
    return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
  });
  return Object.fromEntries(pairs) as Record<string, string>;
}

/** The steps; undefined while they are not said, or cannot be read. */
export function stepsIn({ what = '', keep, add, remove, ...plan }: Plan): JobStep[] | undefined {
  const kind = kindOf(plan);
  if (kind === 'reboot') return [{ task: { method: 'Reboot' } }];
  if (kind === 'tags') {
    const [added, removed] = [partsOf(add), partsOf(remove)];
    if (added.length + removed.length === 0) return undefined;
    return [
      {
        tags: { ...(added.length > 0 ? { add: added } : {}), ...(removed.length > 0 ? { remove: removed } : {}) },
      },
    ];
  }
  if (what.trim() === '') return undefined;
  if (kind === 'firmware') return [{ firmware: what }];
  if (kind === 'file') return [{ file: what }];
  if (kind === 'preset') return [{ preset: what.trim() }];
  if (kind === 'set') {
    if (badLineOf(what) !== undefined) return undefined;
    return [{ set: valuesOf(what), ...(keep ? { keep: true } : {}) }];
  }
  return listIn(what);
}

function listIn(text: string): JobStep[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.length > 0 ? (value as JobStep[]) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A number, or a share such as 10%. */
const shareIn = (text: string): number | string => (/^\d+$/.test(text) ? Number(text) : text);

const numberIn = (text: string | undefined, factor = 1): number | undefined =>
  text === undefined || text.trim() === '' || Number.isNaN(Number(text)) ? undefined : Number(text) * factor;

const given = <N extends string, T>(name: N, value: T | undefined): { [K in N]?: T } =>
  (value === undefined || value === '' ? {} : { [name]: value }) as { [K in N]?: T };

/** The input of the call that makes the job; undefined while the plan does not say who or what. */
export function inputIn(plan: Plan): JobInput | undefined {
  const steps = stepsIn(plan);
  const filter = filterOf(plan.q ?? '');
  if (steps === undefined || filter === '') return undefined;
  const isFirmware = kindOf(plan) === 'firmware';
  const { from, to } = plan;
  const days = partsOf(plan.days) as (typeof weekdays)[number][];
  const perWave = plan.perWave?.trim();
  const total = plan.total?.trim();
  const failure = {
    ...(perWave ? { perWave: shareIn(perWave) } : {}),
    ...(total ? { total: shareIn(total) } : {}),
    ...(plan.action === 'rollback' ? { action: 'rollback' as const } : {}),
  };
  return {
    devices: { filter },
    do: steps,
    ...given('id', plan.id?.trim()),
    waves: partsOf(plan.waves).map(shareIn),
    ...given('parallelism', numberIn(plan.parallelism)),
    ...(from && to ? { window: { from, to, ...(days.length > 0 ? { days } : {}) } } : {}),
    ...given('timezone', plan.zone?.trim()),
    ...given('timeout', numberIn(plan.timeout)),
    ...given('after', numberIn(plan.after)),
    ...(plan.wake === 'no' ? { wake: false } : {}),
    ...(plan.approval ? { approval: true } : {}),
    ...given('success', successIn(plan)),
    ...(Object.keys(failure).length > 0 ? { failure } : {}),
    ...(isFirmware || !plan.notBefore ? {} : { notBefore: new Date(plan.notBefore).toISOString() }),
  };
}

/** A device is watched after its last step where a time is given. */
function successIn({ soak, online, noFault, healthy }: Plan): JobInput['success'] {
  const seconds = numberIn(soak, 60);
  if (seconds === undefined) return undefined;
  return {
    soak: seconds,
    ...(online === 'no' ? { online: false } : {}),
    ...(noFault === 'no' ? { noFault: false } : {}),
    ...given('filter', healthy),
  };
}

/** The same job once more: its plan, and its devices by the same filter or as those of the job. */
export function inputOf(job: JobDetail): JobInput {
  const {
    filter,
    do: steps,
    waves,
    window,
    timezone,
    parallelism,
    timeout,
    after,
    wake,
    success,
    failure,
    approval,
  } = job;
  return {
    devices: { filter: filter ?? `job = ${quotedText(job.id)}` },
    do: steps,
    ...{ waves, timezone, parallelism, timeout, after, wake, success, failure },
    ...(window ? { window } : {}),
    ...(approval ? { approval: true } : {}),
  };
}

/** The wizard with what a job is made of. */
export function planHref(input: JobInput): string {
  const {
    devices,
    waves = [],
    window,
    parallelism,
    timezone,
    success,
    failure,
    timeout,
    after,
    wake,
    approval,
  } = input;
  const soak = success?.soak;
  const plan: Plan = {
    q: devices.filter ?? '',
    ...doneBy(input.do),
    waves: waves.join(', '),
    ...given('parallelism', parallelism?.toString()),
    ...(window ? { from: window.from, to: window.to, days: window.days?.join(',') ?? '' } : {}),
    ...given('zone', timezone),
    ...given('soak', soak === undefined ? undefined : String(soak / 60)),
    ...(success?.online === false ? { online: 'no' } : {}),
    ...(success?.noFault === false ? { noFault: 'no' } : {}),
    ...given('healthy', success?.filter),
    ...given('perWave', failure?.perWave?.toString()),
    ...given('total', failure?.total?.toString()),
    ...given('action', failure?.action),
    ...given('timeout', timeout?.toString()),
    ...given('after', after?.toString()),
    ...(wake === false ? { wake: 'no' } : {}),
    ...(approval ? { approval: 'yes' } : {}),
  };
  return placeOf(plan, 'who');
}

/** Steps as the wizard asks for them, where it has a form of its own for them. */
function doneBy(steps: readonly JobStep[]): Plan {
  const step = steps.length === 1 ? steps[0] : undefined;
  for (const kind of ['firmware', 'file', 'preset'] as const)
    if (typeof step?.[kind] === 'string') return { kind, what: step[kind] };
  return { kind: 'steps', what: JSON.stringify(steps, undefined, 2) };
}
