// A person at a unit's pages, without a browser: signs in, keeps the cookie, reads pages and sends their forms.
import assert from 'node:assert/strict';
import type { Unit } from '../../../../cpe/services/service.ts';
import { servePages, type UnitPages } from '../../../../cpe/web/server.ts';

/** The values of a form by the names of its fields; a field with the value undefined is not sent. */
type Fields = Readonly<Record<string, string | undefined>>;

export class PagesClient {
  readonly url: string;
  #cookies = new Map<string, string>();
  readonly #close: () => Promise<void>;

  constructor(url: string, close: () => Promise<void> = async () => undefined) {
    this.url = url;
    this.#close = close;
  }

  close(): Promise<void> {
    return this.#close();
  }

  /** As a browser sends it. */
  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** One request with the cookies of before; redirections are not followed. */
  async request(path: string, init: RequestInit = {}): Promise<Response> {
    const { cookie } = this;
    const headers = { ...(cookie !== '' && { cookie }), ...(init.headers as Record<string, string>) };
    const answer = await fetch(new URL(path, this.url), { ...init, headers, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const at = pair.indexOf('=');
      if (/Max-Age=0/.test(line)) this.#cookies.delete(pair.slice(0, at));
      else this.#cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return answer;
  }

  async page(path: string): Promise<string> {
    return (await this.request(path)).text();
  }

  async post(path: string, fields: Fields): Promise<Response> {
    const body = new URLSearchParams();
    for (const [name, value] of Object.entries(fields)) if (value !== undefined) body.append(name, value);
    return this.request(path, { method: 'POST', body });
  }

  async signIn(user: string, password: string): Promise<Response> {
    return this.post('login', { token: tokenOf(await this.page('login')), user, password });
  }

  /**
   * Changes fields of a page as a person does and presses a button.
   * @param typed by name of the variable: `Web.ServerPort`, `SipEp.Gateway[Name=default].Port`, or of a new row's cell
   * @param press `apply`, `add:SipEp.Gateway`
   * @returns the answer, or the page that it leads to
   */
  async change(unit: Unit, path: string, typed: Fields, press = 'apply'): Promise<{ status: number; text: string }> {
    const fields = fieldsOf(await this.page(path));
    for (const [name, value] of Object.entries(typed)) {
      const field = `v:${unit.config.pathOf(name) ?? name}`;
      assert.ok(field in fields, `${name} is no field of ${path}`);
      fields[field] = value ?? '';
    }
    const answer = await this.post(path, { ...fields, do: press });
    const to = answer.headers.get('location');
    return { status: answer.status, text: to === null ? await answer.text() : await this.page(to) };
  }
}

/** Opens the pages of a unit and signs in. */
export async function openPages(unit: Unit, user = 'public', password = ''): Promise<PagesClient> {
  const pages: UnitPages = await servePages({ host: '127.0.0.1', port: 0 }, unit);
  const client = new PagesClient(pages.url, () => pages.stop());
  assert.equal((await client.signIn(user, password)).status, 303);
  return client;
}

export const openAsAdmin = (unit: Unit): Promise<PagesClient> => openPages(unit, 'admin', 'administrator');

const unescaped = (text: string): string =>
  text.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));

export const tokenOf = (page: string): string => /name="token" value="([^"]*)"/.exec(page)?.[1] ?? '';

/** Names and values of all fields of a page's settings, as a browser would send them. */
export function fieldsOf(page: string): Record<string, string> {
  const fields: Record<string, string> = { token: tokenOf(page) };
  for (const [tag] of page.matchAll(/<input [^>]*>/g)) {
    const [, name = ''] = / name="([^"]*)"/.exec(tag) ?? [];
    if (/^[vo]:/.test(name)) fields[name] = unescaped(/ value="([^"]*)"/.exec(tag)?.[1] ?? '');
  }
  for (const [, name = '', options = ''] of page.matchAll(/<select [^>]*name="([^"]*)"[^>]*>(.*?)<\/select>/gs)) {
    fields[name] = unescaped(/value="([^"]*)" selected/.exec(options)?.[1] ?? '');
  }
  return fields;
}
