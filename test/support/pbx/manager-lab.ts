// The manager of an exchange in memory over HTTPS, with the real shell, and a plain client of its pages.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Exchange } from '../../../pbx/exchange/exchange.ts';
import type { RegisteredTerminal } from '../../../pbx/exchange/terminals.ts';
import { serveManager } from '../../../pbx/manager/server.ts';
import { Shell } from '../../../pbx/mdsh/shell.ts';
import type { Web } from '../../../pbx/web/server.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import type { Log } from '../../../shared/log.ts';
import { createCa } from '../../../shared/pki/authority.ts';
import { extension } from './policy-lab.ts';
import { terminalAt } from './status-sources.ts';

export const PASSWORD = 'correct horse';
const HOSTILE = `"><script>document.title='owned'</script><img src=x onerror="document.title='owned'">`;

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

export interface ManagerLab {
  web: Web;
  exchange: Exchange;
  unregistered: string[];
  stop(): Promise<void>;
}

/** An exchange with the licence, 4100 with exception and code, 4101 without exception, and 250 others. */
export async function managerLab({ log }: { log: Log }): Promise<ManagerLab> {
  const [clock, random] = [systemClock(), systemRandom()];
  const folder = await mkdtemp(join(tmpdir(), 'manager-'));
  const ca = await createCa({ name: 'test', key: 'ec', clock, random });
  const { chain: cert, key } = await ca.issue({
    commonName: 'lab.test',
    ips: ['127.0.0.1'],
    usage: ['server'],
    key: 'ec',
  });
  const exchange = Exchange.inMemory([
    { table: 'licenses', key: 'VOIP-SECURITY', row: { tag: 'VOIP-SECURITY' } },
    ...extension('4100', { code: '471100' }),
    ...extension('4101', { securityException: false, code: '471101' }),
    ...Array.from({ length: 250 }, (_, at) => extension(String(5000 + at), { securityException: false })).flat(),
  ]);
  const all: RegisteredTerminal[] = [terminalAt({ product: HOSTILE, contact: HOSTILE })];
  const terminals = (dir?: string): RegisteredTerminal[] => all.filter(one => dir === undefined || one.dir === dir);
  const unregistered: string[] = [];
  const unregister = async (dir: string): Promise<number> => unregistered.push(dir);
  const context = {
    exchange,
    sources: () => [{ terminals, unregister }],
    backups: join(folder, 'backups'),
    clock,
    log,
  };
  const shell = new Shell(context);
  const run: Shell['run'] = async (line, write) => await shell.run(line, write);
  const web = await serveManager({
    ...{ host: '127.0.0.1', port: 0, tls: { cert, key }, password: PASSWORD, domain: 'lab.test' },
    ...{ exchange, terminals, run, clock, random, log },
  });
  const stop = async (): Promise<void> => {
    await web.stop();
    await rm(folder, { recursive: true });
  };
  return { web, exchange, unregistered, stop };
}

/** A client that keeps the cookie of its login and the token of the forms. */
export class ManagerClient {
  readonly #port: number;
  cookie = '';
  token = '';

  constructor(port: number) {
    this.#port = port;
  }

  ask(method: string, path: string, headers: Record<string, string> = {}, body = ''): Promise<Answer> {
    const all = { ...(this.cookie && { cookie: this.cookie }), ...headers };
    return new Promise((resolve, reject) => {
      const to = { host: '127.0.0.1', port: this.#port, path, method, headers: all, rejectUnauthorized: false };
      const asked = request(to, answer => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          text += chunk;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
      });
      asked.on('error', reject);
      asked.end(body);
    });
  }

  post(path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Answer> {
    const body = new URLSearchParams(fields).toString();
    const type = 'application/x-www-form-urlencoded';
    const length = String(Buffer.byteLength(body));
    return this.ask('POST', path, { 'content-type': type, 'content-length': length, ...headers }, body);
  }

  async login(): Promise<Answer> {
    const answer = await this.post('/login', { password: PASSWORD });
    this.cookie = String(answer.headers['set-cookie']).split(';')[0] ?? '';
    this.token = /name="token" value="([^"]+)"/.exec((await this.ask('GET', '/')).text)?.[1] ?? '';
    return answer;
  }

  /** Sends a form of the session. @returns the last command and its answer on the page that comes then */
  async form(action: string, fields: Record<string, string> = {}): Promise<string> {
    const { status, headers, text } = await this.post(`/${action}`, { token: this.token, ...fields });
    assert.equal(status, 303, text);
    const page = await this.ask('GET', String(headers.location));
    const [, line = '', lines = ''] =
      /<code>([^<]*)<\/code><\/p><pre role="status">([^<]*)<\/pre>/.exec(page.text) ?? [];
    return `${line}\n${lines}`;
  }
}
