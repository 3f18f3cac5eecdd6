// Steps that need no session and write no input: approval, hold, connection request, removal. They are the same when done twice.
import { UserError } from '../../../errors.ts';
import type { StepOutcome } from '../step.ts';
import type { StepKind } from '../step-kind.ts';

/** Milliseconds between two looks at a connection request; its end is noticed as it happens. */
const LOOK_MS = 60_000;

export const done: StepOutcome = { state: 'done' };

/** A refusal is the outcome of this device alone. @throws what is no refusal */
export async function refusable(work: () => Promise<StepOutcome>): Promise<StepOutcome> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UserError) || error.status >= 500) throw error;
    return { state: 'failed', code: error.code, reason: error.message };
  }
}

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

/** Only an enrolled device can be held back. */
export const hold: StepKind<'hold'> = {
  operation: { name: 'approveDevice', isRead: false },
  isRemote: false,
  check: async step => step,
  wayBack: async (_step, { state }) => (state === 'enrolled' ? [{ approve: true }] : []),
  carryOut: async (_step, { job, position: { device } }, { store, clock, events }) => {
    const detail = `held back by job '${job.id}': approve it to manage it again`;
    return await refusable(async () => {
      if (await store.apply(device, 'heldBack', { detail, now: clock.now() }))
        events.emit('held', { device, reason: 'operator', detail });
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

/** A job whose one step it is becomes a rollout; there is none beside other steps. */
export const firmware: StepKind<'firmware'> = {
  operation: { name: 'createRollout', isRead: false },
  isRemote: true,
  check: async () => {
    throw new UserError(400, 'bad-job', 'do: firmware is a job of its own, without other steps');
  },
  carryOut: async () => ({ state: 'failed', code: 'bad-job', reason: 'firmware is installed by rollouts' }),
};
