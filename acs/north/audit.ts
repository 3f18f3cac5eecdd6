// The audit of the API: an entry for each request that could change something, carried out or refused, stored before the answer.
import type { Clock, Random } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import type { CodeOf, UserError } from '../errors.ts';
import type { AuditTrail } from '../fleet/access/audit-trail.ts';
import type { Caller } from '../fleet/access/caller.ts';
import type { Author } from '../fleet/access/principal.ts';
import { isStoreTrouble } from '../store/health.ts';
import type { Change } from './audit-change.ts';
import type { Operation, OperationInput } from './operation.ts';

export interface AuditContext {
  fleet: { audit: AuditTrail };
  clock: Clock;
  random: Random;
  log: Log;
}

/** A call that has ended. */
export interface AuditedCall extends Pick<OperationInput, 'params' | 'body'> {
  caller: Caller;
  address: string;
  status: number;
  error?: UserError | undefined;
  /** The caller, where the call itself has shown it. */
  by?: Author | undefined;
  change?: Change | undefined;
}

const MAX_TARGET = 1024;
const MAX_REASON = 500;
/** Refusals of strangers that are kept in a minute: more would push out what users did. */
const MAX_STRANGERS = 30;
const MINUTE_MS = 60_000;

/** Of the body only the id or name of a new thing is used: the rest may hold secrets. */
function targetOf({ params, body }: Pick<OperationInput, 'params' | 'body'>): string {
  const named = params.id ?? params.name;
  if (named !== undefined) return named;
  const { id, name } = (typeof body === 'object' && body !== null ? body : {}) as { id?: unknown; name?: unknown };
  return String([id, name].find(text => typeof text === 'string') ?? '');
}

/** Texts of refusals that say what the rights or the state forbid. Those of wrong input may repeat a secret. */
const reasoned: ReadonlySet<number> = new Set([401, 403, 404, 409, 429]);

/** Codes of wrong input whose texts repeat names, paths, times and filters, and never a secret. */
const reasonedInput: ReadonlySet<string> = new Set<CodeOf<400>>([
  'bad-cursor',
  'bad-device-id',
  'bad-duration',
  'bad-event',
  'bad-filter',
  'bad-name',
  'bad-path',
  'bad-sort',
  'bad-span',
  'bad-time',
  'bad-window',
  'empty-csv',
  'file-not-allowed',
  'half-credentials',
  'id-missing',
  'masked-secret',
  'no-session',
  'no-such-operation',
  'no-such-role',
  'no-such-webhook',
  'passing-rule',
  'too-many-parameters',
  'unknown-suite',
  'unknown-time-zone',
  'wrong-file-type',
]);

const hasReason = ({ status, code }: UserError): boolean =>
  reasoned.has(status) || (status === 400 && reasonedInput.has(code));

const plain = (text: string, most: number): string => text.replaceAll('\0', '').slice(0, most);

export class Audit {
  readonly #context: AuditContext;
  #strangers = { minute: 0, count: 0, suppressed: 0 };

  constructor(context: AuditContext) {
    this.#context = context;
  }

  async note(operation: Operation, call: AuditedCall): Promise<void> {
    if (operation.method === 'GET' && !operation.isAudited) return;
    const { principal } = call.caller;
    const isRefusedStranger = principal.kind === 'stranger' && call.status >= 400;
    if (isRefusedStranger && !this.#mayKeep()) return;
    const { clock, random, log, fleet } = this.#context;
    const { status, error, change, by = principal } = call;
    const entry = {
      id: random.bytes(10).toString('hex'),
      time: clock.now(),
      who: by.name,
      kind: by.kind,
      from: call.address,
      what: operation.name,
      target: plain(targetOf(call), MAX_TARGET),
      status,
      ...(error ? { code: error.code } : {}),
      ...(error && hasReason(error) ? { reason: plain(error.message, MAX_REASON) } : {}),
      ...change,
      ...this.#takeSuppressed(),
    };
    try {
      await fleet.audit.append(entry);
    } catch (failure) {
      // The operation is done and must be answered, so the entry goes to the log instead. For a request that the failing disk refused too, debug is enough.
      const cause = isStoreTrouble(failure) ? { reason: failure.message } : { error: failure };
      log[isStoreTrouble(failure) && status >= 400 ? 'debug' : 'warn']('audit entry not stored', {
        ...entry,
        ...cause,
      });
    }
  }

  #mayKeep(): boolean {
    const minute = Math.floor(this.#context.clock.now() / MINUTE_MS);
    if (this.#strangers.minute !== minute) this.#strangers = { ...this.#strangers, minute, count: 0 };
    const isFree = this.#strangers.count < MAX_STRANGERS;
    if (isFree) this.#strangers.count++;
    else this.#strangers.suppressed++;
    return isFree;
  }

  #takeSuppressed(): { suppressed?: number } {
    const { suppressed } = this.#strangers;
    this.#strangers.suppressed = 0;
    return suppressed > 0 ? { suppressed } : {};
  }
}
