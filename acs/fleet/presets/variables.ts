// Variables in a preset's texts: `{{site.sipProxy}}` stands for the device's own value, `{{site.x|text}}` for that or the text, `{{{{` for
// two braces. Pure: what is put in is never looked through again, so no value can name another.
import { UserError } from '../../../shared/errors.ts';
import type { DeviceRow } from '../../device/row.ts';

export type Part = { text: string } | { variable: string; fallback?: string };
export type Template = readonly Part[];

/** What a device is known by, under the names that its view has. */
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

const KNOWN = `site.NAME, ${identityFields.join(', ')}, each of these also as device.…`;

const bad = (what: string): UserError => new UserError(400, 'bad-variable', what);

/** @throws UserError 400 `bad-variable` that says what is wrong; the place is the caller's to add */
export function parseTemplate(text: string): Template {
  const parts: Part[] = [];
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

function parseVariable(inside: string): Part {
  const bar = inside.indexOf('|');
  const variable = canonical((bar < 0 ? inside : inside.slice(0, bar)).trim());
  if (variable === undefined) throw bad(`'{{${clipped(inside)}}}' is no variable (known: ${KNOWN})`);
  if (bar < 0) return { variable };
  const fallback = inside.slice(bar + 1);
  if (fallback.includes('{{')) throw bad(`'{{${clipped(inside)}}}': what stands after | is plain text`);
  return { variable, fallback };
}

function canonical(name: string): string | undefined {
  if (/^site\.[^\s{}|]{1,64}$/.test(name)) return name;
  const field = name.startsWith('device.') ? name.slice('device.'.length) : name;
  return isIdentity(field) ? field : undefined;
}

/** The plain text, where nothing of it depends on a device. */
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

/** Text that stands for itself in a template. */
export const escaped = (text: string): string => text.replaceAll('{{', '{{{{');

/** @returns the text, or the first variable that the device lacks and that has no fallback */
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

export type Subject = Pick<DeviceRow, IdentityField | 'site'>;

/** What a variable stands for on a device; undefined where the device lacks it or it is empty. `open` opens a sealed text. */
export function variableOf(row: Subject, variable: string, open: (text: string) => string): string | undefined {
  const name = variable.startsWith('site.') ? variable.slice('site.'.length) : undefined;
  if (name !== undefined) return Object.hasOwn(row.site, name) ? open(row.site[name] ?? '') || undefined : undefined;
  return isIdentity(variable) ? row[variable] || undefined : undefined;
}
