// Operations on presets, with their dry run.
import { UserError } from '../../errors.ts';
import type { DryRun, DryRunProgress } from '../../fleet/preflight/dry-run.ts';
import type { Preset } from '../../fleet/presets/preset.ts';
import { assertReplaces, assertSetsPreset } from '../../fleet/presets/preset-rights.ts';
import { pathsOf } from '../../query/filter.ts';
import { parseFilter } from '../../query/parser.ts';
import type { CallContext, Operation } from '../operation.ts';
import { none, ok, param } from '../operation.ts';
import { forceQuery } from '../schemas/common.ts';
import * as schemas from '../schemas/presets.ts';
import { keepPresetSecrets } from '../secret-mask.ts';
import { dryRunView, presetView } from '../views/core.ts';
import { iso } from '../views/times.ts';

const dryRunOptions = ({ limit = 50, kinds = false }: { limit?: number; kinds?: boolean }) => ({ limit, kinds });

/** The preset of a dry run, with the stored secrets that its body masks; undefined for the stored one. @throws UserError 404 */
async function triedPreset(name: string, body: unknown, fleet: CallContext['fleet']): Promise<Preset | undefined> {
  if (body) return keepPresetSecrets(fleet.secrets, body as Preset, await fleet.presets.find(name));
  await fleet.presets.get(name);
  return undefined;
}

type Step = IteratorResult<DryRunProgress, DryRun>;

/** The lines of a dry run that tells of its progress. */
async function* progressLines(
  first: Step,
  steps: AsyncGenerator<DryRunProgress, DryRun>,
  view: (run: DryRun) => unknown,
): AsyncGenerator<Buffer> {
  const line = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value)}\n`);
  try {
    for (let step = first; ; step = await steps.next()) {
      yield line(step.done ? { result: view(step.value) } : { progress: step.value });
      if (step.done) return;
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { status, code, message } = error;
    yield line({ problem: { status, code, detail: message } });
  } finally {
    await steps.return({} as DryRun);
  }
}

/** The reason why a preset is broken, which may name any parameter. */
const brokenView = (reason: string | undefined, { caller }: CallContext): { broken?: string } =>
  reason === undefined ? {} : { broken: caller.readsAll ? reason : 'it cannot be resolved for any device' };

/** A filter over parameters out of the rights is not counted: a count tells of values. One that cannot be read is not either. */
async function countsOf(name: string, { when }: Preset, { fleet, caller }: CallContext): Promise<object> {
  const isReadable = when === undefined || isCounted(when, caller);
  const fits = isReadable ? await fleet.presets.counts.fits(when, caller.within) : null;
  return { fits, faults: await fleet.presets.counts.faults(name, caller.within) };
}

function isCounted(when: string, { mayRead }: CallContext['caller']): boolean {
  try {
    return pathsOf(parseFilter(when)).every(mayRead);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return false;
  }
}

const lossProblem = 'Devices would lose the ACS; `devices` names them with the reasons';

/** The common part of both dry runs: all at the end, or with their progress. */
const dryRun = {
  method: 'POST',
  role: 'viewer',
  scope: 'fleet',
  parameters: 'shows-any',
  query: schemas.dryRunQuery,
  body: { json: schemas.presetInput, optional: true },
  marksLines: true,
  problems: { 404: 'No such preset, and no body was given' },
} as const;

export const presets: readonly Operation[] = [
  {
    name: 'listPresets',
    summary:
      'Lists presets with the last change of each; with counts=true also the devices that they fit, and their faults',
    method: 'GET',
    path: '/presets',
    role: 'viewer',
    scope: 'none',
    parameters: 'checked',
    query: schemas.presetsQuery,
    answers: { 200: schemas.presets },
    run: async ({ query }, context) => {
      const items: unknown[] = [];
      const broken = new Map(
        (await context.fleet.presets.compiled()).map(compiled => [compiled.name, compiled.broken]),
      );
      for (const { name, body, generation, changed, author = null, comment } of await context.fleet.presets.stored())
        items.push({
          ...presetView(name, body, context.show),
          ...{ version: generation, time: iso(changed), author },
          ...(comment === undefined ? {} : { comment }),
          ...brokenView(broken.get(name), context),
          ...(query.counts ? await countsOf(name, body, context) : {}),
        });
      return ok({ items });
    },
  },
  {
    name: 'getPreset',
    summary: 'Reads a preset',
    method: 'GET',
    path: '/presets/:name',
    role: 'viewer',
    scope: 'none',
    parameters: 'checked',
    entity: { kind: 'preset' },
    answers: { 200: schemas.preset },
    problems: { 404: 'No such preset' },
    run: async ({ params: { name = '' } }, { fleet, show }) =>
      ok(presetView(name, await fleet.presets.get(name), show)),
  },
  {
    name: 'putPreset',
    summary:
      'Creates or replaces a preset; it is checked against the data models of the devices that it fits, and the stored files',
    method: 'PUT',
    path: '/presets/:name',
    role: 'operator',
    scope: 'fleet',
    parameters: 'checked',
    entity: { kind: 'preset' },
    query: forceQuery,
    body: { json: schemas.presetInput },
    marksLines: true,
    answers: { 200: schemas.writtenPreset, 201: schemas.writtenPreset },
    problems: { 409: lossProblem },
    run: async ({ params: { name = '' }, query, body }, { fleet, caller, show, edit, store }) => {
      const stored = await fleet.presets.find(name);
      await assertReplaces(caller, name, store);
      for (const changed of [stored, body as Preset]) if (changed) assertSetsPreset(caller, changed);
      const preset = keepPresetSecrets(fleet.secrets, body as Preset, stored);
      if (!query.force) await fleet.guard.preset(name, preset);
      const warnings = await fleet.presets.put(name, preset, edit);
      const written = { ...presetView(name, preset, show), ...(warnings.length > 0 ? { warnings } : {}) };
      return { status: stored ? 200 : 201, body: written };
    },
  },
  {
    name: 'deletePreset',
    summary: 'Deletes a preset; values that it has set stay on the devices',
    method: 'DELETE',
    path: '/presets/:name',
    role: 'operator',
    scope: 'fleet',
    parameters: 'checked',
    entity: { kind: 'preset' },
    query: forceQuery,
    answers: { 204: 'nothing' },
    problems: { 404: 'No such preset', 409: lossProblem },
    run: async (input, { fleet, caller, edit, store }) => {
      const name = param(input, 'name');
      assertSetsPreset(caller, await fleet.presets.get(name));
      await assertReplaces(caller, name, store);
      if (!input.query.force) await fleet.guard.withoutPreset(name);
      await fleet.presets.remove(name, edit);
      return none;
    },
  },
  {
    name: 'dryRunPreset',
    summary: 'Reports which devices would change, and how, with the given preset; without a body, with the stored one',
    path: '/presets/:name/dry-run',
    ...dryRun,
    answers: { 200: schemas.dryRun },
    run: async ({ params: { name = '' }, query, body }, { fleet, show }) => {
      const preset = await triedPreset(name, body, fleet);
      return ok(dryRunView(await fleet.dryRuns.run(name, preset, dryRunOptions(query)), show));
    },
  },
  {
    name: 'streamDryRunPreset',
    summary:
      'Does the same, and answers lines of JSON while it runs: {progress: {done, total}}, at the end {result} or {problem}. It ends with the connection',
    path: '/presets/:name/dry-run/progress',
    ...dryRun,
    answers: { 200: 'text' },
    mediaType: 'application/x-ndjson',
    run: async ({ params: { name = '' }, query, body }, { fleet, show }) => {
      const preset = await triedPreset(name, body, fleet);
      const steps = fleet.dryRuns.steps(name, preset, dryRunOptions(query));
      // A preset that is refused is refused before the first step.
      const first = await steps.next();
      const lines = progressLines(first, steps, run => dryRunView(run, show));
      return { bytes: lines, headers: { 'content-type': 'application/x-ndjson' } };
    },
  },
];
