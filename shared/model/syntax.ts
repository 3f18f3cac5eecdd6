// The syntax of a parameter (TR-106 A.2.3): built-in types, named types and their facets → fields of its definition.
import { UserError } from '../errors.ts';
import type { ParameterDef, ValueRange, ValueType } from './definitions.ts';
import { attribute, type Element, elements } from './element.ts';

const BUILTIN: Record<string, ValueType> = {
  string: 'string',
  int: 'int',
  unsignedInt: 'unsignedInt',
  long: 'long',
  unsignedLong: 'unsignedLong',
  boolean: 'boolean',
  dateTime: 'dateTime',
  base64: 'base64',
  hexBinary: 'hexBinary',
};

/** A data type with all that restricts it. */
interface TypeFacets {
  type: ValueType;
  sizes: ValueRange[];
  ranges: ValueRange[];
  enumeration: { label: string; code?: number }[];
  patterns: string[];
}

export type DataTypes = Map<string, TypeFacets>;

/** Named types of a document, in any order; a derived type inherits the facets that it does not replace. */
export function readDataTypes(document: Element): DataTypes {
  const definitions = new Map(elements(document, 'dataType').map(each => [attribute(each, 'name') ?? '', each]));
  const types: DataTypes = new Map();
  const resolve = (name: string, trail: string[]): TypeFacets => {
    const known = types.get(name);
    if (known) return known;
    const definition = definitions.get(name);
    if (!definition) throw bad(`data type ${name} is not in the document`);
    if (trail.includes(name)) throw bad(`data type ${name} derives from itself`);
    const base = attribute(definition, 'base');
    const builtin = builtinOf(definition);
    const type =
      base !== undefined
        ? restrict(BUILTIN[base] ? plain(BUILTIN[base]) : resolve(base, [...trail, name]), definition)
        : builtin
          ? restrict(plain(builtin.type), builtin.element)
          : restrict(plain('string'), definition);
    types.set(name, type);
    return type;
  };
  for (const name of definitions.keys()) resolve(name, []);
  return types;
}

const bad = (message: string): UserError => new UserError(400, 'bad-model', `data model: ${message}`);

const plain = (type: ValueType): TypeFacets => ({ type, sizes: [], ranges: [], enumeration: [], patterns: [] });

function builtinOf(holder: Element): { type: ValueType; element: Element } | undefined {
  for (const [name, type] of Object.entries(BUILTIN)) {
    const element = elements(holder, name)[0];
    if (element) return { type, element };
  }
  return undefined;
}

function restrict(base: TypeFacets, holder: Element): TypeFacets {
  const sizes = elements(holder, 'size').map(each => range(each, 'minLength', 'maxLength'));
  const ranges = elements(holder, 'range').map(each => range(each, 'minInclusive', 'maxInclusive'));
  const patterns = elements(holder, 'pattern').map(each => attribute(each, 'value') ?? '');
  const added = elements(holder, 'enumeration').filter(each => attribute(each, 'status') !== 'deleted');
  // TR-106 A.2.5: a derived type may add values; naming one again does not double it.
  const enumeration = new Map(base.enumeration.map(each => [each.label, each]));
  for (const each of added) {
    const label = attribute(each, 'value') ?? '';
    const code = attribute(each, 'code');
    enumeration.set(label, code === undefined ? { label } : { label, code: Number(code) });
  }
  return {
    type: base.type,
    sizes: sizes.length > 0 ? sizes : base.sizes,
    ranges: ranges.length > 0 ? ranges : base.ranges,
    patterns: patterns.length > 0 ? patterns : base.patterns,
    enumeration: [...enumeration.values()],
  };
}

function range(element: Element, low: string, high: string): ValueRange {
  const min = attribute(element, low);
  const max = attribute(element, high);
  const step = attribute(element, 'step');
  return {
    ...(min !== undefined && { min: integer(min) }),
    ...(max !== undefined && { max: integer(max) }),
    ...(step !== undefined && step !== '1' && { step: Number(step) }),
  };
}

/** A bound; a bigint only where a number would not hold it exactly. */
function integer(text: string): number | bigint {
  if (!/^[+-]?\d{1,40}$/.test(text.trim())) throw bad(`${JSON.stringify(text)} is not an integer`);
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

/** Fills in what the `<syntax>` of a parameter says. */
export function applySyntax(types: DataTypes, syntax: Element, def: ParameterDef): void {
  const facets = facetsOf(types, syntax);
  def.type = facets.type;
  // A command and a secured value read back as null, as a hidden one does (TR-106 A.2.3.5).
  def.hidden = ['hidden', 'secured', 'command'].some(each => attribute(syntax, each) === 'true');
  if (facets.enumeration.length > 0) def.enumeration = facets.enumeration;
  applyRanges(def, facets);
  if (facets.patterns.length > 0) {
    const pattern = compile(facets.patterns);
    if (pattern) def.pattern = pattern;
  }
  const list = elements(syntax, 'list')[0];
  if (list) applyList(def, list);
  const fallback = attribute(elements(syntax, 'default')[0], 'value');
  if (fallback !== undefined) def.default = fallback;
}

function facetsOf(types: DataTypes, syntax: Element): TypeFacets {
  const named = elements(syntax, 'dataType')[0];
  if (named) {
    const name = attribute(named, 'ref') ?? attribute(named, 'base') ?? '';
    const type = types.get(name) ?? (BUILTIN[name] && plain(BUILTIN[name]));
    if (!type) throw bad(`data type ${name} is not in the document`);
    return restrict(type, named);
  }
  const builtin = builtinOf(syntax);
  return builtin ? restrict(plain(builtin.type), builtin.element) : plain('string');
}

function applyRanges(def: ParameterDef, { sizes, ranges }: TypeFacets): void {
  const length = envelope(sizes);
  if (length.min !== undefined && length.min !== 0) def.minLength = Number(length.min);
  if (length.max !== undefined) def.maxLength = Number(length.max);
  if (sizes.length > 1) def.lengths = sizes;
  const value = envelope(ranges);
  if (value.min !== undefined) def.min = value.min;
  if (value.max !== undefined) def.max = value.max;
  if (ranges.length > 1 || ranges.some(each => each.step !== undefined)) def.ranges = ranges;
}

/** Smallest and largest over all ranges; open where one of them is. */
function envelope(ranges: readonly ValueRange[]): ValueRange {
  const result: ValueRange = {};
  const lows = ranges.map(each => each.min).sort(ascending);
  const highs = ranges.map(each => each.max).sort(ascending);
  // An undefined bound sorts last: one open range leaves the whole open.
  const [low, high] = [lows[0], highs.at(-1)];
  if (low !== undefined && !lows.includes(undefined)) result.min = low;
  if (high !== undefined) result.max = high;
  return result;
}

function ascending(a: number | bigint | undefined, b: number | bigint | undefined): number {
  return a === undefined || b === undefined || a === b ? 0 : a < b ? -1 : 1;
}

function applyList(def: ParameterDef, list: Element): void {
  def.list = true;
  const size = envelope(elements(list, 'size').map(each => range(each, 'minLength', 'maxLength')));
  if (size.max !== undefined) def.listMaxLength = Number(size.max);
  const min = attribute(list, 'minItems');
  const max = attribute(list, 'maxItems');
  if (min !== undefined && min !== '0') def.minItems = Number(min);
  if (max !== undefined && max !== 'unbounded') def.maxItems = Number(max);
}

/**
 * Patterns of XML Schema (always anchored) as one RegExp. What JavaScript does not know of them (class subtraction)
 * leaves the value unchecked rather than wrongly refused.
 */
function compile(patterns: readonly string[]): RegExp | undefined {
  const source = patterns.map(each => each.replaceAll('\\i', '[\\p{L}_:]').replaceAll('\\c', '[\\p{L}\\p{N}_:.\\-]'));
  if (source.some(each => /-\[/.test(each))) return undefined;
  const anchored = `^(?:${source.join('|')})$`;
  for (const flags of ['u', '']) {
    try {
      return new RegExp(anchored, flags);
    } catch {
      // Not this flavour: `\-` and the like are errors with the u flag only.
    }
  }
  return undefined;
}

/** A pattern that was stored as text. */
export const patternOf = ({ source, flags }: { source: string; flags: string }): RegExp => new RegExp(source, flags);

/** Tells whether no repetition without bound lies in another one: such a pattern can take exponential time. */
export function isBounded(source: string): boolean {
  if (source.length > 2000) return false;
  const text = withoutClasses(source);
  /** Of each open group: whether its content repeats something without bound. */
  const groups = [false];
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '(') groups.push(false);
    else if (text[at] === ')') {
      const repeats = groups.pop() ?? false;
      const isRepeated = isUnbounded(text, at + 1);
      if (repeats && isRepeated) return false;
      if (repeats || isRepeated) groups[groups.length - 1] = true;
    } else if (isUnbounded(text, at)) groups[groups.length - 1] = true;
  }
  return true;
}

/** The pattern with a letter in place of each escape and each class of characters. */
function withoutClasses(source: string): string {
  let text = '';
  let inClass = false;
  for (let at = 0; at < source.length; at++) {
    const character = source[at] ?? '';
    const isEscape = character === '\\';
    if (isEscape) at++;
    if (inClass) inClass = isEscape || character !== ']';
    else {
      inClass = character === '[';
      text += isEscape || inClass ? 'x' : character;
    }
  }
  return text;
}

/** Tells whether a quantifier without an upper bound begins there. */
function isUnbounded(source: string, at: number): boolean {
  const character = source[at];
  if (character === '*' || character === '+') return true;
  return character === '{' && /^\{\d{1,9},\}/.test(source.slice(at, at + 12));
}
