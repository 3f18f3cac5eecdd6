// Steps that change what operators write of a device: they need no session, and are the same when done twice.
import { UserError } from '../../../errors.ts';
import type { Caller } from '../../access/caller.ts';
import { openedText, sealedText } from '../../common/secrets.ts';
import { type DeviceInput, withInput } from '../../devices/device-input.ts';
import { trialTag } from '../../presets/compiled-preset.ts';
import { assertSetsPreset, assertTrials } from '../../presets/preset-rights.ts';
import type { JobContext } from '../context.ts';
import type { StepOutcome } from '../step.ts';
import type { StepKind, StepWork } from '../step-kind.ts';
import { done, refusable } from './device-steps.ts';
import { changedTexts, overridesBefore } from './task-steps.ts';

/** Changes the device as `PATCH /devices/{id}` does, with its guard and the rights of the author. */
async function patch(input: DeviceInput, { caller, position }: StepWork, context: JobContext): Promise<StepOutcome> {
  const { devices, guard } = context;
  return await refusable(async () => {
    await devices.patch(position.device, input, async () => {
      if (caller.isScoped) await assertStays(caller, input, position.device, context);
      await guard.device(position.device, input);
    });
    return done;
  });
}

async function assertStays(caller: Caller, input: DeviceInput, id: string, { devices }: JobContext): Promise<void> {
  await caller.assertKeeps(withInput(await devices.row(id), input));
}

const patching = { name: 'patchDevice', isRead: false };

export const tags: StepKind<'tags'> = {
  operation: patching,
  isRemote: false,
  check: async step => {
    const { add = [], remove = [] } = step.tags;
    if (add.length + remove.length === 0) throw new UserError(400, 'bad-job', 'tags: neither adds nor removes one');
    return step;
  },
  assert: async ({ tags: { add = [] } }, caller, { presets }) => await assertTrials(caller, { tags: add }, presets),
  wayBack: async ({ tags: { add = [], remove = [] } }, row) => {
    const added = add.filter(tag => !row.tags.includes(tag));
    const removed = remove.filter(tag => row.tags.includes(tag));
    return added.length + removed.length === 0 ? [] : [{ tags: { add: removed, remove: added } }];
  },
  carryOut: async ({ tags: { add = [], remove = [] } }, work, context) =>
    await patch({ tags: { add, remove } }, work, context),
};

export const site: StepKind<'site'> = {
  operation: patching,
  isRemote: false,
  check: async ({ site: fields }, { secrets }) => ({
    site: changedTexts(fields, (name, text) => sealedText(secrets, name, text)),
  }),
  wayBack: async ({ site: fields }, row) => [
    { site: Object.fromEntries(Object.keys(fields).map(name => [name, row.site[name] ?? null])) },
  ],
  carryOut: async ({ site: fields }, work, context) =>
    await patch({ site: changedTexts(fields, (_name, text) => openedText(context.secrets, text)) }, work, context),
};

export const overrides: StepKind<'overrides'> = {
  operation: patching,
  isRemote: false,
  check: async ({ overrides: values }, { secrets }) => ({
    overrides: changedTexts(values, (path, text) => sealedText(secrets, path, text)),
  }),
  assert: async ({ overrides: values }, caller) => caller.assertSets(Object.keys(values)),
  wayBack: async ({ overrides: values }, row) => [{ overrides: overridesBefore(Object.keys(values), row.overrides) }],
  carryOut: async ({ overrides: values }, work, context) => {
    const opened = changedTexts(values, (_path, text) => openedText(context.secrets, text));
    return await patch({ overrides: opened }, work, context);
  },
};

/** A preset counts for devices with its tag, as if its filter fitted them. */
export const preset: StepKind<'preset'> = {
  operation: patching,
  isRemote: false,
  check: async (step, { presets }) => {
    await presets.get(step.preset);
    return step;
  },
  assert: async ({ preset: name }, caller, { presets }) => {
    const found = await presets.find(name);
    if (found) assertSetsPreset(caller, found);
  },
  wayBack: async ({ preset: name }, row) =>
    row.tags.includes(trialTag(name)) ? [] : [{ tags: { remove: [trialTag(name)] } }],
  carryOut: async ({ preset: name }, work, context) => {
    const outcome = await patch({ tags: { add: [trialTag(name)] } }, work, context);
    await context.sessions.notice(work.position.device);
    return outcome;
  },
};
