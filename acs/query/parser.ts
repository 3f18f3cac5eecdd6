// The parser of the filter language: text → filter.
import type { Literal, Operator } from './compare.ts';
import { factField, ofFact } from './fact-filter.ts';
import { factNamed } from './facts.ts';
import { anyFault, type Field, type Filter, fields, searchFilter } from './filter.ts';
import { badFilter, type Token, tokenize, where } from './lexer.ts';
import { durationOf, fitLiteral, plainLiteral } from './literals.ts';

const operators: ReadonlySet<string> = new Set(['=', '!=', '<', '<=', '>', '>=']);
const MAX_DEPTH = 64;

/** One field by its name, as after `by`. @throws UserError 400 `bad-filter` */
export function parseField(text: string): Field {
  const tokens = new Tokens(text);
  const field = fieldFrom(tokens);
  const rest = tokens.peek();
  if (rest.kind !== 'end') throw badFilter(`the end is expected before "${rest.text}"`, rest.column);
  return field;
}

/** The filters of presets by their names; undefined for a preset that is not there. */
export type PresetFilters = (name: string) => Filter | undefined;

/**
 * @param presets for `preset = "name"`, which stands for the filter of that preset; without it the field is refused, and so are
 *   `job`, `jobState` and `jobCode`
 * @throws UserError 400 `bad-filter`; its message and `detail.column` say where (columns count from 1)
 */
export function parseFilter(text: string, presets?: PresetFilters): Filter {
  return parseWhole(text, tokens => parseComparison(tokens, presets));
}

/**
 * The filter of a list of other things than devices.
 * @param known the fields of the list by their names
 * @throws UserError 400 `bad-filter` as for devices
 */
export function parseFilterOver(text: string, known: Readonly<Record<string, Field>>): Filter {
  const texts = Object.values(known).filter(({ kind }) => kind === 'text');
  return parseWhole(text, tokens => parseSearch(tokens, texts) ?? parseTestOf(tokens, knownField(tokens, known)));
}

function parseWhole(text: string, parseOne: (tokens: Tokens) => Filter): Filter {
  const tokens = new Tokens(text);
  const filter = new FilterParser(tokens, parseOne).parseAny();
  const rest = tokens.peek();
  if (rest.kind !== 'end') throw badFilter(`"and", "or" or the end is expected ${where(rest)}`, rest.column);
  return filter;
}

function knownField(tokens: Tokens, known: Readonly<Record<string, Field>>): Field {
  const { kind, text, column } = tokens.take();
  const field = kind === 'word' && Object.hasOwn(known, text) ? known[text] : undefined;
  if (field) return field;
  const names = Object.keys(known).join(', ');
  if (kind === 'end') throw badFilter(`a field is expected at the end: one of ${names}`, column);
  throw badFilter(`unknown field "${text.slice(0, 100)}": one of ${names}`, column);
}

/** The tokens of a filter, taken one after the other. */
class Tokens {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = tokenize(text);
  }

  peek(): Token {
    return this.#tokens[this.#at]!;
  }

  /** The last one, which is the end, is taken again and again. */
  take(): Token {
    const token = this.peek();
    if (this.#at < this.#tokens.length - 1) this.#at++;
    return token;
  }

  isWord(word: string): boolean {
    const { kind, text } = this.peek();
    return kind === 'word' && text.toLowerCase() === word;
  }

  isSign(sign: string): boolean {
    const { kind, text } = this.peek();
    return kind === 'operator' && text === sign;
  }

  /** Takes the next token if it is this word or sign. */
  accept(word: string): boolean {
    const isNext = this.isWord(word) || this.isSign(word);
    if (isNext) this.#at++;
    return isNext;
  }

  expectSign(sign: string): void {
    if (!this.accept(sign)) throw badFilter(`"${sign}" is expected ${where(this.peek())}`, this.peek().column);
  }
}

class FilterParser {
  readonly #tokens: Tokens;
  readonly #parseOne: (tokens: Tokens) => Filter;
  #depth = 0;

  /** @param parseOne takes one comparison */
  constructor(tokens: Tokens, parseOne: (tokens: Tokens) => Filter) {
    this.#tokens = tokens;
    this.#parseOne = parseOne;
  }

  parseAny(): Filter {
    if (++this.#depth > MAX_DEPTH) throw badFilter('too deeply nested', this.#tokens.peek().column);
    const found = this.#chain('or', () => this.#chain('and', () => this.#parseTerm()));
    this.#depth--;
    return found;
  }

  #chain(op: 'and' | 'or', next: () => Filter): Filter {
    const first = next();
    const of = [first];
    while (this.#tokens.accept(op)) of.push(next());
    return of.length === 1 ? first : { op, of };
  }

  #parseTerm(): Filter {
    let negated = false;
    while (this.#tokens.accept('not')) negated = !negated;
    let term: Filter;
    if (this.#tokens.accept('(')) {
      term = this.parseAny();
      this.#tokens.expectSign(')');
    } else term = this.#parseOne(this.#tokens);
    return negated ? { op: 'not', of: term } : term;
  }
}

function parseComparison(tokens: Tokens, presets: PresetFilters | undefined): Filter {
  const special =
    parseSearch(tokens) ?? parsePreset(tokens, presets) ?? parseJob(tokens, presets !== undefined) ?? parseFact(tokens);
  if (special) return special;
  const field = fieldFrom(tokens);
  const found = parseTestOf(tokens, field);
  return field === anyFault ? ofAnyFault(found) : found;
}

/** The same comparison of the cause and of the code: one of the two fits; for the opposite, neither does. */
function ofAnyFault(filter: Filter): Filter {
  if (filter.op === 'not') return { op: 'not', of: ofAnyFault(filter.of) };
  if (!('field' in filter) || filter.op === 'exists') return filter;
  if (filter.op === 'compare' && filter.test === '!=') return { op: 'not', of: ofAnyFault({ ...filter, test: '=' }) };
  return { op: 'or', of: [filter, { ...filter, field: fields.faultCode as Field }] };
}

function parseTestOf(tokens: Tokens, field: Field): Filter {
  const next = tokens.peek();
  if (next.kind === 'operator' && operators.has(next.text)) {
    tokens.take();
    return comparison(field, next, parseLiteral(tokens, field, next.text !== '=' && next.text !== '!='));
  }
  const negated = tokens.accept('not');
  const test = parseTest(tokens, field);
  if (!test) {
    if (field.kind === 'flag' && !negated) return flagIs(field, true);
    if ((field.kind === 'number' || field === anyFault) && !negated) return { op: 'exists', field };
    const { kind, text, column } = tokens.peek();
    const found = kind === 'end' ? 'the end' : `"${text}"`;
    throw badFilter(`a comparison (= != < <= > >= in like exists) is expected before ${found}`, column);
  }
  return negated ? { op: 'not', of: test } : test;
}

/** `search "text"`, `find "text"` or `find like "pattern"`; undefined where neither is next. A MAC address is found without its signs too. */
function parseSearch(tokens: Tokens, among?: readonly Field[]): Filter | undefined {
  if (!tokens.accept('search') && !tokens.accept('find')) return undefined;
  const isPattern = tokens.accept('like');
  const { kind, text, column } = tokens.take();
  if (kind !== 'text' || text === '') throw badFilter('a text in quotes is expected to search for', column);
  if (isPattern) return searchFilter(text, among);
  const found = searchFilter(anywhere(text), among);
  const octets = text.split(/[:-]/);
  const isAddress = !among && octets.length > 2 && octets.every(octet => /^[\da-f]{2}$/i.test(octet));
  return isAddress ? { op: 'or', of: [found, searchFilter(anywhere(octets.join('')))] } : found;
}

const anywhere = (text: string): string => `%${text.replace(/[\\%_]/g, '\\$&')}%`;

/** `preset = "name"`, `preset != "name"` or `preset in ("a", "b")`; undefined where it is not next. */
function parsePreset(tokens: Tokens, presets: PresetFilters | undefined): Filter | undefined {
  const { column } = tokens.peek();
  if (!tokens.accept('preset')) return undefined;
  if (!presets) throw badFilter('"preset" is a field of searches for devices alone', column);
  return parseNames(tokens, 'preset', () => presetNamed(tokens.take(), presets));
}

/** With the word for a value of each. */
const jobFields = { job: 'job', jobState: 'state', jobCode: 'reason code' } as const;

/** The same with `job`, `jobState` and `jobCode`. @param isAllowed the search knows jobs */
function parseJob(tokens: Tokens, isAllowed: boolean): Filter | undefined {
  const { column } = tokens.peek();
  const name = (Object.keys(jobFields) as (keyof typeof jobFields)[]).find(field => tokens.accept(field.toLowerCase()));
  if (!name) return undefined;
  if (!isAllowed) throw badFilter(`"${name}" is a field of searches for devices alone`, column);
  return parseNames(tokens, name, () => {
    const { kind, text, column: at } = tokens.take();
    if (kind !== 'text') throw badFilter(`a ${jobFields[name]} in quotes is expected`, at);
    return { op: 'compare', field: { kind: 'job', name }, test: '=', value: { as: 'text', text } };
  });
}

/** A comparison of a fact; undefined where none is next. */
function parseFact(tokens: Tokens): Filter | undefined {
  const { kind, text } = tokens.peek();
  const fact = kind === 'word' ? factNamed(text) : undefined;
  if (!fact) return undefined;
  tokens.take();
  return ofFact(parseTestOf(tokens, factField(text, fact)), fact);
}

/** The comparisons of a field whose values are names. @param one takes a name */
function parseNames(tokens: Tokens, field: string, one: () => Filter): Filter {
  if (tokens.accept('=')) return one();
  if (tokens.accept('!=')) return { op: 'not', of: one() };
  const negated = tokens.accept('not');
  if (!tokens.accept('in')) throw badFilter(`"${field}" is compared by = != or in`, tokens.peek().column);
  tokens.expectSign('(');
  const of = [one()];
  while (tokens.accept(',')) of.push(one());
  tokens.expectSign(')');
  return negated ? { op: 'not', of: { op: 'or', of } } : { op: 'or', of };
}

function presetNamed({ kind, text, column }: Token, presets: PresetFilters): Filter {
  if (kind !== 'text') throw badFilter('the name of a preset in quotes is expected', column);
  const filter = presets(text);
  if (!filter) throw badFilter(`there is no preset "${text.slice(0, 64)}"`, column);
  return filter;
}

/** `exists`, `like` or `in`; undefined where none of them is next. */
function parseTest(tokens: Tokens, field: Field): Filter | undefined {
  const { column } = tokens.peek();
  if (tokens.accept('exists')) {
    if (field.kind === 'flag') throw badFilter(`"${field.name}" is true or false`, column);
    return { op: 'exists', field };
  }
  if (tokens.accept('like')) {
    const pattern = tokens.take();
    if (pattern.kind !== 'text') throw badFilter('"like" takes a text in quotes', pattern.column);
    if (['time', 'flag', 'number', 'faultTime'].includes(field.kind))
      throw badFilter(`"${field.name}" is not a text`, column);
    return { op: 'like', field, pattern: pattern.text };
  }
  if (!tokens.accept('in')) return undefined;
  tokens.expectSign('(');
  const values = [parseLiteral(tokens, field, false)];
  while (tokens.accept(',')) values.push(parseLiteral(tokens, field, false));
  tokens.expectSign(')');
  return { op: 'in', field, values };
}

/** @param ordered it is compared by order: `<`, `<=`, `>` or `>=` */
function parseLiteral(tokens: Tokens, field: Field, ordered: boolean): Literal {
  const { column } = tokens.peek();
  if (tokens.isWord('now')) {
    tokens.take();
    return fitLiteral({ field, found: { as: 'time', now: parseOffset(tokens) }, written: 'now', ordered, column });
  }
  const sign = tokens.accept('-') ? '-' : '';
  const token = tokens.take();
  return fitLiteral({ field, found: plainLiteral(token, sign), written: sign + token.text, ordered, column });
}

/** Milliseconds after `now`, signed. */
function parseOffset(tokens: Tokens): number {
  const sign = tokens.isSign('+') ? 1 : tokens.isSign('-') ? -1 : 0;
  if (sign === 0) return 0;
  tokens.take();
  const token = tokens.take();
  if (token.kind !== 'duration') throw badFilter('a duration such as 30s, 5m, 1h or 2d is expected', token.column);
  return sign * durationOf(token.text);
}

function fieldFrom(tokens: Tokens): Field {
  const token = tokens.take();
  const { text, column } = token;
  if (token.kind === 'end') throw badFilter('a field is expected at the end', column);
  if (token.kind !== 'word') throw badFilter(`a field is expected before "${text}"`, column);
  const known = Object.hasOwn(fields, text) ? fields[text] : undefined;
  if (known) return known;
  if (text.startsWith('site.')) {
    const name = text === 'site.' ? quotedName(tokens) : text.slice(5);
    if (!name) throw badFilter('a name is expected after "site."', column);
    return { kind: 'site', name };
  }
  if (/^\w+(\.(\w+|\*))+$/.test(text)) return { kind: 'path', name: text };
  if (text.endsWith('.')) throw badFilter(`"${text}" is a partial path: name one parameter`, column);
  const close = Object.keys(fields).find(name => name.toLowerCase() === text.toLowerCase());
  const advice = close ? `did you mean "${close}"?` : `a field of the site is written site.${text}`;
  throw badFilter(`unknown field "${text}": ${advice}`, column);
}

/** The name in `site."NAME"`. */
const quotedName = (tokens: Tokens): string | undefined =>
  tokens.peek().kind === 'text' ? tokens.take().text : undefined;

function comparison(field: Field, operator: Token, value: Literal): Filter {
  if (value.as === 'flag' && field.kind === 'flag')
    return flagIs(field, operator.text === '=' ? value.flag : !value.flag);
  return { op: 'compare', field, test: operator.text as Operator, value };
}

const flagIs = (field: Field, flag: boolean): Filter => ({
  op: 'compare',
  field,
  test: '=',
  value: { as: 'flag', flag },
});
