// Presets made ready to be applied: filters and texts parsed, values in the form that the data model has for them.
import { createHmac } from 'node:crypto';
import { messageOf, UserError } from '../../../shared/errors.ts';
import type { ParameterDef } from '../../../shared/model/definitions.ts';
import { checkValue } from '../../../shared/model/values.ts';
import { atomsOf, parseFilter, toPredicate } from '../../query/filter.ts';
import type { Models } from '../common/models.ts';
import { isSealedText, isSecretName } from '../common/secrets.ts';
import type { MergedRow, WantedFile } from './desired.ts';
import { mapPreset, type Preset, wantedValue } from './preset.ts';
import { parseTemplate, plainText, type Template, variablesOf } from './variables.ts';

export interface CompiledValue {
  /** A parameter's path, or a column's name. */
  name: string;
  /** Where it stands in its preset, for people. */
  place: string;
  type?: string;
  /** The same on every device, or made out for each. */
  text: { plain: string } | { template: Template };
  /** By its own name or by that of a variable in it: never to be shown. */
  secret: boolean;
  /** Where a known data model has it. */
  def?: ParameterDef;
}

export interface CompiledTable {
  table: string;
  keys: string[];
  rows: CompiledValue[][];
  exclusive?: boolean;
}

/** What a preset looks at to tell whether it fits a device. */
interface FilterInputs {
  /** Parameters. */
  paths: readonly string[];
  address: boolean;
}

export interface CompiledPreset extends FilterInputs {
  name: string;
  preset: Preset;
  weight: number;
  /** Tag of all that the preset says. */
  tag: string;
  /** FilterInputs at nothing but what a merge looks at: a rule over what passes by itself is refused when it is written. */
  fits(row: MergedRow, now: number): boolean;
  variables: readonly string[];
  set: readonly CompiledValue[];
  tables: readonly CompiledTable[];
  /** Why it cannot be applied to any device: what is stored was good once. */
  broken?: string;
}

/** The lightest first; equal weights by name. */
export const byWeight = (a: CompiledPreset, b: CompiledPreset): number =>
  a.weight - b.weight || (a.name < b.name ? -1 : 1);

/** @param key for tags, so that they tell nothing of the secrets in a preset */
export async function compilePreset(
  name: string,
  preset: Preset,
  models: Models,
  key: Buffer,
): Promise<CompiledPreset> {
  const tag = createHmac('sha256', key).update(JSON.stringify(preset)).digest('base64url').slice(0, 16);
  const empty = { name, preset, weight: preset.weight ?? 0, tag, variables: [], set: [], tables: [] };
  try {
    const looks = filterInputsOf(preset.when);
    if (holdsForeignSeal(preset))
      return { ...empty, ...looks, broken: 'its secrets were sealed with another server key: write them anew' };
    try {
      return { ...empty, ...looks, ...(await valuesOf(preset, models)) };
    } catch (error) {
      return { ...empty, ...looks, broken: userMessage(error) };
    }
  } catch (error) {
    return { ...empty, paths: [], address: false, fits: () => true, broken: userMessage(error) };
  }
}

/** @param preset opened as far as our key goes */
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

function filterInputsOf(when: string | undefined): FilterInputs & Pick<CompiledPreset, 'fits'> {
  if (!when) return { paths: [], address: false, fits: () => true };
  const filter = parseFilter(when);
  const fields = atomsOf(filter).map(atom => atom.field);
  const paths = new Set(fields.filter(field => field.kind === 'path').map(field => field.name));
  return { paths: [...paths], address: fields.some(({ name }) => name === 'address'), fits: toPredicate(filter) };
}

async function valuesOf(preset: Preset, models: Models): Promise<Pick<CompiledPreset, 'variables' | 'set' | 'tables'>> {
  const set: CompiledValue[] = [];
  for (const [path, value] of Object.entries(preset.set ?? {}))
    set.push(await readValue(`set: ${path}`, path, path, wantedValue(value), models));
  const tables: CompiledTable[] = [];
  for (const [table, wanted] of Object.entries(preset.objects ?? {})) {
    const rows: CompiledValue[][] = [];
    for (const [index, row] of wanted.rows.entries()) {
      const cells: CompiledValue[] = [];
      for (const [column, value] of Object.entries(row))
        cells.push(
          await readValue(rowPlace(table, index, column), column, `${table}1.${column}`, wantedValue(value), models),
        );
      rows.push(cells);
    }
    tables.push({ table, keys: wanted.keys, rows, ...(wanted.exclusive ? { exclusive: true } : {}) });
  }
  const all = [...set, ...tables.flatMap(({ rows }) => rows.flat())];
  const variables = all.flatMap(({ text }) => ('template' in text ? variablesOf(text.template) : []));
  return { variables: [...new Set(variables)], set, tables };
}

export const rowPlace = (table: string, index: number, column?: string): string =>
  `objects: ${table} row ${index + 1}${column === undefined ? '' : ` ${column}`}`;

async function readValue(
  place: string,
  name: string,
  path: string,
  wanted: { value: string; type?: string },
  models: Models,
): Promise<CompiledValue> {
  const template = parseTemplate(wanted.value);
  const plain = plainText(template);
  const def = await models.lookup(path);
  const text = plain === undefined ? { template } : { plain: def ? inForm(def, plain, wanted.type) : plain };
  const secret = isSecretName(name) || variablesOf(template).some(isSecretName);
  return { name, place, text, secret, ...(wanted.type ? { type: wanted.type } : {}), ...(def ? { def } : {}) };
}

/** As a device reads it back: `Enable` for 1, 1 for true. What does not fit is the device's to refuse. */
function inForm(def: ParameterDef, text: string, type: string | undefined): string {
  const checked = checkValue(def, text, type);
  return checked.ok ? checked.value : text;
}

/** Of firmware there is one, of the others as many as are named. */
export const fileKey = (kind: WantedFile['kind'], name: string): string =>
  kind === 'firmware' ? kind : `${kind}:${name}`;

export function filesOf({ preset }: Pick<CompiledPreset, 'preset'>): { kind: WantedFile['kind']; name: string }[] {
  const { certificates = [], script, firmware } = preset;
  return [
    ...certificates.map(name => ({ kind: 'certificate', name }) as const),
    ...(script ? [{ kind: 'script', name: script } as const] : []),
    ...(firmware ? [{ kind: 'firmware', name: firmware } as const] : []),
  ];
}
