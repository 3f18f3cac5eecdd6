// Calls of a running ACS by the names of its operations: methods, paths and fields are those of the table that the server itself is made from.
import { readFile } from 'node:fs/promises';
import type { Clock } from '../../../shared/clock.ts';
import { isAbort, messageOf } from '../../../shared/errors.ts';
import { createHttp, type HttpClient, HttpError } from '../../../shared/net/http.ts';
import { readCertificates } from '../../../shared/pki/certificates.ts';
import { plainPolicy } from '../../../shared/tls/profiles.ts';
import { UserError } from '../../errors.ts';
import type { Operation } from '../../north/operation.ts';
import { operations } from '../../north/operations.ts';

export interface ApiSettings {
  /** Base URL of the API, without /api/v1. */
  api: string;
  tokenFile: string;
  /** CA certificates for https, PEM or DER. */
  ca: readonly string[];
  clock: Clock;
  signal: AbortSignal;
}

export interface ApiCall {
  params?: Readonly<Record<string, string>>;
  query?: Readonly<Record<string, string | number | boolean | undefined>>;
  body?: unknown;
  /** Time for which the answer may take longer, seconds. */
  wait?: number;
}

export interface ApiAnswer {
  status: number;
  text: string;
  /** Parsed, where it is JSON. */
  json: unknown;
}

/** Bytes of an answer: the whole fleet as CSV. */
const MAX_BYTES = 1024 * 1024 * 1024;
const PATIENCE_MS = 30_000;

/** @throws UserError 404 */
export function operationNamed(name: string): Operation {
  const found = operations.find(operation => operation.name === name);
  if (!found) throw new UserError(400, 'no-such-operation', `'${name}' is no operation; see GET /openapi.json`);
  return found;
}

export class ApiClient {
  readonly #settings: ApiSettings;
  readonly #token: string;
  readonly #http: HttpClient;

  private constructor(settings: ApiSettings, token: string, http: HttpClient) {
    this.#settings = settings;
    this.#token = token;
    this.#http = http;
  }

  /** @throws UserError 400 for a file that cannot be read */
  static async open(settings: ApiSettings): Promise<ApiClient> {
    const { clock, ca, tokenFile } = settings;
    const token = (await readGiven('--token', tokenFile)).toString('utf8').trim();
    const files = await Promise.all(ca.map(file => readGiven('--ca', file)));
    const roots = files.flatMap(bytes => readCertificates(bytes));
    const http = createHttp({ clock, tls: () => ({ policy: plainPolicy, roots, now: clock.now() }) });
    return new ApiClient(settings, token, http);
  }

  async close(): Promise<void> {
    await this.#http.close();
  }

  /** @throws UserError with the refusal of the API, or that it cannot be reached */
  async call(name: string, { params = {}, query = {}, body, wait = 0 }: ApiCall = {}): Promise<ApiAnswer> {
    const { method, path } = operationNamed(name);
    const place = path.replace(/:(\w+)/g, (_part, key: string) => encodeURIComponent(params[key] ?? ''));
    const given = Object.entries(query).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]]));
    const search = given.length > 0 ? `?${new URLSearchParams(given as [string, string][])}` : '';
    const isText = typeof body === 'string' || Buffer.isBuffer(body);
    const headers = {
      Authorization: `Bearer ${this.#token}`,
      ...(body === undefined || isText ? {} : { 'Content-Type': 'application/json' }),
    };
    const url = `${this.#settings.api.replace(/(?<!\/)\/+$/, '')}/api/v1${place}${search}`;
    const answer = await this.#send({
      ...{ method, url, headers, maxBytes: MAX_BYTES, timeoutMs: PATIENCE_MS + wait * 1000 },
      body: isText || body === undefined ? (body as string | Buffer | undefined) : JSON.stringify(body),
    });
    const text = answer.body.toString('utf8');
    const json = /[/+]json\b/.test(String(answer.headers['content-type'])) ? (JSON.parse(text) as unknown) : undefined;
    if (answer.status < 400) return { status: answer.status, text, json };
    const { detail = text, code = '' } = (json ?? {}) as { detail?: string; code?: string };
    throw new UserError(answer.status, 'call-refused', `${name}: ${detail}${code === '' ? '' : ` (${code})`}`);
  }

  async #send(request: Parameters<HttpClient['send']>[0]): ReturnType<HttpClient['send']> {
    const { signal, api } = this.#settings;
    try {
      return await this.#http.send({ ...request, signal });
    } catch (error) {
      if (!(error instanceof HttpError) || isAbort(error)) throw error;
      throw new UserError(503, 'call-refused', `--api: ${api} cannot be reached: ${error.message}`);
    }
  }
}

async function readGiven(option: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new UserError(400, 'no-file', `${option}: ${messageOf(error)}`);
  }
}
