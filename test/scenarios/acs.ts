// The ACS of a scenario: the whole application over sockets, on a store in a folder of its own, with a clock that only commands move.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Acs, startAcs } from '../../acs/app.ts';
import { openSqlite } from '../../acs/store/sqlite/store.ts';
import type { Store } from '../../acs/store/store.ts';
import { seededRandom, VirtualClock } from '../../shared/clock.ts';
import { createLog } from '../../shared/log.ts';
import type { Names } from './names.ts';
import { Observer } from './observer.ts';

export const TOKEN = 'scenario-token';
/** As many steps as one `advance` takes. */
const STEPS = 20;

export class ScenarioAcs {
  readonly #clock = new VirtualClock();
  readonly #names: Names;
  readonly #observer = new Observer();
  #options: Record<string, string> = {};
  #folder = '';
  #acs: Acs | undefined;
  #store: Store | undefined;

  constructor(names: Names) {
    this.#names = names;
  }

  /** Where CPEs reach it. */
  get url(): string {
    return this.#acs?.cwmp[0] ?? '';
  }

  get api(): string {
    return this.#acs?.api ?? '';
  }

  /** @param options `enrol`, `auth`, `running` and `waiting` sessions; those of the last start unless given */
  async start(options: Record<string, string> = this.#options): Promise<void> {
    this.#options = options;
    if (this.#folder === '') this.#folder = await mkdtemp(join(tmpdir(), 'tandem-scenario-'));
    const clock = this.#clock;
    this.#store = await openSqlite({ file: join(this.#folder, 'acs.db'), clock, inThread: true });
    this.#acs = await startAcs({
      clock,
      random: seededRandom(7),
      log: createLog({ clock, level: 'info', write: line => this.#observer.log(line) }),
      store: this.#store,
      ...setupOf(options),
    });
    this.#names.fix('{acs}', this.url);
    this.#names.fix('{acs-host}', new URL(this.url).host);
    this.#names.fix('{api}', this.api);
    this.#observer.watch(this.#acs.events);
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
    if (this.#folder !== '') await rm(this.#folder, { recursive: true, force: true });
  }

  /** Lets time pass in steps, so that what goes over sockets meanwhile is through before it moves on. */
  async advance(ms: number): Promise<void> {
    const step = Math.max(1000, Math.ceil(ms / STEPS));
    for (let left = ms; left > 0; left -= step) {
      await this.#clock.advance(Math.min(step, left));
      await this.settle();
    }
  }

  /** Lets all that follows from what was done come to its end. */
  async settle(): Promise<void> {
    for (let quiet = 0, seen = -1; quiet < 2; ) {
      await this.#clock.settle();
      await new Promise(resolve => setTimeout(resolve, 1));
      quiet = seen === this.#observer.count ? quiet + 1 : 0;
      seen = this.#observer.count;
    }
  }

  /** Observations since the last call. */
  async observed(): Promise<string[]> {
    return await this.#observer.take(this.#store, this.#clock.now(), this.#acs?.south.sessions() ?? 0);
  }
}

const setupOf = ({ auth, enrol, running, waiting = '0' }: Record<string, string>) => ({
  serverKey: Buffer.alloc(32, 9),
  adminToken: TOKEN,
  cwmp: [{ url: new URL('http://127.0.0.1:0') }],
  api: new URL('http://127.0.0.1:0'),
  tls: { certificates: [], minVersion: 'TLSv1.2' as const },
  cpeAuth: auth === 'required' ? ('required' as const) : ('none' as const),
  enrol: enrol === 'approve' ? ('approve' as const) : ('auto' as const),
  enrolment: { username: 'enrol', password: 'factory' },
  trustedProxies: ['127.0.0.1'],
  connectionRequestAllow: [],
  webhookAllow: ['127.0.0.0/8'],
  ...(running === undefined ? {} : { limits: { running: Number(running), waiting: Number(waiting) } }),
});
