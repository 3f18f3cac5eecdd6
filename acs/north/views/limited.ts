// Views for callers that may read only some parameters: paths out of their rights are left out, with all that tells their values.
import type { Caller } from '../../fleet/access/caller.ts';
import type { Secrets } from '../../fleet/common/secrets.ts';

/** A view is for a caller, and masks secrets. */
export interface Shown {
  secrets: Secrets;
  caller: Pick<Caller, 'readsAll' | 'mayRead'>;
}

export const HIDDEN = 'it concerns a parameter that you may not read';

interface AnyFault {
  cause: string;
  message: string;
  parameter?: string;
}

/** The fault without texts that may tell of a parameter: only where it names one that may be read they stay. */
export function limitedFault<T extends AnyFault>(fault: T, { readsAll, mayRead }: Shown['caller']): T {
  if (readsAll) return fault;
  const { cause } = fault;
  const named = /^(?:override|fight):(.+)$/.exec(cause)?.[1];
  const path = fault.parameter ?? named;
  if (path !== undefined && mayRead(path)) return fault;
  const { parameter: _parameter, ...rest } = fault;
  const hidden = named === undefined ? cause : cause.slice(0, cause.indexOf(':') + 1);
  return { ...rest, cause: hidden, message: HIDDEN } as T;
}

/** The reason of a device in a job or a rollout: texts of devices and of refusals may tell values of parameters. */
export const limitedReason = (reason: string, { readsAll }: Pick<Shown['caller'], 'readsAll'>): string =>
  readsAll ? reason : HIDDEN;

/** The entries of a record whose paths may be read. */
export const limitedRecord = <T>(
  record: Record<string, T>,
  { readsAll, mayRead }: Shown['caller'],
): Record<string, T> =>
  readsAll ? record : Object.fromEntries(Object.entries(record).filter(([path]) => mayRead(path)));

/** Arguments or results of an RPC without entries that name parameters out of the rights. */
export function limitedValues(
  values: Record<string, unknown>,
  { readsAll, mayRead }: Shown['caller'],
): Record<string, unknown> {
  if (readsAll) return values;
  const isShown = (entry: unknown): boolean => {
    if (typeof entry === 'string') return !entry.includes('.') || mayRead(entry);
    const name = (entry as { Name?: unknown } | null)?.Name;
    return typeof name !== 'string' || mayRead(name);
  };
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, Array.isArray(value) ? value.filter(isShown) : value]),
  );
}

/** The fault of a task without parameters out of the rights. */
export function limitedTaskFault<T extends { message: string; parameters?: { name: string }[] }>(
  fault: T,
  { readsAll, mayRead }: Shown['caller'],
): T {
  if (readsAll) return fault;
  const named = fault.parameters?.filter(({ name }) => mayRead(name));
  return { ...fault, message: HIDDEN, ...(named ? { parameters: named } : {}) };
}

/** An event of a device's history; undefined where it tells of a parameter out of the rights. */
export function limitedEvent<T extends { type: string; data: Record<string, unknown> }>(
  event: T,
  caller: Shown['caller'],
): T | undefined {
  if (caller.readsAll) return event;
  const { path, cause, fault } = event.data;
  if (typeof path === 'string' && !caller.mayRead(path)) return undefined;
  const data = { ...event.data };
  if (typeof cause === 'string') Object.assign(data, limitedFault({ cause, message: '' }, caller));
  if (typeof fault === 'object' && fault !== null)
    data.fault = limitedTaskFault(fault as Parameters<typeof limitedTaskFault>[0], caller);
  return { ...event, data };
}
