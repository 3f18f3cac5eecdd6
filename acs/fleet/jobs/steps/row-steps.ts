// Steps that change what the ACS holds of a device, and the connection request: they need no session, and are the same when done twice.
import { UserError } from '../../../errors.ts';
import type { Caller } from '../../access/caller.ts';
import { openedText, sealedText } from '../../common/secrets.ts';
import { type DeviceInput, withInput } from '../../devices/device-input.ts';
import type { JobContext } from '../context.ts';
import type { StepOutcome } from '../step.ts';
import type { StepKind, StepWork } from '../step-kind.ts';
import { overridesBefore, sealedValues } from './task-steps.ts';

/** Milliseconds between two looks at a connection request; its end is noticed as it happens. */
const LOOK_MS = 60_000;

const done: StepOutcome = { state: 'done' };

/** A refusal is the outcome of this device alone. @throws what is no refusal */
async function refusable(work: () => Promise<StepOutcome>): Promise<StepOutcome> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UserError) || error.status >= 500) throw error;
    return { state: 'failed', code: error.code, reason: error.message };
  }
}

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
    site: sealedValues(fields, (name, text) => sealedText(secrets, name, text)),
  }),
  wayBack: async ({ site: fields }, row) => [
    { site: Object.fromEntries(Object.keys(fields).map(name => [name, row.site[name] ?? null])) },
  ],
  carryOut: async ({ site: fields }, work, context) =>
    await patch({ site: sealedValues(fields, (_name, text) => openedText(context.secrets, text)) }, work, context),
};

export const overrides: StepKind<'overrides'> = {
  operation: patching,
  isRemote: false,
  check: async ({ overrides: values }, { secrets }) => ({
    overrides: sealedValues(values, (path, text) => sealedText(secrets, path, text)),
  }),
  assert: async ({ overrides: values }, caller) => caller.assertSets(Object.keys(values)),
  wayBack: async ({ overrides: values }, row) => [{ overrides: overridesBefore(Object.keys(values), row.overrides) }],
  carryOut: async ({ overrides: values }, work, context) => {
    const opened = sealedValues(values, (_path, text) => openedText(context.secrets, text));
    return await patch({ overrides: opened }, work, context);
  },
};

export const approve: StepKind<'approve'> = {
  operation: { name: 'approveDevice', isRead: false },
  isRemote: false,
  check: async step => step,
  carryOut: async (_step, { position }, { store, approvals }) => {
    const row = await store.device(position.device);
    if (row?.state === 'enrolled') return done;
    return await refusable(async () => {
      await approvals.approve(position.device);
      return done;
    });
  },
};

export const forget: StepKind<'forget'> = {
  operation: { name: 'deleteDevice', isRead: false },
  isRemote: false,
  check: async step => step,
  carryOut: async (_step, { position }, { store, events }) => {
    if (await store.apply(position.device, 'removed', {})) events.emit('removed', { device: position.device });
    return done;
  },
};

export const connectionRequest: StepKind<'connectionRequest'> = {
  operation: { name: 'connectionRequest', isRead: false },
  isRemote: false,
  check: async step => step,
  carryOut: async (_step, { position }, { store, ports, clock, background }) => {
    const row = await store.device(position.device);
    if (!row) return { state: 'failed', code: 'no-such-device', reason: 'the device was removed' };
    const request = async (signal: AbortSignal): Promise<StepOutcome> => {
      const outcome = await ports.sendConnectionRequest(row, signal);
      return outcome.accepted ? done : { state: 'failed', code: 'not-woken', reason: outcome.reason };
    };
    return background.take(position, request) ?? { state: 'waiting', due: clock.now() + LOOK_MS };
  },
};
