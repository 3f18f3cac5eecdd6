// Operations on presets, with their dry run.
import type { Preset } from '../../fleet/presets/preset.ts';
import type { Operation } from '../operation.ts';
import { none, ok, param } from '../operation.ts';
import { forceQuery } from '../schemas/common.ts';
import * as schemas from '../schemas/presets.ts';
import { keepPresetSecrets } from '../secret-mask.ts';
import { assertSetsPreset } from '../set-rights.ts';
import { dryRunView, presetView } from '../views/core.ts';

const lossProblem = 'Devices would lose the ACS; `devices` names them with the reasons';

export const presets: readonly Operation[] = [
  {
    name: 'listPresets',
    summary: 'Lists presets',
    method: 'GET',
    path: '/presets',
    role: 'viewer',
    scope: 'none',
    parameters: 'checked',
    answers: { 200: schemas.presets },
    run: async (_input, { fleet, show }) =>
      ok({ items: (await fleet.presets.list()).map(({ name, ...preset }) => presetView(name, preset, show)) }),
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
    answers: { 200: schemas.writtenPreset, 201: schemas.writtenPreset },
    problems: { 409: lossProblem },
    run: async ({ params: { name = '' }, query, body }, { fleet, caller, show, edit }) => {
      const stored = await fleet.presets.find(name);
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
    run: async (input, { fleet, caller, edit }) => {
      const name = param(input, 'name');
      assertSetsPreset(caller, await fleet.presets.get(name));
      if (!input.query.force) await fleet.guard.withoutPreset(name);
      await fleet.presets.remove(name, edit);
      return none;
    },
  },
  {
    name: 'dryRunPreset',
    summary: 'Reports which devices would change, and how, with the given preset; without a body, with the stored one',
    method: 'POST',
    path: '/presets/:name/dry-run',
    role: 'viewer',
    scope: 'fleet',
    parameters: 'shows-any',
    query: schemas.dryRunQuery,
    body: { json: schemas.presetInput, optional: true },
    answers: { 200: schemas.dryRun },
    problems: { 404: 'No such preset, and no body was given' },
    run: async ({ params: { name = '' }, query, body }, { fleet, show }) => {
      const stored = body ? await fleet.presets.find(name) : await fleet.presets.get(name);
      const preset = body ? keepPresetSecrets(fleet.secrets, body as Preset, stored) : undefined;
      return ok(dryRunView(await fleet.dryRuns.run(name, preset, Number(query.limit ?? 50)), show));
    },
  },
];
