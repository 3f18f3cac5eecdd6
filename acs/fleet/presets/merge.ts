// The wanted state of one device: the merge of the presets that fit it, its own overrides, and its rollout. Pure, so that dry runs can
// use it as well as sessions, in which reconcile.ts carries it out.

import { createHmac } from 'node:crypto';
import { checkValue } from '../../../shared/model/values.ts';
import { overridesAt } from '../../device/override.ts';
import type { DeviceRow } from '../../device/row.ts';
import {
  type CompiledPreset,
  type CompiledTable,
  type CompiledValue,
  filesOf,
  wantedFileKey,
} from './compiled-preset.ts';
import type {
  MergedRow,
  MergeInput,
  OnLost,
  Refusal,
  Wanted,
  WantedFile,
  WantedParameter,
  WantedTable,
} from './desired.ts';
import { auditMsOf, OVERRIDE } from './preset.ts';
import { filesUnderRollout } from './rollout-firmware.ts';
import { overrideFingerprint, suspendingFault, suspendingPresetFault } from './suspension.ts';
import { substitute, variableOf } from './variables.ts';

/** Merges the presets that apply to the device. @param presets the lightest first */
export const wantedState = (
  presets: readonly CompiledPreset[],
  row: MergedRow,
  input: MergeInput,
  onLost?: OnLost,
): Wanted => mergePresets(applicablePresets(presets, row, input), row, input, onLost);

/** Merges presets that were chosen already. @param applying the presets that apply to the device, the lightest first */
export function mergePresets(
  applying: readonly CompiledPreset[],
  row: MergedRow,
  input: MergeInput,
  onLost?: OnLost,
): Wanted {
  const found = gatherWanted(applying, row, input, { onLost });
  const wanted: Wanted = {
    ...found,
    revision: revisionOf(found, input.key),
    reporting: new Set(applying.filter(({ preset }) => preset.drift === 'report').map(({ name }) => name)),
    moves: new Map(applying.flatMap(({ name, preset }) => (preset.acsMove ? [[name, preset.acsMove] as const] : []))),
    tags: new Map(applying.map(({ name, tag }) => [name, tag])),
  };
  const audits = applying.flatMap(({ preset }) => auditMsOf(preset.audit ?? '') ?? []);
  if (audits.length) wanted.auditMs = Math.min(...audits);
  return wanted;
}

/** The part of a wanted state that makes its revision, and the refused presets. */
export type Gathered = Pick<Wanted, 'set' | 'objects' | 'files' | 'restart' | 'refused' | 'adopted'>;

/**
 * Gathers what presets, overrides and the rollout want of a device, without the revision.
 * @param resolve resolves a preset for the device; callers that keep results pass their own
 */
export function gatherWanted(
  applying: readonly CompiledPreset[],
  row: MergedRow,
  input: MergeInput,
  { onLost, resolve = resolvePreset }: { onLost?: OnLost | undefined; resolve?: typeof resolvePreset } = {},
): Gathered {
  const set: Wanted['set'] = new Map();
  const objects = new Map<string, WantedTable>();
  const files = new Map<string, WantedFile>();
  const refused: Refusal[] = [];
  let restart: Wanted['restart'] = { wish: 'never' };
  for (const compiled of applying) {
    const resolved = resolve(compiled, row, input);
    if ('refusal' in resolved) {
      refused.push(resolved.refusal);
      continue;
    }
    put(set, resolved.set, 'set', onLost);
    put(objects, resolved.objects, 'objects', onLost);
    put(files, resolved.files, 'files', onLost);
    const { name, preset } = compiled;
    if (!preset.restart) continue;
    if (restart.preset !== undefined) onLost?.({ kind: 'restart', name: '', preset: restart.preset });
    restart = { wish: preset.restart, preset: name };
  }
  put(set, overridesOf(row, input), 'set', onLost);
  const underRollout = filesUnderRollout(inOrder(files.values()), row, input, onLost);
  return { set, objects: [...objects.values()], ...underRollout, restart, refused };
}

function put<T extends { preset: string; value?: string; secret?: boolean }>(
  into: Map<string, T>,
  entries: Iterable<readonly [string, T]>,
  kind: Parameters<OnLost>[0]['kind'],
  onLost: OnLost | undefined,
): void {
  for (const [name, entry] of entries) {
    const before = onLost && into.get(name);
    if (before) {
      const { preset, value, secret } = before;
      onLost({ kind, name, preset, ...(value === undefined ? {} : { value }), ...(secret ? { secret } : {}) });
    }
    into.set(name, entry);
  }
}

export const applicablePresets = (
  presets: readonly CompiledPreset[],
  row: MergedRow,
  input: MergeInput,
): CompiledPreset[] =>
  presets.filter(preset => preset.fits(row, input.now) && !suspendingPresetFault(preset, row, input));

/** All that a preset wants of one device, its variables put in. */
interface PresetContent {
  set: (readonly [string, WantedParameter])[];
  objects: (readonly [string, WantedTable])[];
  files: (readonly [string, WantedFile])[];
}

/** A preset for one device: all that it wants, or the reason why it cannot be resolved, so that it wants nothing. */
export type ResolvedPreset = PresetContent | { refusal: Refusal };

/** Resolves a preset for a device. A preset without variables resolves to the same for all devices. */
export function resolvePreset(compiled: CompiledPreset, row: MergedRow, input: MergeInput): ResolvedPreset {
  const { name: preset } = compiled;
  const refusal = (code: string, message: string, parameter?: string): { refusal: Refusal } => ({
    refusal: { preset, code, message: `preset ${preset}, ${message}`, ...(parameter ? { parameter } : {}) },
  });
  if (compiled.broken !== undefined) return refusal('preset-broken', compiled.broken);
  const content: PresetContent = { set: [], objects: [], files: [] };
  for (const entry of compiled.set) {
    const filled = valueFor(entry, row, input);
    if ('problem' in filled) return refusal(filled.code, filled.problem, entry.name);
    const { name, type, secret } = entry;
    content.set.push([name, { value: filled.text, ...(type ? { type } : {}), preset, secret }]);
  }
  for (const entry of compiled.tables) {
    const filled = rowsFor(entry, row, input);
    if ('problem' in filled) return refusal(filled.code, filled.problem, entry.table);
    const { table, keys, exclusive } = entry;
    const secrets = entry.rows.flatMap(cells => cells.filter(({ secret }) => secret).map(({ name }) => name));
    const wanted = { keys, rows: filled.rows, ...(exclusive ? { exclusive } : {}) };
    content.objects.push([table, { table, preset, wanted, secrets: [...new Set(secrets)] }]);
  }
  for (const { kind, name } of filesOf(compiled)) {
    const file = input.files.get(name);
    if (!file) return refusal('no-such-file', `${kind}: there is no file '${name}' any more`);
    content.files.push([wantedFileKey(kind, name), { kind, file, preset }]);
  }
  return content;
}

type Unresolved = { problem: string; code: string };

/** The value of an entry on a device. */
function valueFor(entry: CompiledValue, row: MergedRow, { open, isDgw }: MergeInput): { text: string } | Unresolved {
  const { text, def } = entry.dgw === entry.other || isDgw(row) ? entry.dgw : entry.other;
  if ('plain' in text) return { text: text.plain };
  const filled = substitute(text.template, variable => variableOf(row, variable, open));
  if ('missing' in filled)
    return { problem: `${entry.place}: the device has no ${filled.missing}`, code: 'variable-missing' };
  if (!def) return filled;
  const checked = checkValue(def, filled.text, entry.type);
  if (checked.ok) return { text: checked.value };
  // The message of checkValue quotes the value.
  const why = entry.secret ? 'the value that it would get does not fit' : checked.message;
  return { problem: `${entry.place}: ${why}`, code: 'bad-value' };
}

function rowsFor(
  { rows }: CompiledTable,
  row: MergedRow,
  input: MergeInput,
): { rows: Record<string, string>[] } | Unresolved {
  const filledRows: Record<string, string>[] = [];
  for (const cells of rows) {
    const filled: [string, string][] = [];
    for (const cell of cells) {
      const value = valueFor(cell, row, input);
      if ('problem' in value) return value;
      filled.push([cell.name, value.text]);
    }
    filledRows.push(Object.fromEntries(filled));
  }
  return { rows: filledRows };
}

function* overridesOf(
  row: MergedRow,
  { open, isSecret, now }: MergeInput,
): Generator<readonly [string, WantedParameter]> {
  for (const [path, override] of Object.entries(overridesAt(row.overrides, now))) {
    if (row.faults.length > 0 && suspendingFault(row, `override:${path}`, now, () => overrideFingerprint(override)))
      continue;
    yield [path, { ...override, value: open(override.value), preset: OVERRIDE, secret: isSecret(path) }];
  }
}

/** Certificates come first, then the script, then firmware, because later files may depend on earlier ones. */
function inOrder(files: Iterable<WantedFile>): WantedFile[] {
  const order = ['certificate', 'script', 'firmware'];
  return [...files].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}

/** Tells whether the device has taken the file: firmware by the version that it reports, all others by what it was sent. */
export function isApplied(wanted: WantedFile, row: Pick<DeviceRow, 'softwareVersion' | 'applied'>): boolean {
  if (wanted.kind === 'firmware') return row.softwareVersion === wanted.file.version;
  return row.applied[wanted.file.name] === wanted.file.sha256;
}

export const isNothing = ({ set, objects, files }: Gathered): boolean =>
  set.size === 0 && objects.length === 0 && files.length === 0;

/** Tells whether both have the same revision, at lower cost than to compute it. */
export function isSame(one: Gathered, other: Gathered): boolean {
  if (one.set.size !== other.set.size) return false;
  for (const [path, { value, type }] of one.set) {
    const found = other.set.get(path);
    if (found?.value !== value || found.type !== type) return false;
  }
  return isNothing(one) ? isNothing(other) : JSON.stringify(besidesSet(one)) === JSON.stringify(besidesSet(other));
}

/** The content of a revision besides its values. */
const besidesSet = ({ objects, files, restart }: Gathered): unknown[] => [
  objects.map(entry => [entry.table, entry.wanted] as const).sort(([a], [b]) => (a < b ? -1 : 1)),
  files.map(entry => [entry.kind, entry.file.name, entry.file.sha256, entry.file.version]),
  restart.wish,
];

/** Computes the revision, '' when nothing is wanted. @param key keeps the revision from revealing secrets in it */
export function revisionOf(wanted: Gathered, key: Buffer): string {
  if (isNothing(wanted)) return '';
  const set = [...wanted.set].sort(([a], [b]) => (a < b ? -1 : 1));
  const content = [set.map(([path, { value, type }]) => [path, value, type]), ...besidesSet(wanted)];
  return createHmac('sha256', key).update(JSON.stringify(content)).digest('hex').slice(0, 16);
}
