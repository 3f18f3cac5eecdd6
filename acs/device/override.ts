// Overrides of a device: wanted values of its own, each from now on or from a later time.
import type { WantedValue } from './desired-state.ts';

export interface Override extends WantedValue {
  /** Time before which it does not hold, milliseconds. */
  notBefore?: number;
  /** The override that holds until then; absent: none. */
  earlier?: WantedValue;
}

/** The override as it holds at a time; undefined where it does not hold yet. */
export function overrideAt({ notBefore = 0, earlier, ...wanted }: Override, now: number): WantedValue | undefined {
  return notBefore > now ? earlier : wanted;
}

/** The overrides as they hold at a time: the same object where none begins later or has begun so. */
export function overridesAt(
  overrides: Readonly<Record<string, Override>>,
  now: number,
): Readonly<Record<string, WantedValue>> {
  for (const path in overrides) if (overrides[path]?.notBefore !== undefined) return allAt(overrides, now);
  return overrides;
}

const allAt = (overrides: Readonly<Record<string, Override>>, now: number): Record<string, WantedValue> =>
  Object.fromEntries(
    Object.entries(overrides).flatMap(([path, override]) => {
      const wanted = overrideAt(override, now);
      return wanted ? [[path, wanted] as const] : [];
    }),
  );

/** The overrides after changes; null removes one. One that begins later leaves the one before it in force until then. */
export function changedOverrides(
  before: Readonly<Record<string, Override>>,
  changes: Readonly<Record<string, Override | null>>,
  now: number,
): Record<string, Override> {
  const after: Record<string, Override> = { ...before };
  for (const [path, change] of Object.entries(changes)) {
    if (change === null) delete after[path];
    else after[path] = begun(change, before[path], now);
  }
  return after;
}

function begun(
  { notBefore = 0, earlier: _shown, ...wanted }: Override,
  before: Override | undefined,
  now: number,
): Override {
  if (notBefore <= now) return wanted;
  const earlier = before && overrideAt(before, now);
  return { ...wanted, notBefore, ...(earlier ? { earlier } : {}) };
}
