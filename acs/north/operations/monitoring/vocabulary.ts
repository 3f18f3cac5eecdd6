// The operation that completes filters while they are written.
import { factNamed, facts } from '../../../query/facts.ts';
import { fields } from '../../../query/filter.ts';
import { parseField } from '../../../query/parser.ts';
import { quotedText } from '../../../query/quote.ts';
import { deviceFacets } from '../../lists/facets.ts';
import { type CallContext, type Operation, type OperationInput, type OperationOutput, ok } from '../../operation.ts';
import * as schemas from '../../schemas/monitoring/vocabulary.ts';

/** The words of the filter language beside fields, each with an example. */
const functions = [
  { name: 'and', form: 'lost and tag = "vip"' },
  { name: 'or', form: 'late or lost' },
  { name: 'not', form: 'not online' },
  { name: 'in', form: 'firmware in ("49.1", "49.2")' },
  { name: 'like', form: 'serial like "0090%"' },
  { name: 'exists', form: 'site.name exists' },
  { name: 'search', form: 'search "vienna"' },
  { name: 'preset', form: 'preset = "base"' },
  { name: 'job', form: 'job = "interval"' },
  { name: 'jobState', form: 'job = "interval" and jobState = "failed"' },
  { name: 'jobCode', form: 'job = "interval" and jobCode = "fault-9007"' },
  { name: 'now', form: 'lastInform < now - 1h' },
] as const;

interface VocabularyInput {
  prefix?: string;
  filter?: string;
  limit?: number;
}

/** A field with an operator, and the begin of a value; undefined where no operator follows yet. */
function valuePosition(prefix: string): { field: string; begin: string } | undefined {
  const at = prefix.search(/[=<>!]|\slike\s|\sin\s/);
  if (at < 0) return undefined;
  const rest = prefix.slice(at).trimStart();
  const operator = /^(?:!=|<=|>=|=|<|>|like|in)/.exec(rest)?.[0] ?? '';
  const begin = rest.slice(operator.length).split(',').at(-1) ?? '';
  return {
    field: prefix.slice(0, at).trim(),
    begin: begin.trimStart().replace(/^\(/, '').trimStart().replace(/^["']/, ''),
  };
}

/** @throws UserError 400 for a bad field or filter; 403 for what the caller may not read */
async function valuesOf(
  { field, begin }: { field: string; begin: string },
  { filter, limit = 50 }: VocabularyInput,
  context: CallContext,
): Promise<{ value: string; count: number }[]> {
  if (factNamed(field)) return []; // Devices are not counted by facts.
  parseField(field);
  // The store looks for a text without wildcards, so that rare values are found too.
  const isPlain =
    begin !== '' && !/[%_]/.test(begin) && fields[field]?.kind !== 'flag' && fields[field]?.kind !== 'number';
  const parts = [...(filter ? [`(${filter})`] : []), ...(isPlain ? [`${field} like ${quotedText(`${begin}%`)}`] : [])];
  const asked = { by: field, top: limit, ...(parts.length > 0 ? { filter: parts.join(' and ') } : {}) };
  const { facets } = (await deviceFacets(asked, context)) as {
    facets: Record<string, { values: { value: string; count: number }[] }>;
  };
  return (facets[field]?.values ?? []).filter(({ value }) => value.toLowerCase().startsWith(begin.toLowerCase()));
}

async function getVocabulary(input: OperationInput, context: CallContext): Promise<OperationOutput> {
  const { fleet, caller } = context;
  const query = input.query as VocabularyInput;
  const { prefix = '', filter, limit = 50 } = query;
  if (filter) caller.readable(filter);
  const position = valuePosition(prefix);
  if (position) {
    const values = await valuesOf(position, query, context);
    return ok({ field: position.field, fields: [], functions: [], paths: [], values });
  }
  const begins = (name: string): boolean => name.toLowerCase().startsWith(prefix.toLowerCase());
  const { vocabulary } = fleet.overview;
  const siteFields = (await vocabulary.siteNames(filter, caller)).map(name => ({
    name: `site.${/^\w+$/.test(name) ? name : quotedText(name)}`,
    type: 'site',
  }));
  const named = Object.entries({ ...fields, ...facts }).map(([name, { kind }]) => ({ name, type: kind }));
  return ok({
    fields: [...named, ...siteFields].filter(({ name }) => begins(name)).slice(0, limit),
    functions: functions.filter(({ name }) => begins(name)),
    paths: prefix === '' ? [] : await vocabulary.paths(prefix, filter, caller, limit),
    values: [],
  });
}

export const vocabulary: readonly Operation[] = [
  {
    name: 'getVocabulary',
    summary: 'Completes a filter: fields, functions, paths of the fitting models, and values with counts',
    method: 'GET',
    path: '/vocabulary',
    role: 'viewer',
    scope: 'devices',
    parameters: 'checked',
    query: schemas.vocabularyQuery,
    answers: { 200: schemas.vocabulary },
    run: getVocabulary,
  },
];
