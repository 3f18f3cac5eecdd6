// What one device should be: the merge of the presets that fit it and its own overrides. Pure, so that it can be asked about a device
// that is far away; who carries it out is reconcile.ts.

import { createHmac } from 'node:crypto';
import { checkValue } from '../../../shared/model/values.ts';
import type { DeviceRow } from '../../device/row.ts';
import { isSecretName } from '../common/secrets.ts';
import { type CompiledPreset, type CompiledTable, type CompiledValue, fileKey, filesOf } from './compiled-preset.ts';
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
import { ruledFiles } from './rollout-firmware.ts';
import { overrideFingerprint, suspendingFault, suspendingPresetFault } from './suspension.ts';
import { substitute, variableOf } from './variables.ts';

/** @param rules the lightest first */
export const wantedState = (
  rules: readonly CompiledPreset[],
  row: MergedRow,
  ground: MergeInput,
  lost?: OnLost,
): Wanted => merged(applicable(rules, row, ground), row, ground, lost);

/** @param chosen those that apply to the device, the lightest first */
export function merged(chosen: readonly CompiledPreset[], row: MergedRow, ground: MergeInput, lost?: OnLost): Wanted {
  const found = gathered(chosen, row, ground, { lost });
  const wanted: Wanted = {
    ...found,
    revision: revisionOf(found, ground.key),
    reporting: new Set(chosen.filter(({ preset }) => preset.drift === 'report').map(({ name }) => name)),
    moves: new Map(chosen.flatMap(({ name, preset }) => (preset.acsMove ? [[name, preset.acsMove] as const] : []))),
    tags: new Map(chosen.map(({ name, tag }) => [name, tag])),
  };
  const audits = chosen.flatMap(({ preset }) => auditMsOf(preset.audit ?? '') ?? []);
  if (audits.length) wanted.auditMs = Math.min(...audits);
  return wanted;
}

/** What of a wanted state makes its revision, and what could not be had. */
export type Gathered = Pick<Wanted, 'set' | 'objects' | 'files' | 'restart' | 'refused' | 'adopted'>;

/** @param resolve resolves a preset for the device, for callers that keep results */
export function gathered(
  chosen: readonly CompiledPreset[],
  row: MergedRow,
  ground: MergeInput,
  { lost, resolve = resolvePreset }: { lost?: OnLost | undefined; resolve?: typeof resolvePreset } = {},
): Gathered {
  const set: Wanted['set'] = new Map();
  const objects = new Map<string, WantedTable>();
  const files = new Map<string, WantedFile>();
  const refused: Refusal[] = [];
  let restart: Wanted['restart'] = { wish: 'never' };
  for (const rule of chosen) {
    const made = resolve(rule, row, ground);
    if ('refusal' in made) {
      refused.push(made.refusal);
      continue;
    }
    put(set, made.set, 'set', lost);
    put(objects, made.objects, 'objects', lost);
    put(files, made.files, 'files', lost);
    if (!rule.preset.restart) continue;
    if (restart.preset !== undefined) lost?.({ kind: 'restart', name: '', preset: restart.preset });
    restart = { wish: rule.preset.restart, preset: rule.name };
  }
  put(set, overridesOf(row, ground), 'set', lost);
  const ruled = ruledFiles(inOrder(files.values()), row, ground, lost);
  return { set, objects: [...objects.values()], ...ruled, restart, refused };
}

function put<T extends { preset: string; value?: string; secret?: boolean }>(
  into: Map<string, T>,
  entries: Iterable<readonly [string, T]>,
  kind: Parameters<OnLost>[0]['kind'],
  lost: OnLost | undefined,
): void {
  for (const [name, entry] of entries) {
    const before = lost && into.get(name);
    if (before) {
      const { preset, value, secret } = before;
      lost({ kind, name, preset, ...(value === undefined ? {} : { value }), ...(secret ? { secret } : {}) });
    }
    into.set(name, entry);
  }
}

export const applicable = (rules: readonly CompiledPreset[], row: MergedRow, ground: MergeInput): CompiledPreset[] =>
  rules.filter(rule => rule.fits(row, ground.now) && !suspendingPresetFault(rule, row, ground));

interface Asked {
  set: (readonly [string, WantedParameter])[];
  objects: (readonly [string, WantedTable])[];
  files: (readonly [string, WantedFile])[];
}

/** What a preset comes to on a device: all that it asks, or nothing for the reason told. */
export type ResolvedPreset = Asked | { refusal: Refusal };

/** What a preset asks of this device, its variables put in. Without variables it asks the same of all. */
export function resolvePreset(rule: CompiledPreset, row: MergedRow, ground: MergeInput): ResolvedPreset {
  const { name: preset } = rule;
  const refusal = (code: string, message: string, parameter?: string): { refusal: Refusal } => ({
    refusal: { preset, code, message: `preset ${preset}, ${message}`, ...(parameter ? { parameter } : {}) },
  });
  if (rule.broken !== undefined) return refusal('preset-broken', rule.broken);
  const made: Asked = { set: [], objects: [], files: [] };
  for (const entry of rule.set) {
    const told = textFor(entry, row, ground);
    if ('wrong' in told) return refusal(told.code, told.wrong, entry.name);
    const { name, type, secret } = entry;
    made.set.push([name, { value: told.text, ...(type ? { type } : {}), preset, secret }]);
  }
  for (const entry of rule.tables) {
    const rows = rowsFor(entry, row, ground);
    if ('wrong' in rows) return refusal(rows.code, rows.wrong, entry.table);
    const { table, keys, exclusive } = entry;
    const secrets = entry.rows.flatMap(cells => cells.filter(({ secret }) => secret).map(({ name }) => name));
    const wanted = { keys, rows: rows.rows, ...(exclusive ? { exclusive } : {}) };
    made.objects.push([table, { table, preset, wanted, secrets: [...new Set(secrets)] }]);
  }
  for (const { kind, name } of filesOf(rule)) {
    const file = ground.files.get(name);
    if (!file) return refusal('no-such-file', `${kind}: there is no file '${name}' any more`);
    made.files.push([fileKey(kind, name), { kind, file, preset }]);
  }
  return made;
}

type Wrong = { wrong: string; code: string };

function textFor(entry: CompiledValue, row: MergedRow, { open }: MergeInput): { text: string } | Wrong {
  if ('plain' in entry.text) return { text: entry.text.plain };
  const filled = substitute(entry.text.template, variable => variableOf(row, variable, open));
  if ('missing' in filled)
    return { wrong: `${entry.place}: the device has no ${filled.missing}`, code: 'variable-missing' };
  if (!entry.def) return filled;
  const checked = checkValue(entry.def, filled.text, entry.type);
  if (checked.ok) return { text: checked.value };
  // The message quotes the value.
  const why = entry.secret ? 'the value that it would get does not fit' : checked.message;
  return { wrong: `${entry.place}: ${why}`, code: 'bad-value' };
}

function rowsFor(
  { rows }: CompiledTable,
  row: MergedRow,
  ground: MergeInput,
): { rows: Record<string, string>[] } | Wrong {
  const made: Record<string, string>[] = [];
  for (const cells of rows) {
    const filled: [string, string][] = [];
    for (const cell of cells) {
      const told = textFor(cell, row, ground);
      if ('wrong' in told) return told;
      filled.push([cell.name, told.text]);
    }
    made.push(Object.fromEntries(filled));
  }
  return { rows: made };
}

function* overridesOf(row: MergedRow, { open, now }: MergeInput): Generator<readonly [string, WantedParameter]> {
  for (const [path, override] of Object.entries(row.overrides)) {
    if (row.faults.length > 0 && suspendingFault(row, `override:${path}`, now, () => overrideFingerprint(override)))
      continue;
    yield [path, { ...override, value: open(override.value), preset: OVERRIDE, secret: isSecretName(path) }];
  }
}

/** Certificates first, then the script, then firmware: what comes later may rest on what came before. */
function inOrder(files: Iterable<WantedFile>): WantedFile[] {
  const order = ['certificate', 'script', 'firmware'];
  return [...files].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}

/** Whether the device has taken the file already: firmware by the version it reports, the rest by what it was sent. */
export function isApplied(wanted: WantedFile, row: Pick<DeviceRow, 'softwareVersion' | 'applied'>): boolean {
  if (wanted.kind === 'firmware') return row.softwareVersion === wanted.file.version;
  return row.applied[wanted.file.name] === wanted.file.sha256;
}

export const isNothing = ({ set, objects, files }: Gathered): boolean =>
  set.size === 0 && objects.length === 0 && files.length === 0;

/** Whether both have the same revision; cheaper than to make it. */
export function isSame(one: Gathered, other: Gathered): boolean {
  if (one.set.size !== other.set.size) return false;
  for (const [path, { value, type }] of one.set) {
    const found = other.set.get(path);
    if (found?.value !== value || found.type !== type) return false;
  }
  return isNothing(one) ? isNothing(other) : JSON.stringify(besidesSet(one)) === JSON.stringify(besidesSet(other));
}

const besidesSet = ({ objects, files, restart }: Gathered): unknown[] => [
  objects.map(entry => [entry.table, entry.wanted] as const).sort(([a], [b]) => (a < b ? -1 : 1)),
  files.map(entry => [entry.kind, entry.file.name, entry.file.sha256, entry.file.version]),
  restart.wish,
];

/** '' when nothing is wanted. @param key so that it tells nothing of the secrets in it */
export function revisionOf(wanted: Gathered, key: Buffer): string {
  if (isNothing(wanted)) return '';
  const set = [...wanted.set].sort(([a], [b]) => (a < b ? -1 : 1));
  const content = [set.map(([path, { value, type }]) => [path, value, type]), ...besidesSet(wanted)];
  return createHmac('sha256', key).update(JSON.stringify(content)).digest('hex').slice(0, 16);
}
