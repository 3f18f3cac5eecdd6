// The request for a diagnostic: its settings are checked, and become the values that start it on the object that a device has.
import type { ParameterValue } from '../../../shared/cwmp/methods.ts';
import { UserError } from '../../errors.ts';
import { type DiagnosticKind, diagnosticKinds, diagnostics, type Setting, STATE } from './kinds.ts';

/** Settings by name. */
export type DiagnosticInput = Readonly<Record<string, string | number>>;

const MAX_TEXT = 256;

/** @throws UserError 404 */
export function kindOf(name: string): DiagnosticKind {
  const kind = diagnosticKinds.find(known => known === name);
  if (kind) return kind;
  const known = diagnosticKinds.join(', ');
  throw new UserError(404, 'unknown-diagnostic', `'${name}' is not a diagnostic (known: ${known})`);
}

/** @returns the settings by their names in requests, without defaults @throws UserError 400 that names the setting */
export function readSettings(kind: DiagnosticKind, given: Readonly<Record<string, unknown>>): DiagnosticInput {
  const { settings } = diagnostics[kind];
  const read = new Map<string, string | number>();
  for (const [name, value] of Object.entries(given)) {
    const setting = settings.find(entry => entry.name === name || entry.parameters.includes(name));
    if (!setting) throw wrong(kind, name, `no setting of it (known: ${settings.map(known => known.name).join(', ')})`);
    if (read.has(setting.name)) throw wrong(kind, name, `given twice, also as ${setting.name}`);
    read.set(setting.name, checked(kind, setting, name, value));
  }
  const missing = settings.find(({ name, isRequired }) => isRequired && !read.has(name));
  if (missing) throw wrong(kind, missing.name, 'it must be given');
  return Object.fromEntries(read);
}

const wrong = (kind: string, name: string, reason: string): UserError =>
  new UserError(400, 'bad-setting', `${kind}: ${name}: ${reason}`);

function checked(kind: string, setting: Setting, name: string, value: unknown): string | number {
  if (setting.type === 'unsignedInt') return checkedNumber(kind, setting, name, value);
  if (typeof value !== 'string') throw wrong(kind, name, 'a text is due');
  if (setting.isRequired && value === '') throw wrong(kind, name, 'it must not be empty');
  if (value.length > MAX_TEXT) throw wrong(kind, name, `more than ${MAX_TEXT} characters`);
  if (setting.values && !setting.values.includes(value)) throw wrong(kind, name, `one of ${setting.values.join(', ')}`);
  if (setting.name === 'url') checkUrl(kind, name, value);
  else if (/\s/.test(value)) throw wrong(kind, name, 'it must not hold blanks');
  return value;
}

function checkedNumber(kind: string, { least = 0, most = 0, unit }: Setting, name: string, value: unknown): number {
  const asked = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value;
  if (typeof asked === 'number' && Number.isInteger(asked) && asked >= least && asked <= most) return asked;
  throw wrong(kind, name, `a whole number from ${least} to ${most}${unit === undefined ? '' : ` (${unit})`} is due`);
}

/** A login in it would be kept in plain text by the device. */
function checkUrl(kind: string, name: string, text: string): void {
  const url = /^(?:https?|ftp):\/\//i.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (!url) throw wrong(kind, name, `'${text}' is not a URL of http, https or ftp`);
  if (url.username !== '' || url.password !== '') throw wrong(kind, name, 'a URL with a login in it is not taken');
}

/** A setting that was asked for, and that the object of the device does not have. */
export interface Missing {
  missing: string;
}

/**
 * The values that start the run: settings that were asked for, defaults where the device has them, and the state last.
 * @param found the object as the device has reported it
 */
export function startingValues(
  kind: DiagnosticKind,
  input: DiagnosticInput,
  path: string,
  found: readonly ParameterValue[],
): ParameterValue[] | Missing {
  const types = new Map(found.map(({ Name, Type }) => [Name, Type]));
  const list: ParameterValue[] = [];
  for (const { name, parameters, type, value: usual } of diagnostics[kind].settings) {
    const value = input[name] ?? usual;
    if (value === undefined) continue;
    const Name = parameters.map(parameter => path + parameter).find(each => types.has(each));
    if (Name !== undefined) list.push({ Name, Value: String(value), Type: types.get(Name) || `xsd:${type}` });
    else if (input[name] !== undefined) return { missing: `${path}${parameters[0]}` };
  }
  const state = path + STATE;
  if (!types.has(state)) return { missing: state };
  return [...list, { Name: state, Value: 'Requested', Type: types.get(state) || 'xsd:string' }];
}
