// Presets compiled for the merge: filters and texts are parsed, and values are in the form of the data model.
import { createHmac } from 'node:crypto';
import { messageOf } from '../../../shared/errors.ts';
import type { ParameterDef } from '../../../shared/model/definitions.ts';
import { checkValue } from '../../../shared/model/values.ts';
import { UserError } from '../../errors.ts';
import { atomsOf } from '../../query/filter.ts';
import { parseFilter } from '../../query/parser.ts';
import { toPredicate } from '../../query/predicate.ts';
import type { Models } from '../common/models.ts';
import type { SecretNames } from '../common/secret-names.ts';
import { isSealedText } from '../common/secrets.ts';
import { wantedValue } from '../common/wanted-values.ts';
import type { MergedRow, WantedFile } from './desired.ts';
import { mapPreset, type Preset } from './preset.ts';
import { parseTemplate, plainText, type Template, variablesOf } from './variables.ts';

export interface CompiledValue {
  /** A parameter's path, or a column's name. */
  name: string;
  /** Its place in the preset, for messages. */
  place: string;
  type?: string;
  /** Its form on a DGW. */
  dgw: ValueForm;
  /** Its form on all other devices: the same object where both have the same definition. */
  other: ValueForm;
  /** The value is never shown: its own name, or that of a variable in it, is one of a secret. */
  secret: boolean;
}

/** A value as devices with the same definition of its parameter have it. */
export interface ValueForm {
  /** A text for all devices, or a template that each device fills. */
  text: { plain: string } | { template: Template };
  /** The definition of the parameter, where a built-in model has one. */
  def?: ParameterDef;
}

export interface CompiledTable {
  table: string;
  keys: string[];
  rows: CompiledValue[][];
  exclusive?: boolean;
}

/** The properties of a device that a preset's filter reads. */
interface FilterInputs {
  /** Parameters. */
  paths: readonly string[];
  address: boolean;
}

export interface CompiledPreset extends FilterInputs {
  name: string;
  preset: Preset;
  weight: number;
  /** A tag of the preset's whole content. */
  tag: string;
  /** Reads only the fields of a merge: a preset whose filter is over passing properties is refused when it is written. */
  fits(row: MergedRow, now: number): boolean;
  variables: readonly string[];
  /** A DGW has another form of some value than other devices. */
  isByMaker: boolean;
  set: readonly CompiledValue[];
  tables: readonly CompiledTable[];
  /** The reason why it cannot be resolved for any device: it was valid when it was stored, but no longer is. */
  broken?: string;
}

/** The lightest first; equal weights by name. */
export const byWeight = (a: CompiledPreset, b: CompiledPreset): number =>
  a.weight - b.weight || (a.name < b.name ? -1 : 1);

interface CompileInput {
  models: Models;
  /** The key of tags, which keeps them from revealing secrets. */
  key: Buffer;
  names: Pick<SecretNames, 'has' | 'isByItself'>;
}

/** Compiles a preset. */
export async function compilePreset(
  name: string,
  preset: Preset,
  { models, key, names }: CompileInput,
): Promise<CompiledPreset> {
  const tag = createHmac('sha256', key).update(JSON.stringify(preset)).digest('base64url').slice(0, 16);
  const empty = { name, preset, weight: preset.weight ?? 0, tag, variables: [], isByMaker: false, set: [], tables: [] };
  try {
    const inputs = filterInputsOf(name, preset.when);
    if (holdsForeignSeal(preset))
      return { ...empty, ...inputs, broken: 'its secrets are sealed with another server key: enter them again' };
    try {
      return { ...empty, ...inputs, ...(await valuesOf(preset, models, names)) };
    } catch (error) {
      return { ...empty, ...inputs, broken: userMessage(error) };
    }
  } catch (error) {
    return { ...empty, paths: [], address: false, fits: () => true, broken: userMessage(error) };
  }
}

/** Tells whether a secret stays sealed because it was sealed with another key. @param preset opened with this server's key */
function holdsForeignSeal(preset: Preset): boolean {
  let found = false;
  mapPreset(preset, (_name, text) => {
    found ||= isSealedText(text);
    return text;
  });
  return found;
}

const userMessage = (error: unknown): string => {
  if (!(error instanceof UserError)) throw error;
  return messageOf(error);
};

/** The tag of devices that try a preset: it counts for them whatever its filter says. */
const TRIAL = 'try:';
export const trialTag = (preset: string): string => TRIAL + preset;

/** The preset that a tag lets a device try; undefined for any other tag. */
export const presetOfTrial = (tag: string): string | undefined =>
  tag.startsWith(TRIAL) ? tag.slice(TRIAL.length) : undefined;

function filterInputsOf(name: string, when: string | undefined): FilterInputs & Pick<CompiledPreset, 'fits'> {
  if (!when) return { paths: [], address: false, fits: () => true };
  const filter = parseFilter(when);
  const fields = atomsOf(filter).map(atom => atom.field);
  const paths = new Set(fields.filter(field => field.kind === 'path').map(field => field.name));
  const tag = trialTag(name);
  const isFit: CompiledPreset['fits'] = toPredicate(filter);
  const fits = (row: MergedRow, now: number): boolean => row.tags.includes(tag) || isFit(row, now);
  return { paths: [...paths], address: fields.some(field => field.name === 'address'), fits };
}

async function valuesOf(
  preset: Preset,
  models: Models,
  names: Pick<SecretNames, 'has' | 'isByItself'>,
): Promise<Pick<CompiledPreset, 'variables' | 'isByMaker' | 'set' | 'tables'>> {
  const set: CompiledValue[] = [];
  for (const [path, value] of Object.entries(preset.set ?? {}))
    set.push(await readValue({ place: `set: ${path}`, name: path, path }, wantedValue(value), models, names));
  const tables: CompiledTable[] = [];
  for (const [table, wanted] of Object.entries(preset.objects ?? {})) {
    const rows: CompiledValue[][] = [];
    for (const [index, row] of wanted.rows.entries()) {
      const cells: CompiledValue[] = [];
      for (const [column, value] of Object.entries(row))
        cells.push(
          await readValue(
            { place: rowPlace(table, index, column), name: column, path: `${table}1.${column}` },
            wantedValue(value),
            models,
            names,
          ),
        );
      rows.push(cells);
    }
    tables.push({ table, keys: wanted.keys, rows, ...(wanted.exclusive ? { exclusive: true } : {}) });
  }
  const all = [...set, ...tables.flatMap(({ rows }) => rows.flat())];
  const variables = all.flatMap(({ dgw: { text } }) => ('template' in text ? variablesOf(text.template) : []));
  const isByMaker = all.some(({ dgw, other }) => dgw !== other);
  return { variables: [...new Set(variables)], isByMaker, set, tables };
}

export const rowPlace = (table: string, index: number, column?: string): string =>
  `objects: ${table} row ${index + 1}${column === undefined ? '' : ` ${column}`}`;

async function readValue(
  { place, name, path }: { place: string; name: string; path: string },
  wanted: { value: string; type?: string },
  models: Models,
  names: Pick<SecretNames, 'has' | 'isByItself'>,
): Promise<CompiledValue> {
  const template = parseTemplate(wanted.value);
  const { dgw: ofDgw, other: ofOther } = await models.definitions(path);
  const dgw = formOf(template, ofDgw, wanted.type);
  const ofOthers = ofDgw === ofOther ? dgw : formOf(template, ofOther, wanted.type);
  const other = isSamePlain(dgw, ofOthers) ? dgw : ofOthers;
  const secret = names.has(path) || variablesOf(template).some(names.isByItself);
  return { name, place, dgw, other, secret, ...(wanted.type ? { type: wanted.type } : {}) };
}

function formOf(template: Template, def: ParameterDef | undefined, type: string | undefined): ValueForm {
  const plain = plainText(template);
  if (plain === undefined) return { text: { template }, ...(def ? { def } : {}) };
  return def ? { text: { plain: canonicalText(def, plain, type) }, def } : { text: { plain } };
}

const isSamePlain = ({ text: a }: ValueForm, { text: b }: ValueForm): boolean =>
  'plain' in a && 'plain' in b && a.plain === b.plain;

/** The text as a device reports it: `Enable` for 1, 1 for true. A text that does not fit stays, and the device refuses it. */
function canonicalText(def: ParameterDef, text: string, type: string | undefined): string {
  const checked = checkValue(def, text, type);
  return checked.ok ? checked.value : text;
}

/** The key under which a wanted file is merged: firmware replaces other firmware, and other files only those of the same name. */
export const wantedFileKey = (kind: WantedFile['kind'], name: string): string =>
  kind === 'firmware' ? kind : `${kind}:${name}`;

/** The stored files that a preset names. */
export function filesOf({ preset }: Pick<CompiledPreset, 'preset'>): { kind: WantedFile['kind']; name: string }[] {
  const { certificates = [], script, firmware } = preset;
  return [
    ...certificates.map(name => ({ kind: 'certificate', name }) as const),
    ...(script ? [{ kind: 'script', name: script } as const] : []),
    ...(firmware ? [{ kind: 'firmware', name: firmware } as const] : []),
  ];
}
