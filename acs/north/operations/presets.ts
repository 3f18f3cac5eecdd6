// Presets: written, read, tried out.
import type { Preset } from '../../fleet/presets/preset.ts';
import type { Operation } from '../operation.ts';
import { none, ok, param } from '../operation.ts';
import * as schemas from '../schemas/core.ts';
import { forceQuery } from '../schemas/preflight.ts';
import { dryRunView, presetView, unmasked } from '../views/core.ts';

const { answers } = schemas;

const lossProblem = 'Devices would lose the ACS; the detail says who and why';

export const presets: readonly Operation[] = [
  {
    name: 'listPresets',
    summary: 'Presets',
    method: 'GET',
    path: '/presets',
    role: 'viewer',
    answers: { 200: answers.presets },
    run: async (_input, { fleet }) =>
      ok({ items: (await fleet.presets.list()).map(({ name, ...preset }) => presetView(name, preset)) }),
  },
  {
    name: 'getPreset',
    summary: 'One preset',
    method: 'GET',
    path: '/presets/:name',
    role: 'viewer',
    answers: { 200: answers.preset },
    problems: { 404: 'No such preset' },
    run: async ({ params: { name = '' } }, { fleet }) => ok(presetView(name, await fleet.presets.get(name))),
  },
  {
    name: 'putPreset',
    summary: 'Writes a preset, checked against the data models and the stored files',
    method: 'PUT',
    path: '/presets/:name',
    role: 'operator',
    query: forceQuery,
    body: { json: schemas.presetInput },
    answers: { 200: answers.preset, 201: answers.preset },
    problems: { 409: lossProblem },
    run: async ({ params: { name = '' }, query, body }, { fleet }) => {
      const stored = await fleet.presets.find(name);
      const preset = unmasked(body as Preset, stored);
      if (!query.force) await fleet.guard.preset(name, preset);
      await fleet.presets.put(name, preset);
      return { status: stored ? 200 : 201, body: presetView(name, preset) };
    },
  },
  {
    name: 'deletePreset',
    summary: 'Deletes a preset; what it had set stays set',
    method: 'DELETE',
    path: '/presets/:name',
    role: 'operator',
    query: forceQuery,
    answers: { 204: 'nothing' },
    problems: { 404: 'No such preset', 409: lossProblem },
    run: async (input, { fleet }) => {
      const name = param(input, 'name');
      if (!input.query.force) await fleet.guard.withoutPreset(name);
      await fleet.presets.remove(name);
      return none;
    },
  },
  {
    name: 'dryRunPreset',
    summary: 'Who would change, and how, if the preset stood as given; without a body, by the stored one',
    method: 'POST',
    path: '/presets/:name/dry-run',
    role: 'viewer',
    query: schemas.dryRunQuery,
    body: { json: schemas.presetInput, optional: true },
    answers: { 200: answers.dryRun },
    problems: { 404: 'No such preset, and none was given' },
    run: async ({ params: { name = '' }, query, body }, { fleet }) => {
      const stored = body ? await fleet.presets.find(name) : await fleet.presets.get(name);
      const preset = body ? unmasked(body as Preset, stored) : undefined;
      return ok(dryRunView(await fleet.dryRuns.run(name, preset, Number(query.limit ?? 50))));
    },
  },
];
