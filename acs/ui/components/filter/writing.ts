// The place in a filter where its reader writes: a field, a comparison, a value, or what joins two comparisons.
import { readFilter, tokensOf } from '../../state/filter-text.ts';

export interface Writing {
  kind: 'field' | 'test' | 'value' | 'join';
  /** The text that is being written, from the begin of its comparison, for the vocabulary of the server. */
  prefix: string;
  /** Begin and end of what a completion replaces. */
  from: number;
  to: number;
  /** The begin of the comparison, after its field; the completions that change the comparison replace from there. */
  test: number;
  field: string;
  /** The begin of the value or word, without quotes. */
  begun: string;
  /** The filter before it, where it can be read: values are counted in what it finds. */
  filter: string | undefined;
}

const joins = new Set(['and', 'or', 'not']);
const tests = new Set(['=', '!=', '<', '<=', '>', '>=', 'like', 'in', 'exists']);

/** The begin of the comparison that is being written, and the filter before it. */
function comparisonAt(head: string): { begin: number; filter: string | undefined } {
  let begin = 0;
  let before = 0;
  let isAnd = false;
  let last = '';
  for (const { kind, text, column } of tokensOf(head).tokens) {
    const word = kind === 'word' ? text.toLowerCase() : '';
    const isOpen = kind === 'operator' && text === '(' && last !== 'in';
    // A word that is not followed by anything is still being written.
    if ((joins.has(word) && column - 1 + text.length < head.length) || isOpen) {
      begin = column - 1 + text.length;
      if (word !== 'not') {
        before = column - 1;
        isAnd = word === 'and';
      }
    }
    last = word === '' ? text : word;
  }
  const reading = isAnd ? readFilter(head.slice(0, before)) : undefined;
  return { begin, filter: reading?.kind === 'filter' ? reading.filter : undefined };
}

/** @param caret the place of the caret */
export function writingAt(text: string, caret: number): Writing {
  const head = text.slice(0, caret);
  const { begin, filter } = comparisonAt(head);
  const from = begin + (head.slice(begin).match(/^\s*/)?.[0].length ?? 0);
  const segment = head.slice(from);
  const { tokens, end } = tokensOf(segment);
  const [field, test] = tokens;
  const base = { prefix: segment, to: caret, filter, field: field?.text ?? '' };
  const fieldEnd = field ? field.column - 1 + field.text.length : segment.length;
  const rest = segment.slice(fieldEnd);
  if (!field || rest === '') return { ...base, kind: 'field', from, test: from, begun: segment };
  const testText = test?.kind === 'word' ? test.text.toLowerCase() : (test?.text ?? '');
  const testAt = from + (test ? test.column - 1 : segment.length);
  if (!test || !tests.has(testText) || (test.kind === 'word' && segment.endsWith(test.text)))
    return { ...base, kind: 'test', from: testAt, test: testAt, begun: segment.slice(testAt - from) };
  const last = tokens.at(-1);
  const isOpenText = end < segment.length;
  const isEnded =
    testText === 'exists' ||
    (tokens.length > 2 && !isOpenText && /\s$/.test(segment) && last?.text !== ',' && last?.text !== '(');
  if (isEnded) return { ...base, kind: 'join', from: caret, test: testAt, begun: '' };
  const isValue = last !== undefined && tokens.length > 2 && last.kind !== 'operator';
  const valueAt = isOpenText ? end : isValue ? last.column - 1 : segment.length;
  const begun = segment.slice(valueAt).replace(/^["']|["']$/g, '');
  return { ...base, kind: 'value', from: from + valueAt, test: testAt, begun };
}
