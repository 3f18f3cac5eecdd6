// The state of each wanted value: is it so, and if not, what it waits for or what keeps it back.
import type { HeldBack, Wanted, WantedValue } from '../../../api/device/wanted.ts';
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

/** The fault of a value: one that names it, else one that keeps back all of its preset. */
function faultOf({ path, preset }: WantedValue, faults: readonly Fault[]): Fault | undefined {
  const cause = preset === 'override' ? `override:${path}` : `preset:${preset}`;
  return (
    faults.find(fault => fault.parameter === path || fault.cause === `override:${path}`) ??
    faults.find(fault => fault.parameter === undefined && fault.cause === cause)
  );
}

/** Values of blocked presets: the one with the fault, and those that wait with it. */
function heldStates(held: readonly HeldBack[], { presets, set }: Wanted): ValueState[] {
  const won = new Set(set.map(({ path }) => path));
  return held
    .filter(({ path }) => !won.has(path))
    .map(({ path, value, preset, known }) => {
      const fault = presets.find(({ name }) => name === preset)?.blockedBy;
      const isCause = fault?.parameter === undefined || fault.parameter === path;
      return {
        value: { path, value, preset, known, lost: [] },
        state: isCause ? 'fault' : 'waits',
        ...(fault ? { since: fault.first } : {}),
        ...(fault && isCause ? { fault } : {}),
      };
    });
}

/** @param held values of presets that a fault blocks */
export function statesOf(
  wanted: Wanted,
  { faults }: Pick<Device, 'faults'>,
  held: readonly HeldBack[] = [],
): ValueState[] {
  const blocking = wanted.presets.flatMap(({ blockedBy }) => blockedBy ?? []);
  const known = [...faults, ...blocking.filter(({ id }) => !faults.some(fault => fault.id === id))];
  const drifts = new Map(wanted.drift.map(each => [each.path, each]));
  const states = wanted.set.map(value => {
    const drift = drifts.get(value.path);
    const fault = faultOf(value, known);
    const state = stateOf(value, wanted, { isFaulty: fault !== undefined, isFight: drift?.state === 'fight' });
    const since = state === 'same' ? undefined : (fault?.first ?? drift?.since);
    return { value, state, ...(fault ? { fault } : {}), ...(since === undefined ? {} : { since }) };
  });
  return [...heldStates(held, wanted), ...states];
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
