// The end of a session that the device left while an RPC was open: which task or cause is charged with it.
import type { DeviceOperations } from '../../device/operation-types.ts';
import { type Backoff, retryAt } from '../common/backoff.ts';
import type { FleetContext } from '../common/context.ts';
import { type Cpe, SessionLost } from '../common/ports.ts';
import type { SessionState } from '../common/session-state.ts';
import type { ReconcileParts } from '../reconcile/reconciliation.ts';
import type { DeviceSession } from './device-session.ts';

const BACKOFF: Backoff = { firstMs: 600_000, lastMs: 24 * 3_600_000 };

type LostCall = NonNullable<DeviceOperations['sessionLost']['args']['call']>;

/** Wraps a CPE: the session knows which RPC is open. */
export function noted(cpe: Cpe, session: Pick<SessionState, 'open'>): Cpe {
  return {
    call: async (method, args) => {
      session.open = method;
      const result = await cpe.call(method, args).catch((error: unknown) => {
        if (!(error instanceof SessionLost)) delete session.open;
        throw error;
      });
      delete session.open;
      return result;
    },
  };
}

/** Frees the device, counts the lost session, and announces what it has ended. */
export async function endLost(
  context: FleetContext,
  parts: Pick<ReconcileParts, 'wantedStates'>,
  session: DeviceSession,
  error: string,
): Promise<void> {
  const { store, clock, events } = context;
  const call = await lostCall(context, parts, session);
  const lost = { token: session.token, now: clock.now(), error, ...(call ? { call } : {}) };
  const { ended, faults } = await store.apply(session.id, 'sessionLost', lost);
  for (const task of ended) events.emit('task', { task });
  for (const fault of faults) events.emit('fault', { fault });
}

async function lostCall(
  context: FleetContext,
  { wantedStates }: Pick<ReconcileParts, 'wantedStates'>,
  { open: method, purpose, row }: DeviceSession,
): Promise<LostCall | undefined> {
  if (method === undefined || purpose === undefined) return undefined;
  if ('task' in purpose) return { method, task: purpose.task };
  if ('cause' in purpose) return { method, causes: [{ cause: purpose.cause, ...waitOf(context, row, purpose.cause) }] };
  const causes: NonNullable<LostCall['causes']>[number][] = [];
  for (const preset of purpose.presets) {
    const refusal = { preset, code: 'unanswered', message: '' };
    const { cause, basis } = await wantedStates.causeOf(refusal, row, purpose.revision);
    causes.push({ cause, ...(basis === undefined ? {} : { basis }), ...waitOf(context, row, cause, basis) });
  }
  return { method, causes };
}

function waitOf(context: FleetContext, { faults }: DeviceSession['row'], cause: string, basis?: string) {
  const before = faults.find(fault => fault.cause === cause && fault.basis === basis);
  return { retryAt: retryAt(context, BACKOFF, before?.count ?? 0) };
}
