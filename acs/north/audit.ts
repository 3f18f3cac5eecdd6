// The audit of the API: an entry for each request that could change something, carried out or refused, stored before the answer.
import type { Clock, Random } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import type { Caller } from '../fleet/access/caller.ts';
import { isStoreTrouble } from '../store/health.ts';
import type { Store } from '../store/store.ts';
import type { Operation, OperationInput } from './operation.ts';

export interface AuditContext {
  store: Store;
  clock: Clock;
  random: Random;
  log: Log;
}

const MAX_TARGET = 1024;

/** Of the body only the id or name of a new thing is used: the rest may hold secrets. */
function targetOf({ params, body }: Pick<OperationInput, 'params' | 'body'>): string {
  const named = params.id ?? params.name;
  if (named !== undefined) return named;
  const { id, name } = (typeof body === 'object' && body !== null ? body : {}) as { id?: unknown; name?: unknown };
  return [id, name].find(text => typeof text === 'string') ?? '';
}

export async function audit(
  operation: Operation,
  call: { caller: Caller; status: number } & Pick<OperationInput, 'params' | 'body'>,
  { store, clock, random, log }: AuditContext,
): Promise<void> {
  if (operation.method === 'GET') return;
  const entry = {
    id: random.bytes(10).toString('hex'),
    time: clock.now(),
    who: call.caller.principal.name,
    what: operation.name,
    target: targetOf(call).replaceAll('\0', '').slice(0, MAX_TARGET),
    status: call.status,
  };
  try {
    await store.appendAudit(entry);
  } catch (error) {
    // The operation is done and must be answered, so the entry goes to the log instead. For a request that the failing disk refused too, debug is enough.
    const failure = isStoreTrouble(error) ? { reason: error.message } : { error };
    log[isStoreTrouble(error) && call.status >= 400 ? 'debug' : 'warn']('audit entry not stored', {
      ...entry,
      ...failure,
    });
  }
}
