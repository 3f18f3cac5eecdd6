// Calls of the ACS's API under the cookie of the session.
import { signal } from '@preact/signals';
import { Problem } from './problem.ts';

export const BASE = '/api/v1';

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface CallOptions {
  query?: Query;
  /** Sent as JSON; a text, a blob or a form as it is. */
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal | undefined;
}

/** An answer with its entity tag, for the If-Match of a change. */
export interface Answer<T> {
  value: T;
  etag: string | undefined;
}

/** Counts answers with 401: the session has ended, or there was none. */
export const refusals = signal(0);

/** The path and query of a call, for links and for curl. */
export function urlOf(path: string, query: Query = {}): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined);
  const text = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString();
  return `${BASE}${path}${text && `?${text}`}`;
}

/** @throws Problem for an answer that is no success, and for none; AbortError when `signal` aborts */
export async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  return (await callTagged<T>(method, path, options)).value;
}

/** @throws Problem, AbortError */
export async function callTagged<T>(method: string, path: string, options: CallOptions = {}): Promise<Answer<T>> {
  const answer = await send(method, path, options);
  const text = await answer.text();
  const value = (text === '' ? undefined : parsed(answer, text)) as T;
  return { value, etag: answer.headers.get('etag') ?? undefined };
}

/** The answer itself, for bodies that are read in parts. @throws Problem, AbortError */
export async function send(
  method: string,
  path: string,
  { query, body, headers, signal: stop }: CallOptions,
): Promise<Response> {
  const isRaw = typeof body === 'string' || body instanceof Blob || body === undefined;
  let answer: Response;
  try {
    answer = await fetch(urlOf(path, query), {
      method,
      credentials: 'same-origin',
      headers: {
        accept: 'application/json',
        'x-tandem': '1',
        ...(isRaw ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isRaw ? body : JSON.stringify(body) }),
      ...(stop ? { signal: stop } : {}),
    });
  } catch (error) {
    if (stop?.aborted) throw error;
    throw new Problem(0, { detail: error instanceof Error ? error.message : String(error) });
  }
  if (answer.ok) return answer;
  if (answer.status === 401) refusals.value++;
  throw new Problem(answer.status, documentOf(await answer.text()));
}

function parsed(answer: Response, text: string): unknown {
  return (answer.headers.get('content-type') ?? '').includes('json') ? JSON.parse(text) : text;
}

/** The answer of a proxy may be no JSON. */
export function documentOf(text: string): Record<string, unknown> {
  try {
    const document: unknown = JSON.parse(text);
    if (typeof document === 'object' && document !== null) return document as Record<string, unknown>;
  } catch (error) {
    return { detail: text.slice(0, 500), unreadable: String(error) };
  }
  return { detail: text.slice(0, 500) };
}

/** The call as a line for a shell, with `$TOKEN` in place of a secret. */
export function curlOf(
  method: string,
  path: string,
  { query, body }: Pick<CallOptions, 'query' | 'body'> = {},
): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
  const parts = ['curl', ...(method === 'GET' ? [] : ['-X', method]), '-H', '"Authorization: Bearer $TOKEN"'];
  if (body !== undefined)
    parts.push('-H', quoted('Content-Type: application/json'), '-d', quoted(JSON.stringify(body)));
  parts.push(quoted(`${globalThis.location.origin}${urlOf(path, query)}`));
  return parts.join(' ');
}
