// The wanted state of a device by the presets before and after a change, each merged once for all devices with equal inputs.
import type { DeviceRow } from '../../device/row.ts';
import type { CompiledPreset } from '../presets/compiled-preset.ts';
import { type MergeInput, mergedFields } from '../presets/desired.ts';
import {
  applicablePresets,
  type Gathered,
  gatherWanted,
  isNothing,
  isSame,
  type ResolvedPreset,
  resolvePreset,
  revisionOf,
} from '../presets/merge.ts';
import { rolloutInputs } from '../presets/rollout-firmware.ts';
import { variableOf } from '../presets/variables.ts';
import { preflightFields } from './run.ts';
import { tlsParts, type WantedTls } from './tls-settings.ts';

export const surveyedFields = [...mergedFields, ...preflightFields] as const;
export type SurveyedRow = Pick<DeviceRow, (typeof surveyedFields)[number]>;

/** A change of presets or files, as it is tried on each device. */
export interface PresetChange {
  /** The preset that changes; '' where none does. */
  name: string;
  /** All presets before and after the change, the lightest first. */
  before: readonly CompiledPreset[];
  after: readonly CompiledPreset[];
  input: MergeInput;
  /** The input of `after`, where it is another one. */
  inputAfter?: MergeInput;
}

/** A device's wanted state by one of the two sets of presets. */
export interface MergeOutcome {
  wanted: Gathered;
  /** Computed on first use: the digest is expensive and rarely needed. */
  revision(): string;
  /** The part that TLS depends on: the same object for equal parts. */
  tls: WantedTls;
  /** The presets that are merged, the lightest first. */
  applying: readonly CompiledPreset[];
}

export interface MergeOutcomes {
  before: MergeOutcome;
  after: MergeOutcome;
}

export interface Comparison {
  /** The changed preset fits the device. */
  fits: boolean;
  /** Undefined where each preset that applies is the same before and after, so that the device does not change. */
  outcomes?: MergeOutcomes;
}

const MAX_KNOWN_OUTCOMES = 5000;

/** Makes the comparison of one change for many devices. */
export function comparisonOf(change: PresetChange): (row: SurveyedRow) => Comparison {
  const { name, before, after, input, inputAfter = input } = change;
  const differing = [...before, ...after].filter(preset => before.includes(preset) !== after.includes(preset));
  const common = before.filter(preset => after.includes(preset));
  const changed = [...after, ...before].find(preset => preset.name === name);
  const tlsPart = tlsParts();
  const outcomeBefore = outcomesOf(before, input, tlsPart);
  const outcomeAfter = outcomesOf(after, inputAfter, tlsPart);
  return row => {
    const applying = applicablePresets(differing, row, input);
    const applies = changed !== undefined && applying.includes(changed);
    const fits = applies || (row.faults.length > 0 && (changed?.fits(row, input.now) ?? false));
    if (applying.length === 0 && inputAfter === input) return { fits };
    const chosen = [...applying, ...applicablePresets(common, row, input)];
    const chosenAfter = inputAfter === input ? chosen : applicablePresets(after, row, inputAfter);
    return {
      fits,
      outcomes: { before: outcomeBefore(new Set(chosen), row), after: outcomeAfter(new Set(chosenAfter), row) },
    };
  };
}

export const changes = (row: SurveyedRow, outcomes: MergeOutcomes): boolean =>
  !isSame(outcomes.before.wanted, outcomes.after.wanted) && !holdsAlready(row, outcomes);

/** Tells whether the device has all of `after` already. It may, where the preset as stored is tried. */
export const holdsAlready = (row: SurveyedRow, { before, after }: MergeOutcomes): boolean =>
  !holdsOutcome(row, before) && holdsOutcome(row, after);

/** Tells whether the device has taken all that is wanted. */
export const holdsOutcome = ({ parameterKey }: SurveyedRow, { wanted, revision }: MergeOutcome): boolean =>
  (parameterKey === '') === isNothing(wanted) && parameterKey === revision();

/** Merges each set of inputs once: the presets that apply, the values of their variables, and the device's own values. */
function outcomesOf(
  presets: readonly CompiledPreset[],
  input: MergeInput,
  tlsPart: (wanted: WantedTls) => WantedTls,
): (chosen: ReadonlySet<CompiledPreset>, row: SurveyedRow) => MergeOutcome {
  const resolved = new Map<CompiledPreset, ResolvedPreset>();
  const resolve: typeof resolvePreset = (preset, row, its) => {
    const found = resolved.get(preset) ?? resolvePreset(preset, row, its);
    if (preset.variables.length === 0 && !preset.isByMaker) resolved.set(preset, found);
    return found;
  };
  const indexes = new Map(presets.map((preset, index) => [preset, index]));
  const known = new Map<string, MergeOutcome>();
  return (chosen, row) => {
    const applying = presets.filter(preset => chosen.has(preset));
    const key = inputsKey(applying, indexes, row, input);
    const found = key === undefined ? undefined : known.get(key);
    if (found) return found;
    const wanted = gatherWanted(applying, row, input, { resolve });
    let digest: string | undefined;
    const revision = (): string => {
      digest ??= revisionOf(wanted, input.key);
      return digest;
    };
    const outcome = { wanted, revision, tls: tlsPart(wanted), applying };
    if (known.size >= MAX_KNOWN_OUTCOMES) known.clear();
    if (key !== undefined) known.set(key, outcome);
    return outcome;
  };
}

/** Variables whose values differ on any two devices. */
const unique: ReadonlySet<string> = new Set(['id', 'serialNumber']);

/** Undefined where no other device can have equal inputs, and for a device with faults, which may suspend an override of its own. */
function inputsKey(
  applying: readonly CompiledPreset[],
  indexes: ReadonlyMap<CompiledPreset, number>,
  row: SurveyedRow,
  input: MergeInput,
): string | undefined {
  if (row.faults.length > 0) return undefined;
  if (applying.some(({ variables }) => variables.some(variable => unique.has(variable)))) return undefined;
  return JSON.stringify([
    applying.map(preset => indexes.get(preset)),
    applying.flatMap(preset => preset.variables.map(variable => variableOf(row, variable, input.open) ?? null)),
    applying.some(({ isByMaker }) => isByMaker) && input.isDgw(row),
    row.overrides,
    ...rolloutInputs(row, input.now),
  ]);
}
