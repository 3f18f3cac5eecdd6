// The ACS of a scenario: the whole application over sockets, on a store in a folder of its own, with a clock that only commands move.
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Acs, startAcs } from '../../acs/app.ts';
import { openSqlite } from '../../acs/store/sqlite/store.ts';
import type { Store } from '../../acs/store/store.ts';
import { seededRandom, VirtualClock } from '../../shared/clock.ts';
import { createLog } from '../../shared/log.ts';
import { changesOf, type Facts, factsOf } from './facts.ts';
import type { Names } from './names.ts';

const TOKEN = 'scenario-token';
/** As many steps as one `advance` takes. */
const STEPS = 20;
/** Events that the ladder, the facts or the command itself show already. */
const shownElsewhere = new Set(['rpc', 'inform', 'task', 'change', 'fault']);
/** Fields that say nothing in one process under a virtual clock. */
const dull = new Set([
  'time',
  'level',
  'msg',
  'member',
  'claim',
  'milliseconds',
  'address',
  'since',
  'events',
  'samples',
]);

export class ScenarioAcs {
  readonly clock = new VirtualClock();
  readonly #names: Names;
  readonly #write: (line: string) => void;
  readonly #listeners: Server[] = [];
  #options: Record<string, string> = {};
  #folder = '';
  #acs: Acs | undefined;
  #store: Store | undefined;
  #facts: Facts = new Map([['open sessions', '0']]);
  /** Log lines and events of the block, in order. */
  #happened: { text: string; echo: string }[] = [];

  constructor(names: Names, write: (line: string) => void) {
    this.#names = names;
    this.#write = write;
  }

  get url(): string {
    return this.#acs?.cwmp[0] ?? '';
  }

  get runs(): boolean {
    return this.#acs !== undefined;
  }

  /** @param options `enrol`, `auth`, `running` and `waiting` sessions */
  async start(options: Record<string, string> = this.#options): Promise<void> {
    this.#options = options;
    if (this.#folder === '') this.#folder = await mkdtemp(join(tmpdir(), 'tandem-scenario-'));
    const { clock } = this;
    const file = join(this.#folder, 'acs.db');
    const store = await openSqlite({ file, clock, inThread: true });
    const log = createLog({ clock, level: 'info', write: line => this.#logged(line) });
    this.#store = store;
    this.#acs = await startAcs({
      clock,
      random: seededRandom(7),
      log,
      store,
      serverKey: Buffer.alloc(32, 9),
      adminToken: TOKEN,
      cwmp: [{ url: new URL('http://127.0.0.1:0') }],
      api: new URL('http://127.0.0.1:0'),
      tls: { certificates: [], minVersion: 'TLSv1.2' },
      cpeAuth: options.auth === 'required' ? 'required' : 'none',
      enrol: options.enrol === 'approve' ? 'approve' : 'auto',
      enrolment: { username: 'enrol', password: 'factory' },
      trustedProxies: ['127.0.0.1'],
      connectionRequestAllow: [],
      webhookAllow: ['127.0.0.0/8'],
      ...(options.running === undefined
        ? {}
        : { limits: { running: Number(options.running), waiting: Number(options.waiting ?? 0) } }),
    });
    this.#names.fix('{acs}', this.url);
    this.#names.fix('{acs-host}', new URL(this.url).host);
    // As a CPE that comes through a proxy with TLS is told it.
    this.#names.fix('{acs-tls}', this.url.replace('http:', 'https:'));
    this.#names.fix('{api}', this.#acs.api);
    this.#acs.events.all((name, event) => {
      const plain = JSON.parse(JSON.stringify(event)) as Record<string, unknown>;
      if (!shownElsewhere.has(name))
        this.#happened.push({ text: `event ${name} ${fields(plain)}`, echo: fields(plain) });
    });
    await this.settle();
  }

  async stop(): Promise<void> {
    const acs = this.#acs;
    this.#acs = undefined;
    this.#store = undefined;
    await acs?.close();
  }

  async end(): Promise<void> {
    await this.stop();
    for (const server of this.#listeners) server.close().closeAllConnections();
    if (this.#folder !== '') await rm(this.#folder, { recursive: true, force: true });
  }

  /** Opens an HTTP server that answers everything with `status` and shows what it hears. @returns its URL */
  async listen(name: string, status: number): Promise<void> {
    const server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', chunk => {
        body += chunk;
      });
      request.on('end', () => {
        this.#write(`${name} <- ${request.method}${body === '' ? '' : ` ${body}`}`);
        response.writeHead(status, status === 401 ? { 'WWW-Authenticate': 'Basic realm="there"' } : {}).end();
      });
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    this.#listeners.push(server);
    this.#names.fix(`{${name}}`, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  /** Lets time pass in steps, so that what goes over sockets meanwhile is through before it moves on. */
  async advance(ms: number): Promise<void> {
    const step = Math.max(1000, Math.ceil(ms / STEPS));
    for (let left = ms; left > 0; left -= step) {
      await this.clock.advance(Math.min(step, left));
      await this.settle();
    }
  }

  async call(method: string, path: string, body: string): Promise<void> {
    const isJson = /^[{["]/.test(body);
    const answer = await fetch(`${this.#acs?.api}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${TOKEN}`,
        ...(body === '' ? {} : { 'content-type': isJson ? 'application/json' : 'application/octet-stream' }),
      },
      ...(body === '' ? {} : { body }),
    });
    const text = await answer.text();
    this.#write(`api ${answer.status}`);
    const isProblem = answer.status >= 400;
    if (isProblem || method === 'GET' || path.endsWith('/dry-run'))
      for (const line of bodyLines(text, isProblem)) this.#write(`    ${line}`);
  }

  /** Lets all that follows from what was done come to its end. */
  async settle(): Promise<void> {
    for (let quiet = 0, seen = -1; quiet < 2; ) {
      await this.clock.settle();
      await new Promise(resolve => setTimeout(resolve, 1));
      quiet = seen === this.#happened.length ? quiet + 1 : 0;
      seen = this.#happened.length;
    }
  }

  /** What happened since the last call: events, log lines that are not their echo, changes of the store. */
  async drain(): Promise<string[]> {
    const happened = this.#happened.splice(0);
    const events = new Set(happened.filter(({ text }) => text.startsWith('event')).map(({ echo }) => echo));
    const lines = happened
      .filter(({ text, echo }) => text.startsWith('event') || !events.has(echo))
      .map(({ text }) => text.trimEnd());
    if (!this.#store) return lines;
    const facts = await factsOf(this.#store, this.clock.now());
    facts.set('open sessions', String(this.#acs?.south.sessions() ?? 0));
    const changes = changesOf(this.#facts, facts);
    this.#facts = facts;
    return [...lines, ...changes];
  }

  #logged(line: string): void {
    const entry = JSON.parse(line) as Record<string, unknown>;
    const all = fields(entry);
    this.#happened.push({ text: `log ${entry.level} "${entry.msg}" ${all}`, echo: all });
  }
}

const fields = (entry: Record<string, unknown>): string =>
  Object.entries(entry)
    .filter(([name, value]) => !dull.has(name) && value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');

/** JSON of an answer, one member or item a line; of a problem what a caller reads. */
function bodyLines(text: string, isProblem: boolean): string[] {
  if (!/^[{[]/.test(text)) return text.split('\n').filter(line => line !== '');
  const json = JSON.parse(text) as Record<string, unknown>;
  if (isProblem) return [`${json.code}: ${json.detail}`];
  const items = Array.isArray(json.items) ? json.items : undefined;
  if (items) return items.map(item => JSON.stringify(item));
  return Object.entries(json).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
}
