// Comparisons of facts in filters: each becomes one of the parameters that may tell the fact, so that stores know nothing of facts.
import type { Literal } from './compare.ts';
import { type Fact, type FactKind, lineStates } from './facts.ts';
import type { Atom, Field, Filter } from './filter.ts';

const kinds: Readonly<Record<FactKind, Field['kind']>> = {
  text: 'text',
  address: 'text',
  state: 'text',
  number: 'number',
  flag: 'flag',
  time: 'time',
};

/** The field by which literals are fitted to the fact. */
export const factField = (name: string, { kind }: Fact): Field => ({ kind: kinds[kind], name });

/** The test of a fact as tests of its parameters: one of them passes; for the opposite, none does. */
export function ofFact(filter: Filter, fact: Fact): Filter {
  if (filter.op === 'not') return { op: 'not', of: ofFact(filter.of, fact) };
  if (!('field' in filter)) return filter;
  if (filter.op === 'compare' && filter.test === '!=') return { op: 'not', of: ofFact({ ...filter, test: '=' }, fact) };
  const test = fact.kind === 'state' ? inWords(filter) : filter;
  return { op: 'or', of: fact.sources.map(({ path }) => ({ ...test, field: { kind: 'path', name: path } })) };
}

/** The test in the words that devices have for the state. */
function inWords(atom: Atom): Atom {
  if (atom.op === 'compare' && atom.test === '=') return { op: 'in', field: atom.field, values: wordsOf(atom.value) };
  return atom.op === 'in' ? { ...atom, values: atom.values.flatMap(wordsOf) } : atom;
}

function wordsOf(value: Literal): Literal[] {
  const words = value.as === 'text' && Object.hasOwn(lineStates, value.text) ? lineStates[value.text] : undefined;
  return words ? words.map(text => ({ as: 'text', text })) : [value];
}
