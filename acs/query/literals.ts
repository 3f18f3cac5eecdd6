// Literals of the filter language, fitted to the field that they are compared with.

import { livenessStates } from '../device/liveness.ts';
import { deviceStates } from '../device/row.ts';
import { UserError } from '../errors.ts';
import { isoTime, type Literal } from './compare.ts';
import type { Field } from './filter.ts';
import { badFilter, type Token, where } from './lexer.ts';
import { versionKey } from './version-key.ts';

const HOUR = 3_600_000;
const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: HOUR, d: 24 * HOUR, w: 168 * HOUR };
const states: ReadonlySet<string> = new Set(deviceStates);

/** `15m` as milliseconds. @throws UserError 400 */
export function durationOf(text: string): number {
  const unit = units[text.replace(/^[\d.]+/, '')];
  const count = Number.parseFloat(text);
  if (unit === undefined || Number.isNaN(count))
    throw new UserError(400, 'bad-duration', `"${text}" is not a duration such as 30s, 5m, 1h or 2d`);
  return Math.round(count * unit);
}

/** The literal of a token, before it is fitted to its field. */
export function plainLiteral(token: Token, sign: string): Literal {
  const word = token.kind === 'word' ? token.text.toLowerCase() : '';
  if (token.kind === 'number') return { as: 'number', number: Number(sign + token.text) };
  if (sign) throw badFilter('a number is expected after "-"', token.column);
  if (token.kind === 'text') return { as: 'text', text: token.text };
  if (word === 'true' || word === 'false') return { as: 'flag', flag: word === 'true' };
  if (token.kind === 'time') return { as: 'time', at: timeOf(token.text, token.column) };
  if (token.kind === 'word') throw badFilter(`"${token.text}" must be in quotes`, token.column);
  throw badFilter(`a value is expected ${where(token)}`, token.column);
}

function timeOf(text: string, column: number): number {
  const at = isoTime(text);
  if (at === undefined) throw badFilter(`"${text}" is not a time such as 2026-01-31T12:00:00Z`, column);
  return at;
}

/** A literal in the text of a filter, before it is fitted to its field. */
interface FoundLiteral {
  field: Field;
  found: Literal;
  /** As written; a text without its quotes. */
  written: string;
  /** It is compared by order. */
  ordered: boolean;
  column: number;
}

/** The literal as what its field is compared as. @throws UserError 400 `bad-filter` */
export function fitLiteral(literal: FoundLiteral): Literal {
  const { field, found, written, ordered, column } = literal;
  switch (field.kind) {
    case 'time':
    case 'faultTime':
      return timeLiteral(literal);
    case 'number':
      if (found.as !== 'number' || !Number.isFinite(found.number))
        throw badFilter(`"${field.name}" takes a number`, column);
      return found;
    case 'flag':
      if (found.as !== 'flag' || ordered) throw badFilter(`"${field.name}" is true or false`, column);
      return found;
    case 'state':
      if (!states.has(written)) throw badFilter(`"state" is one of ${[...states].join(', ')}`, column);
      return orderless(literal);
    case 'liveness':
      if (!(livenessStates as readonly string[]).includes(written))
        throw badFilter(`"liveness" is one of ${livenessStates.join(', ')}`, column);
      return orderless(literal);
    case 'tag':
      return orderless(literal);
    case 'text':
    case 'fault':
    case 'anySite':
      return { as: 'text', text: written };
    case 'version':
      if (versionKey(written) !== '') return { as: 'version', text: written };
      return orderless(literal);
    default:
      return valueLiteral(literal);
  }
}

function timeLiteral({ field, found, column }: FoundLiteral): Literal {
  if (found.as === 'time') return found;
  if (found.as === 'text') return { as: 'time', at: timeOf(found.text, column) };
  if (found.as === 'number' && Number.isFinite(found.number)) return { as: 'time', at: found.number };
  if (field.name === 'rolloutWave') throw badFilter(`"${field.name}" takes a number`, column);
  throw badFilter(`"${field.name}" takes a time: now - 1h, or 2026-01-31T12:00:00Z`, column);
}

/** As text, which has no order. */
function orderless({ field, written, ordered, column }: FoundLiteral): Literal {
  if (!ordered) return { as: 'text', text: written };
  const why = field.kind === 'version' ? 'a version holds a number' : `"${field.name}" has no order`;
  throw badFilter(why, column);
}

/** Parameter and site values are texts of unknown type: the literal decides. A number or a time compares by value, the rest as text. */
function valueLiteral({ field, found, written, ordered, column }: FoundLiteral): Literal {
  if (found.as === 'number' && Number.isNaN(found.number)) {
    if (!ordered) return { as: 'text', text: written };
    return { as: 'version', text: written };
  }
  if (found.as === 'flag' && ordered) throw badFilter('true and false have no order', column);
  const isText = found.as === 'text' || found.as === 'number';
  if (isText && ordered && /Version$/.test(field.name) && versionKey(written) !== '')
    return { as: 'version', text: written };
  return found;
}
