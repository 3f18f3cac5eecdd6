// Variables in the texts of presets: `{{site.sipProxy}}` is replaced by the device's own value, `{{site.x|text}}` by that value or by the
// text, and `{{{{` by two braces. A value that is put in is not parsed again, so that no value can refer to another.

import type { DeviceRow } from '../../device/row.ts';
import { UserError } from '../../errors.ts';

export type TemplatePart = { text: string } | { variable: string; fallback?: string };
export type Template = readonly TemplatePart[];

/** The identifying fields of a device, by the names of its view. */
export const identityFields = [
  'id',
  'manufacturer',
  'oui',
  'productClass',
  'serialNumber',
  'softwareVersion',
  'hardwareVersion',
  'provisioningCode',
] as const;
type IdentityField = (typeof identityFields)[number];

const isIdentity = (name: string): name is IdentityField => (identityFields as readonly string[]).includes(name);

/** The names that filters have for some of them. */
const filterNames: ReadonlyMap<string, IdentityField> = new Map([
  ['serial', 'serialNumber'],
  ['firmware', 'softwareVersion'],
  ['hardware', 'hardwareVersion'],
]);

const KNOWN = `site.NAME, ${[...identityFields, ...filterNames.keys()].join(', ')}, each of these also as device.…`;

const bad = (message: string): UserError => new UserError(400, 'bad-variable', message);

/** Parses a text. @throws UserError 400 `bad-variable`, to which the caller adds the place */
export function parseTemplate(text: string): Template {
  const parts: TemplatePart[] = [];
  let literal = '';
  let at = 0;
  for (;;) {
    const open = text.indexOf('{{', at);
    literal += text.slice(at, open < 0 ? text.length : open);
    if (open < 0) break;
    if (text.startsWith('{{{{', open)) {
      literal += '{{';
      at = open + 4;
      continue;
    }
    const close = text.indexOf('}}', open + 2);
    if (close < 0) throw bad(`'${clipped(text.slice(open))}' is not closed by }} (two plain braces are written {{{{)`);
    if (literal !== '') parts.push({ text: literal });
    literal = '';
    parts.push(parseVariable(text.slice(open + 2, close)));
    at = close + 2;
  }
  if (literal !== '' || parts.length === 0) parts.push({ text: literal });
  return parts;
}

const clipped = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}…` : text);

function parseVariable(inside: string): TemplatePart {
  const bar = inside.indexOf('|');
  const variable = canonical((bar < 0 ? inside : inside.slice(0, bar)).trim());
  if (variable === undefined) throw bad(`'{{${clipped(inside)}}}' is not a variable (known: ${KNOWN})`);
  if (bar < 0) return { variable };
  const fallback = inside.slice(bar + 1);
  if (fallback.includes('{{')) throw bad(`'{{${clipped(inside)}}}': the text after | cannot hold variables`);
  return { variable, fallback };
}

function canonical(name: string): string | undefined {
  if (/^site\.[^\s{}|]{1,64}$/.test(name)) return name;
  const field = name.startsWith('device.') ? name.slice('device.'.length) : name;
  return isIdentity(field) ? field : filterNames.get(field);
}

/** The text of a template without variables; undefined with variables. */
export function plainText(template: Template): string | undefined {
  let text = '';
  for (const part of template) {
    if (!('text' in part)) return undefined;
    text += part.text;
  }
  return text;
}

export const variablesOf = (template: Template): string[] =>
  template.flatMap(part => ('variable' in part ? [part.variable] : []));

/** Fills a template. @returns the text, or the first variable without a value and without a fallback */
export function substitute(
  template: Template,
  lookUp: (variable: string) => string | undefined,
): { text: string } | { missing: string } {
  let text = '';
  for (const part of template) {
    if ('text' in part) text += part.text;
    else {
      const value = lookUp(part.variable) ?? part.fallback;
      if (value === undefined) return { missing: part.variable };
      text += value;
    }
  }
  return { text };
}

export type VariableSource = Pick<DeviceRow, IdentityField | 'site'>;

/** The value of a variable on a device; undefined where it is missing or empty. @param open opens a sealed text */
export function variableOf(row: VariableSource, variable: string, open: (text: string) => string): string | undefined {
  const name = variable.startsWith('site.') ? variable.slice('site.'.length) : undefined;
  if (name !== undefined) return Object.hasOwn(row.site, name) ? open(row.site[name] ?? '') || undefined : undefined;
  return isIdentity(variable) ? row[variable] || undefined : undefined;
}
