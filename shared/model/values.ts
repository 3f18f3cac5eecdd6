// Values of parameters as text: are they of the type, in range, and what is their one canonical form (TR-106 3.2, A.2.3).
import type { ParameterDef, ValueRange, ValueType } from './definitions.ts';

type Checked = { ok: true; value: string } | { ok: false; code: 9006 | 9007; message: string };

/** TR-106 3.2.2. */
export const UNKNOWN_TIME = '0001-01-01T00:00:00Z';

const LIMITS: Partial<Record<ValueType, [min: bigint, max: bigint]>> = {
  int: [-(2n ** 31n), 2n ** 31n - 1n],
  unsignedInt: [0n, 2n ** 32n - 1n],
  long: [-(2n ** 63n), 2n ** 63n - 1n],
  unsignedLong: [0n, 2n ** 64n - 1n],
};

/** Characters that XML 1.0 can carry. */
const CARRIED = /^[\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]*$/u;

/**
 * Checks a value against the definition of its parameter.
 * @param type   xsi:type as sent, any prefix (`xsd:unsignedInt`); absent where the source knows no types
 * @param strict refuse a type other than the parameter's own (9006), and take labels as spelled only; else convert
 *               what can be converted: `true` for an unsignedInt 1, the number or another case of an enumeration's label
 * @returns the canonical text: integers without leading zeros, booleans as 1 and 0, labels as the model spells them
 */
export function checkValue(def: ParameterDef, text: string, type?: string, strict = false): Checked {
  const sent = type === undefined ? undefined : localName(type);
  const mismatch = sent !== undefined && !carries(sent, def);
  if (mismatch && strict) {
    return { ok: false, code: 9006, message: `type ${sent} where ${typeName(def)} is due` };
  }
  const problem = (message: string): Checked => ({ ok: false, code: mismatch ? 9006 : 9007, message });
  const result = def.list ? checkList(def, text, strict) : checkItem(def, text, strict);
  return typeof result === 'string' ? { ok: true, value: result } : problem(result.wrong);
}

/** Why a value will not do. */
interface Wrong {
  wrong: string;
}

const wrong = (message: string): Wrong => ({ wrong: message });

const localName = (type: string): string => type.slice(type.indexOf(':') + 1);

const typeName = (def: ParameterDef): string => (def.list ? 'string' : def.type);

/** True when an xsi:type is one of the names of the parameter's type. SOAP encoding has its own for base64. */
function carries(sent: string, def: ParameterDef): boolean {
  const own = typeName(def);
  return own === 'base64' ? sent === 'base64Binary' || sent === 'base64' : sent === own;
}

/** TR-106 3.2.3: items parted by commas, white space around a comma is dropped; '' is the list without items. */
function checkList(def: ParameterDef, text: string, strict: boolean): string | Wrong {
  const items: string[] = [];
  if (text.trim() !== '') {
    for (const part of text.split(',')) {
      const item = checkItem(def, part.trim(), strict);
      if (typeof item !== 'string') return item;
      items.push(item);
    }
  }
  if (items.length < (def.minItems ?? 0)) return wrong(`at least ${def.minItems} items are due`);
  if (items.length > (def.maxItems ?? Number.POSITIVE_INFINITY)) return wrong(`more than ${def.maxItems} items`);
  const value = items.join(',');
  return length(value) > (def.listMaxLength ?? Number.POSITIVE_INFINITY)
    ? wrong(`longer than ${def.listMaxLength} characters`)
    : value;
}

function checkItem(def: ParameterDef, text: string, strict: boolean): string | Wrong {
  switch (def.type) {
    case 'int':
    case 'unsignedInt':
    case 'long':
    case 'unsignedLong':
      return checkInteger(def, text, strict);
    case 'boolean':
      return checkBoolean(text, strict);
    case 'dateTime':
      return isDateTime(text.trim()) ? text.trim() : wrong(`${quote(text)} is not a dateTime`);
    case 'base64':
      return checkBytes(
        def,
        text.replace(/\s/g, ''),
        /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
      );
    case 'hexBinary':
      return checkBytes(def, text.trim(), /^(?:[0-9A-Fa-f]{2})*$/);
    case 'string':
      return checkString(def, text, strict);
  }
}

function checkInteger(def: ParameterDef, text: string, strict: boolean): string | Wrong {
  const word = text.trim().toLowerCase();
  const digits = !strict && word === 'true' ? '1' : !strict && word === 'false' ? '0' : word;
  if (!/^[+-]?\d{1,40}$/.test(digits)) return wrong(`${quote(text)} is not a number`);
  const value = BigInt(digits.startsWith('+') ? digits.slice(1) : digits);
  const [least, most] = LIMITS[def.type]!;
  if (value < least || value > most) return wrong(`${value} does not fit ${def.type}`);
  const ranges: ValueRange[] = def.ranges ?? [def];
  if (!ranges.some(range => inRange(value, range))) return wrong(`${value} is out of range (${describe(ranges)})`);
  return value.toString();
}

function inRange(value: bigint, { min, max, step }: ValueRange): boolean {
  if (min !== undefined && value < min) return false;
  if (max !== undefined && value > max) return false;
  return step === undefined || (value - BigInt(min ?? 0)) % BigInt(step) === 0n;
}

const describe = (ranges: readonly ValueRange[]): string =>
  ranges.map(({ min, max }) => (min === max ? `${min}` : `${min ?? ''}..${max ?? ''}`)).join(', ');

const TRUE = new Set(['1', 'true']);
const FALSE = new Set(['0', 'false']);
const TOLERANT: Record<string, string> = { enable: '1', enabled: '1', yes: '1', disable: '0', disabled: '0', no: '0' };

function checkBoolean(text: string, strict: boolean): string | Wrong {
  const word = text.trim();
  if (TRUE.has(word)) return '1';
  if (FALSE.has(word)) return '0';
  const lower = word.toLowerCase();
  if (!strict && (TRUE.has(lower) || FALSE.has(lower))) return TRUE.has(lower) ? '1' : '0';
  return (!strict && TOLERANT[lower]) || wrong(`${quote(text)} is not a boolean`);
}

function checkString(def: ParameterDef, text: string, strict: boolean): string | Wrong {
  if (def.enumeration) return checkLabel(def, text, strict);
  if (!CARRIED.test(text)) return wrong('it holds a character that XML cannot carry');
  const size = length(text);
  if (!fits(def, size)) return wrong(`${size} characters, where ${lengths(def)} are due`);
  if (def.pattern && !def.pattern.test(text)) return wrong(`${quote(text)} is not of the form that is due`);
  return text;
}

function checkLabel(def: ParameterDef, text: string, strict: boolean): string | Wrong {
  const all = def.enumeration ?? [];
  if (all.some(each => each.label === text)) return text;
  if (!strict) {
    const word = text.trim().toLowerCase();
    const number = word === 'true' ? '1' : word === 'false' ? '0' : word;
    const found =
      all.find(each => each.label.toLowerCase() === word) ??
      all.find(each => each.code !== undefined && String(each.code) === number);
    if (found) return found.label;
  }
  return wrong(`${quote(text)} is none of ${all.map(each => each.label).join(', ')}`);
}

function checkBytes(def: ParameterDef, text: string, form: RegExp): string | Wrong {
  if (!form.test(text)) return wrong(`not ${def.type}`);
  const size = def.type === 'hexBinary' ? text.length / 2 : Buffer.byteLength(text, 'base64');
  return fits(def, size) ? text : wrong(`${size} bytes, where ${lengths(def)} are due`);
}

function fits(def: ParameterDef, size: number): boolean {
  if (def.lengths) return def.lengths.some(({ min, max }) => size >= (min ?? 0) && (max === undefined || size <= max));
  return size >= (def.minLength ?? 0) && size <= (def.maxLength ?? Number.POSITIVE_INFINITY);
}

const lengths = (def: ParameterDef): string => describe(def.lengths ?? [{ min: def.minLength ?? 0, ...maxOf(def) }]);
const maxOf = (def: ParameterDef): ValueRange => (def.maxLength === undefined ? {} : { max: def.maxLength });

/** Length in characters, not in UTF-16 units. */
function length(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

const quote = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);

const DATE_TIME = /^-?(\d{4,})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(Z|[+-](\d\d):(\d\d))?$/;

/** XML Schema 2 3.2.7, as TR-106 3.2.2 uses it; year 0001 is the Unknown Time or a time since boot. */
export function isDateTime(text: string): boolean {
  const parts = DATE_TIME.exec(text);
  if (!parts) return false;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || minute > 59 || second > 59) return false;
  const midnight = hour === 24 && minute === 0 && second === 0;
  return (hour <= 23 || midnight) && Number(parts[8] ?? 0) <= 14 && Number(parts[9] ?? 0) <= 59;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}
