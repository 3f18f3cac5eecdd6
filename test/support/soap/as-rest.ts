// A call that is written as for REST, carried by SOAP: for tests that try both.
import assert from 'node:assert/strict';
import type { Operation } from '../../../acs/north/operation.ts';
import { operations } from '../../../acs/north/operations.ts';
import type { TestApi } from '../acs/api.ts';
import { fieldsFrom, soapCall } from './api.ts';

interface RestCall {
  method: string;
  /** With its query. */
  url: string;
  body?: unknown;
  token?: string;
}

/** @returns the status that REST would answer, 200 for each success, and the envelope */
export async function callAsRest(
  api: TestApi,
  { method, url, body, token }: RestCall,
): Promise<{ status: number; text: string }> {
  const [where = '', asked = ''] = url.split('?');
  const found = operations
    .filter(operation => operation.method === method)
    .map(operation => ({ operation, path: pathOf(operation, where) }))
    .find(({ path }) => path !== undefined);
  assert.ok(found, `no operation ${method} ${where}`);
  const { operation, path = {} } = found;
  const parts = { path, query: queryOf(operation, asked), ...(body === undefined ? {} : { body }) };
  const init = token === undefined ? {} : { token };
  const { fault, xml } = await soapCall(api, operation.name, fieldsFrom(operation, parts), init);
  return { status: fault?.status ?? 200, text: xml };
}

/** The parameters of the path, if it is that of the operation. */
function pathOf({ path }: Operation, url: string): Record<string, string> | undefined {
  const [pattern, parts] = [path.split('/'), url.split('/')];
  const fits =
    pattern.length === parts.length && pattern.every((part, at) => part.startsWith(':') || part === parts[at]);
  if (!fits) return undefined;
  return Object.fromEntries(
    pattern.flatMap((part, at) => (part.startsWith(':') ? [[part.slice(1), decodeURIComponent(parts[at] ?? '')]] : [])),
  );
}

function queryOf({ query }: Operation, asked: string): Record<string, unknown> {
  const properties = (query?.properties ?? {}) as Record<string, { type?: string }>;
  return Object.fromEntries(
    [...new URLSearchParams(asked)].map(([name, text]) => {
      const { type } = properties[name] ?? {};
      if (type === 'boolean') return [name, text === 'true'];
      return [name, type === 'integer' || type === 'number' ? Number(text) : text];
    }),
  );
}
