// The request and the answer of each operation in SOAP: one element with the parts of its path, query and body as fields, and one with the
// answer as `result`.

import { factsOf, type Operation } from '../operation.ts';
import { conditionsOf } from '../versions/entity.ts';
import { capital } from './lines.ts';
import { type Field, type FieldsType, fieldsOf, xmlTypeOf, xmlTypeOfAny } from './xml-type.ts';

/** The places of a request of REST; `whole` is a body whose fields have free names, a condition a header field. */
type Place = 'path' | 'query' | 'body' | 'whole' | 'csv' | 'bytes' | 'condition';

export interface RequestField extends Field {
  place: Place;
  /** The name there. */
  property: string;
}

export interface RequestType extends FieldsType {
  fields: readonly RequestField[];
}

export interface Messages {
  request: RequestType;
  /** `result`, unless the operation answers with nothing; and the `etag` of a stored object. */
  answer: FieldsType;
}

/** Fields of lists that choose CSV, which is for REST. */
const ofCsv: ReadonlySet<string> = new Set(['format', 'separator']);

const known = new WeakMap<Operation, Messages>();

export function messagesOf(operation: Operation): Messages {
  const found = known.get(operation) ?? { request: requestOf(operation), answer: answerOf(operation) };
  known.set(operation, found);
  return found;
}

/** Names of fields are unique: one that is taken has its place in front. */
function requestOf(operation: Operation): RequestType {
  const { path, query, body, csv } = operation;
  const fields: RequestField[] = [];
  const add = (place: Place, given: readonly Field[]): void => {
    for (const field of given) {
      const isTaken = fields.some(({ name }) => name === field.name);
      const name = isTaken ? `${place}${capital(field.name)}` : field.name;
      fields.push({ ...field, name, place, property: field.name });
    }
  };
  add(
    'path',
    [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => plainField(name, 'text')),
  );
  if (query) add('query', csv ? fieldsOf(query).filter(({ name }) => !ofCsv.has(name)) : fieldsOf(query));
  if (body === 'bytes') add('bytes', [plainField('content', 'bytes', 'At most 3 MB; larger contents go by REST')]);
  else if (body) {
    const type = xmlTypeOf(body.json);
    const mayBeAbsent = body.optional === true || body.csv !== undefined;
    const given = type.kind === 'fields' ? type.fields : [{ ...plainField('body', 'text'), type }];
    const place = type.kind === 'fields' ? 'body' : 'whole';
    add(place, mayBeAbsent ? given.map(field => ({ ...field, isOptional: true })) : given);
    if (body.csv) add('csv', [optionalField('csv', `CSV instead: ${body.csv}`)]);
  }
  if (!factsOf(operation).isRead)
    add(
      'condition',
      conditionsOf(operation).map(({ name, description }) => optionalField(name, description)),
    );
  return { kind: 'fields', fields };
}

const optionalField = (name: string, description: string): Field => ({
  ...plainField(name, 'text', description),
  isOptional: true,
});

const plainField = (name: string, base: 'text' | 'bytes', description?: string): Field => ({
  name,
  type: { kind: 'simple', base },
  isOptional: false,
  isClearable: false,
  isNull: false,
  ...(description === undefined ? {} : { description }),
});

/** One type for all statuses: that of a success is told by the answer itself. */
function answerOf({ answers, entity }: Operation): FieldsType {
  const shapes = Object.values(answers);
  const schemas = shapes.flatMap(shape => (typeof shape === 'string' ? [] : [shape]));
  const text = shapes.includes('text') ? plainField('result', 'text') : undefined;
  const bytes = shapes.includes('bytes') ? plainField('result', 'bytes') : undefined;
  const json = schemas.length > 0 ? { ...plainField('result', 'text'), type: xmlTypeOfAny(schemas) } : undefined;
  const result = json ?? bytes ?? text;
  const etag = entity ? [optionalField('etag', 'The version, for ifMatch')] : [];
  if (!result) return { kind: 'fields', fields: etag };
  return { kind: 'fields', fields: [{ ...withoutClear(result), isOptional: shapes.includes('nothing') }, ...etag] };
}

/** In an answer null is a field that is left out. */
const withoutClear = (field: Field): Field =>
  JSON.parse(JSON.stringify(field), (name, value: unknown) => (name === 'isClearable' ? false : value)) as Field;
