// Suspension: faults suspend presets and overrides. A suspension ends at its retry time, or as soon as an input of the failed attempt changes.

import type { WantedValue } from '../../device/desired-state.ts';
import type { DeviceFault } from '../../device/fault.ts';
import { informValues } from '../../device/inform.ts';
import { overrideAt, overridesAt } from '../../device/override.ts';
import { isWild, wildPattern } from '../../query/wildcard.ts';
import { digestOf } from '../common/fingerprint.ts';
import { type CompiledPreset, filesOf } from './compiled-preset.ts';
import type { MergedRow, MergeInput, Refusal } from './desired.ts';
import { OVERRIDE } from './preset.ts';
import { rolloutInputs } from './rollout-firmware.ts';
import { variableOf } from './variables.ts';

/** The fault that suspends a preset on the device now. */
export function suspendingPresetFault(
  compiled: CompiledPreset,
  row: MergedRow,
  input: MergeInput,
): DeviceFault | undefined {
  if (row.faults.length === 0) return undefined;
  return suspendingFault(row, `preset:${compiled.name}`, input.now, () => presetFingerprint(compiled, row, input));
}

/** The fault of that cause, if it suspends now. @param fingerprint computes the digest of the present inputs */
export function suspendingFault(
  row: MergedRow,
  cause: string,
  now: number,
  fingerprint: () => string,
): DeviceFault | undefined {
  const fault = row.faults.find(open => open.cause === cause && open.retryAt > now);
  return fault && (fault.basis === undefined || fault.basis === fingerprint()) ? fault : undefined;
}

/** The digest of a preset's inputs on a device: with another text, value, file or firmware it is worth another attempt. */
export function presetFingerprint(compiled: CompiledPreset, row: MergedRow, { files, open }: MergeInput): string {
  const { firmware } = compiled.preset;
  const names = filesOf(compiled).map(({ name }) => name);
  return digestOf([
    compiled.tag,
    compiled.variables.map(variable => variableOf(row, variable, open)),
    names.map(name => files.get(name)?.sha256),
    firmware ? row.softwareVersion : '',
  ]);
}

export const overrideFingerprint = ({ value, type }: WantedValue): string => digestOf([value, type]);

/** The cause under which a refusal is kept as a fault, and the digest of the inputs that led to it. */
export function causeOf(
  refusal: Refusal,
  presets: readonly CompiledPreset[],
  row: MergedRow,
  input: MergeInput,
  revision: string,
): { cause: string; basis?: string } {
  if (refusal.preset !== OVERRIDE) {
    const compiled = presets.find(({ name }) => name === refusal.preset);
    return {
      cause: `preset:${refusal.preset}`,
      ...(compiled ? { basis: presetFingerprint(compiled, row, input) } : {}),
    };
  }
  const override = refusal.parameter === undefined ? undefined : overrideOf(row, refusal.parameter, input.now);
  return override
    ? { cause: `override:${refusal.parameter}`, basis: overrideFingerprint(override) }
    : { cause: 'reconcile', basis: revision };
}

function overrideOf({ overrides }: MergedRow, path: string, now: number): WantedValue | undefined {
  const override = overrides[path];
  return override && overrideAt(override, now);
}

/** The causes of faults that suspend nothing any more, whether their retry time has come or not. */
export const staleCauses = (presets: readonly CompiledPreset[], row: MergedRow, input: MergeInput): string[] =>
  row.faults
    .filter(({ cause }) => /^(preset|override):/.test(cause) && !isSuspended(cause, presets, row, input))
    .map(({ cause }) => cause);

function isSuspended(cause: string, presets: readonly CompiledPreset[], row: MergedRow, input: MergeInput): boolean {
  const name = cause.slice(cause.indexOf(':') + 1);
  if (cause.startsWith('override:')) {
    const override = overrideOf(row, name, input.now);
    return (
      override !== undefined &&
      suspendingFault(row, cause, input.now, () => overrideFingerprint(override)) !== undefined
    );
  }
  const compiled = presets.find(entry => entry.name === name);
  if (!compiled?.fits(row, input.now)) return false;
  return suspendingPresetFault(compiled, row, input) !== undefined;
}

/** The digest of all inputs of the merge that can change on a device. */
export function mergeFingerprint(presets: readonly CompiledPreset[], row: MergedRow, input: MergeInput): string {
  const paths = [...new Set(presets.flatMap(preset => preset.paths))].sort();
  const values = paths.length > 0 ? informValues(row) : {};
  return digestOf([
    row.manufacturer,
    row.softwareVersion,
    row.hardwareVersion,
    row.provisioningCode,
    presets.some(preset => preset.address) ? row.address : '',
    row.tags,
    row.site,
    overridesAt(row.overrides, input.now),
    paths.map(path => (isWild(path) ? valuesFitting(values, path) : values[path])),
    row.faults.filter(({ cause }) => isSuspended(cause, presets, row, input)).map(({ cause }) => cause),
    ...rolloutInputs(row, input.now),
  ]);
}

/** The values of parameters that a path with `*` fits. */
function valuesFitting(values: Record<string, string>, path: string): [string, string][] {
  const pattern = wildPattern(path);
  return Object.entries(values).filter(([name]) => pattern.test(name));
}
