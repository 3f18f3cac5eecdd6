// The state of each wanted value: is it so, and if not, what it waits for or what keeps it back.
import type { Wanted, WantedValue } from '../../../api/device/wanted.ts';
import type { Device, Fault } from '../../../api/shapes.ts';

export type StateName = 'same' | 'waits' | 'waitsRestart' | 'fault' | 'notReadable' | 'neverRead' | 'fight';

export interface ValueState {
  value: WantedValue;
  state: StateName;
  fault?: Fault;
  /** The begin of the deviation, as far as it is known. */
  since?: string;
}

const MASK = '***';
const isSecret = (path: string): boolean => /(?:Password|Passphrase|Secret|PreSharedKey)$/.test(path);
/** A boolean has two spellings. */
const plain = (value: string): string => (value === 'true' ? '1' : value === 'false' ? '0' : value);

const presetOf = (cause: string): string | undefined =>
  cause.startsWith('preset:') ? cause.slice('preset:'.length) : undefined;

/** The fault of a value: one that names it, else one that keeps back all of its preset. */
function faultOf({ path, preset }: WantedValue, faults: readonly Fault[]): Fault | undefined {
  const cause = preset === 'override' ? `override:${path}` : `preset:${preset}`;
  return (
    faults.find(fault => fault.parameter === path || fault.cause === `override:${path}`) ??
    faults.find(fault => fault.parameter === undefined && fault.cause === cause)
  );
}

export function statesOf(wanted: Wanted, { faults }: Pick<Device, 'faults'>): ValueState[] {
  const blocking = wanted.presets.flatMap(({ blockedBy }) => blockedBy ?? []);
  const known = [...faults, ...blocking.filter(({ id }) => !faults.some(fault => fault.id === id))];
  const drifts = new Map(wanted.drift.map(each => [each.path, each]));
  return wanted.set.map(value => {
    const drift = drifts.get(value.path);
    const fault = faultOf(value, known);
    const state = stateOf(value, wanted, { isFaulty: fault !== undefined, isFight: drift?.state === 'fight' });
    const since = state === 'same' ? undefined : (fault?.first ?? drift?.since);
    return { value, state, ...(fault ? { fault } : {}), ...(since === undefined ? {} : { since }) };
  });
}

function stateOf(
  { path, value, known }: WantedValue,
  { restart, revision, reported }: Wanted,
  { isFaulty, isFight }: { isFaulty: boolean; isFight: boolean },
): StateName {
  if (isFight) return 'fight';
  if (known !== null && plain(known) === plain(value) && value !== MASK) return 'same';
  if (isFaulty) return 'fault';
  // A secret reads back as nothing, or masked: the reported revision alone tells that it was set.
  if (value === MASK || (isSecret(path) && (known === null || known === ''))) return 'notReadable';
  if (known === null) return 'neverRead';
  return restart.pending !== null && revision === reported ? 'waitsRestart' : 'waits';
}

export const isDifferent = ({ state }: ValueState): boolean => state !== 'same' && state !== 'notReadable';
export const isContested = ({ value }: ValueState): boolean => value.lost.length > 0;

/** The values that a preset has won. */
export const countOf = ({ set }: Pick<Wanted, 'set'>, preset: string): number =>
  set.filter(each => each.preset === preset).length;

export const presetOfFault = ({ cause }: Fault): string | undefined => presetOf(cause);
