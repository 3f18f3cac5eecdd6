// Arguments of the calls on the command line: NAME=VALUE pairs, and the bodies that they make.
import { readFile } from 'node:fs/promises';
import { UsageError } from '../../../shared/config.ts';
import { messageOf } from '../../../shared/errors.ts';
import type { Operation } from '../../north/operation.ts';
import type { ApiCall } from './api-client.ts';

/** @throws UsageError */
export function pairOf(argument: string): [name: string, value: string] {
  const at = argument.indexOf('=');
  if (at > 0) return [argument.slice(0, at), argument.slice(at + 1)];
  throw new UsageError(`'${argument}' is not NAME=VALUE; see --help`);
}

/** A value as JSON where it is some, otherwise as text. */
function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // A plain word is a text.
    return text;
  }
}

/** The call that pairs make: parts of the path and of the query by their names, all others are fields of the body. @throws UsageError */
export async function callOf(
  { name, path, query, body: shape }: Operation,
  pairs: readonly string[],
  given: string | undefined,
): Promise<ApiCall> {
  const inPath = new Set([...path.matchAll(/:(\w+)/g)].map(([, part]) => part));
  const inQuery = new Set(Object.keys(query?.properties ?? {}));
  const params: Record<string, string> = {};
  const asked: Record<string, string> = {};
  const fields: Record<string, unknown> = {};
  for (const [key, value] of pairs.map(pairOf)) {
    if (inPath.has(key)) params[key] = value;
    else if (inQuery.has(key)) asked[key] = value;
    else if (shape !== undefined && shape !== 'bytes') fields[key] = jsonOrText(value);
    else throw new UsageError(`${name} takes no '${key}'; known: ${[...inPath, ...inQuery].join(', ')}`);
  }
  const missing = [...inPath].find(part => part !== undefined && params[part] === undefined);
  if (missing) throw new UsageError(`${name}: ${missing}=… is missing`);
  const body = given === undefined ? undefined : await bodyOf(given);
  if (body !== undefined) return { params, query: asked, body };
  return { params, query: asked, ...(Object.keys(fields).length > 0 ? { body: fields } : {}) };
}

/** @param given JSON, or `@FILE` for its content @throws UsageError */
async function bodyOf(given: string): Promise<unknown> {
  if (!given.startsWith('@')) return jsonOrText(given);
  try {
    const bytes = await readFile(given.slice(1));
    return /\.json$/.test(given) ? jsonOrText(bytes.toString('utf8')) : bytes;
  } catch (error) {
    throw new UsageError(`--body: ${messageOf(error)}`);
  }
}
