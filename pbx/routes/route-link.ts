// The connection to the other side of one route: opened, proved by OPTIONS, registered where the route says so, kept, and opened
// again when it is lost. While it is down, calls are refused at once.
import type { Clock } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { Flow } from '../../shared/sip/flow-types.ts';
import type { SipRoute } from '../exchange/data.ts';
import { probe, type RequestEnvironment, register } from './route-requests.ts';

export interface LinkEnvironment extends RequestEnvironment {
  clock: Clock;
  log: Log;
  /** Opens the connection. Rejects with the reason. */
  connect: (route: SipRoute, signal: AbortSignal) => Promise<Flow>;
}

export type RouteState = 'connecting' | 'up' | 'down';
export type RouteWay = { flow: Flow } | { problem: string };

/** Time between two signs of life. */
const PROBE_MS = 30_000;
/** Time between two registrations, however short the other side grants them. */
const LEAST_REGISTER_MS = 5_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;

export class RouteLink {
  readonly route: SipRoute;
  readonly #log: Log;
  readonly #keeper: RouteKeeper;
  readonly #waiting = new Set<() => void>();
  #state: RouteState = 'connecting';
  #problem = '';

  constructor(route: SipRoute, env: LinkEnvironment) {
    this.route = route;
    this.#log = env.log;
    this.#keeper = new RouteKeeper(route, env, problem => this.#settle(problem));
    this.#keeper.run().catch((error: unknown) => {
      env.log.error('route ended by an error', { route: route.route, error });
      this.#settle(messageOf(error));
    });
  }

  get state(): RouteState {
    return this.#state;
  }

  /** The reason why it is down. */
  get problem(): string | undefined {
    return this.#state === 'down' ? this.#problem : undefined;
  }

  /** The open connection, proved or not. */
  get flow(): Flow | undefined {
    return this.#keeper.flow?.closed === false ? this.#keeper.flow : undefined;
  }

  /** Waits for the first attempt alone. */
  async open(): Promise<RouteWay> {
    if (this.#state === 'connecting') await new Promise<void>(resolve => this.#waiting.add(resolve));
    const { flow } = this;
    if (this.#state !== 'up' || !flow) return { problem: this.#problem || 'the connection closed' };
    return { flow };
  }

  /** Something hints that the other side is gone: asks it now. */
  suspect(): void {
    this.#keeper.wake();
  }

  end(): void {
    this.#keeper.end();
    this.#settle('the route was ended');
  }

  /** @param problem '' when it is up */
  #settle(problem: string): void {
    const { route, host, port, protocol } = this.route;
    const state = problem === '' ? 'up' : 'down';
    if (state !== this.#state || problem !== this.#problem) {
      if (state === 'up') this.#log.info('route up', { route, host, port, protocol });
      else this.#log.warn('route down', { route, host, port, protocol, reason: problem });
    }
    this.#state = state;
    this.#problem = problem;
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

/** Opens the connection of a route again and again, and asks the other side for signs of life. */
class RouteKeeper {
  readonly #route: SipRoute;
  readonly #env: LinkEnvironment;
  readonly #onChange: (problem: string) => void;
  readonly #ending = new AbortController();
  #flow: Flow | undefined;
  #pause: AbortController | undefined;

  /** @param onChange called with '' when it is up, else with the reason why it is not */
  constructor(route: SipRoute, env: LinkEnvironment, onChange: (problem: string) => void) {
    this.#route = route;
    this.#env = env;
    this.#onChange = onChange;
  }

  get flow(): Flow | undefined {
    return this.#flow;
  }

  async run(): Promise<void> {
    const { signal } = this.#ending;
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        await this.#session(() => {
          failures = 0;
        });
      } catch (error) {
        if (signal.aborted) return;
        this.#onChange(messageOf(error));
      }
      this.#flow?.close('route lost');
      await this.#env.clock.sleep(Math.min(FIRST_RETRY_MS * 2 ** failures, LAST_RETRY_MS), signal).catch(ignoreAbort);
    }
  }

  /** Ends the pause until the next sign of life. */
  wake(): void {
    this.#pause?.abort();
  }

  end(): void {
    this.#ending.abort();
    this.#flow?.close('route ended');
  }

  /** One connection from its beginning to its end. @throws Error with the reason of the end */
  async #session(onUp: () => void): Promise<never> {
    const { clock, connect } = this.#env;
    const flow = await connect(this.#route, this.#ending.signal);
    this.#flow = flow;
    if (this.#ending.signal.aborted) flow.close('route ended');
    for (let registerAt = 0; ; ) {
      await probe(this.#env, flow, this.#route);
      let pause = PROBE_MS;
      if (this.#route.registers && clock.monotonic() >= registerAt) {
        const halfMs = Math.max((await register(this.#env, flow, this.#route)) * 500, LEAST_REGISTER_MS);
        registerAt = clock.monotonic() + halfMs;
        pause = Math.min(pause, halfMs);
      }
      onUp();
      this.#onChange('');
      await this.#rest(flow, pause);
      if (flow.closed) throw new Error('the connection closed');
    }
  }

  /** Ends early when the connection closes or something hints at its end. */
  async #rest(flow: Flow, ms: number): Promise<void> {
    const pause = new AbortController();
    this.#pause = pause;
    const unwatch = flow.onClose(() => pause.abort());
    await this.#env.clock.sleep(ms, pause.signal).catch(ignoreAbort);
    unwatch();
  }
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error) || error.name !== 'AbortError') throw error;
}
