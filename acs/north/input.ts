// Checks of queries and bodies against the schemas of the operation; errors name the place.
import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { TObject, TSchema } from 'typebox';
import type { Validator } from 'typebox/compile';
import { clip } from '../../shared/clip.ts';
import { messageOf } from '../../shared/errors.ts';
import { UserError } from '../errors.ts';
import { gathered } from './bounded-bytes.ts';
import type { IncomingBytes, Operation } from './operation.ts';

/** Bytes of a JSON body. */
export const MAX_JSON = 4 * 1024 * 1024;
/** Characters of a wrong value that an error shows. */
const MAX_SHOWN = 60;

/** Schemas are compiled on first use: the compiler loads slowly, and most operations are never called. */
const compiled = new WeakMap<TSchema, Validator>();

export async function compile(schema: TSchema): Promise<Validator> {
  const known = compiled.get(schema);
  if (known) return known;
  const { Compile } = await import('typebox/compile');
  const validator = Compile(schema) as Validator;
  compiled.set(schema, validator);
  return validator;
}

const bad = (message: string, place?: string): UserError =>
  new UserError(400, 'bad-input', message, place === undefined ? {} : { place });

/** @throws UserError 400 */
async function checked(schema: TObject, value: unknown, place: string): Promise<Record<string, unknown>> {
  const validator = await compile(schema);
  if (validator.Check(value)) return value as Record<string, unknown>;
  const error = deepest(validator.Errors(value));
  const path = error.instancePath.split('/').slice(1).map(fromPointer);
  const where = [place, ...path].join('.');
  const { additionalProperties: extra, allowedValues } = error.params as {
    additionalProperties?: string[];
    allowedValues?: unknown[];
  };
  if (extra) {
    const known = Object.keys((path.length ? {} : schema.properties) as object);
    throw bad(
      `${where}: unknown field ${extra.join(', ')}${known.length ? ` (known: ${known.join(', ')})` : ''}`,
      where,
    );
  }
  const choices = choicesAt(schema, path) ?? allowedValues;
  refuseUnknownForm(formsAt(schema, path), valueAt(value, path), where);
  throw bad(`${where}: ${choices ? wrongChoice(choices, valueAt(value, path)) : error.message}`, where);
}

/** Names the value, as far as it is short: no secret is one of several constants. */
const wrongChoice = (choices: readonly unknown[], value: unknown): string =>
  `must be one of ${choices.join(', ')}${isScalar(value) ? `, not ${clip(JSON.stringify(value), MAX_SHOWN)}` : ''}`;

const isScalar = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value);

const valueAt = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], value);

interface Complaint {
  instancePath: string;
  message: string;
  params: unknown;
}

/** The most precise error: each branch of a union reports one, and the deepest says most. "schema is false" is reported better by the object around it. */
function deepest(all: readonly Complaint[]): Complaint {
  const complaints = all.filter(complaint => complaint.message !== 'schema is false');
  const depth = (complaint: Complaint): number => complaint.instancePath.split('/').length;
  const [first, ...rest] = complaints;
  return rest.reduce(
    (best, next) => (depth(next) > depth(best) ? next : best),
    first ?? { instancePath: '', message: 'not valid', params: {} },
  );
}

/** JSON Pointer (RFC 6901 3). */
const fromPointer = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~');

/** The parts of a JSON Schema that lead to the schema of a value within. */
interface Within {
  const?: unknown;
  anyOf?: readonly Within[];
  items?: Within;
  properties?: Readonly<Record<string, Within>>;
  patternProperties?: Readonly<Record<string, Within>>;
  required?: readonly string[];
}

/** The schemas that a value at the path may fit, the branches of each union apart. */
function schemasAt(schema: Within, [part, ...rest]: readonly string[]): readonly Within[] {
  if (schema.anyOf) return schema.anyOf.flatMap(branch => schemasAt(branch, part === undefined ? [] : [part, ...rest]));
  if (part === undefined) return [schema];
  const { items, properties, patternProperties = {} } = schema;
  const own = properties && Object.hasOwn(properties, part) ? [properties[part] as Within] : undefined;
  const next = own ?? [...(items ? [items] : []), ...Object.values(patternProperties)];
  return next.flatMap(inner => schemasAt(inner, rest));
}

/** The constants that are allowed at a path, if nothing else is. */
function choicesAt(schema: TObject, path: readonly string[]): unknown[] | undefined {
  const constants = schemasAt(schema as Within, path).map(option => option.const);
  return constants.length > 0 && constants.every(constant => constant !== undefined) ? constants : undefined;
}

/** The objects of which a value at a path may be one, if it may be of several and of nothing else. */
function formsAt(schema: TObject, path: readonly string[]): readonly Within[] {
  const forms = schemasAt(schema as Within, path);
  return forms.length > 1 && forms.every(({ properties }) => properties !== undefined) ? forms : [];
}

/** The errors of the forms of a union tell what each of them lacks, and none tells that no form was meant. @throws UserError 400 */
function refuseUnknownForm(forms: readonly Within[], value: unknown, where: string): void {
  if (forms.length === 0 || typeof value !== 'object' || value === null || Array.isArray(value)) return;
  const known = new Set(forms.flatMap(({ properties = {} }) => Object.keys(properties)));
  const extra = Object.keys(value).filter(name => !known.has(name));
  if (extra.length > 0)
    throw bad(`${where}: unknown field ${extra.join(', ')} (known: ${[...known].join(', ')})`, where);
  const needed = [...new Set(forms.flatMap(({ required = [] }) => required))];
  if (!needed.some(name => Object.hasOwn(value, name)))
    throw bad(`${where}: one of these is expected: ${needed.join(', ')}`, where);
}

/** Converts query values to the numbers and booleans of the schema, and checks them. @throws UserError 400 */
export async function readQuery(
  operation: Operation,
  query: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const properties = (operation.query?.properties ?? {}) as Record<string, { type?: string }>;
  for (const [name, value] of Object.entries(query)) {
    if (!operation.query) throw bad(`query: unknown field ${name}; ${operation.name} takes none`);
    refuseNul(`query.${name}`, String(value));
  }
  if (!operation.query) return {};
  const values = Object.entries(query).map(([name, value]) => {
    const { type } = properties[name] ?? {};
    const numeric = (type === 'number' || type === 'integer') && typeof value === 'string' && value.trim() !== '';
    if (type === 'boolean' && (value === 'true' || value === 'false')) return [name, value === 'true'];
    return [name, numeric && Number.isFinite(Number(value)) ? Number(value) : value];
  });
  return await checked(operation.query, Object.fromEntries(values), 'query');
}

/** NUL ends a text in many programs. @throws UserError 400 */
export function refuseNul(place: string, text: string): void {
  if (text.includes('\0')) throw bad(`${place}: text must not contain NUL`);
}

/** The connection stays open when the operation stops reading, so that it can answer. */
function incoming(raw: IncomingMessage): IncomingBytes {
  const announced = Number(raw.headers['content-length'] ?? Number.NaN);
  const content = raw.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  return Number.isSafeInteger(announced) ? { content, announced } : { content };
}

/** The operation reads its body by itself, as it comes. */
export const isStreamed = ({ body }: Pick<Operation, 'body'>): boolean =>
  body === 'bytes' || (typeof body === 'object' && body.csv !== undefined);

/** @throws UserError 413 */
async function wholeBody(operation: Operation, { body, raw }: FastifyRequest): Promise<Buffer> {
  if (Buffer.isBuffer(body)) return body;
  if (!isStreamed(operation)) return Buffer.alloc(0);
  const reason = `the body exceeds the limit of this operation: ${MAX_JSON} bytes`;
  return await gathered(incoming(raw).content, MAX_JSON, () => new UserError(413, 'too-large', reason));
}

/** @throws UserError 400, 413, 415 */
export async function readBody(operation: Operation, request: FastifyRequest, contentType: string): Promise<unknown> {
  const { body } = operation;
  if (body === undefined) return undefined;
  if (body === 'bytes' || (body.csv && /csv/i.test(contentType))) return incoming(request.raw);
  const bytes = await wholeBody(operation, request);
  const text = new TextDecoder('utf-8', { fatal: true });
  let decoded: string;
  try {
    decoded = text.decode(bytes);
  } catch {
    throw bad('the body is not UTF-8');
  }
  refuseNul('body', decoded);
  if (body.optional && decoded.trim() === '') return undefined;
  if (decoded.trim() === '') throw new UserError(400, 'bad-json', 'the body is empty; JSON is expected');
  let value: unknown;
  try {
    value = JSON.parse(decoded);
  } catch (error) {
    throw new UserError(400, 'bad-json', `the body is not JSON: ${messageOf(error)}`);
  }
  if (/(?<!\\)(\\\\)*\\u0000/.test(decoded)) throw bad('body: text must not contain NUL');
  return await checkedBody(body, value);
}

/** @throws UserError 400 */
export const checkedBody = async ({ json }: { json: TObject }, value: unknown): Promise<Record<string, unknown>> =>
  await checked(json, value, 'body');
