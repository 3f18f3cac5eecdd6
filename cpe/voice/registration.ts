// One account's registration (RFC 3261 10), with the unit's timers and the states of its `SipEp.RegistrationStatus` table.
import { sleepOrAbort } from '../../shared/abort.ts';
import type { Clock, Random } from '../../shared/clock.ts';
import { isAbort } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { Flow } from '../../shared/sip/flow-types.ts';
import { SipSyntaxError } from '../../shared/sip/message.ts';
import type { TransactionLayer } from '../../shared/sip/transaction.ts';
import type { Notify } from '../notifications.ts';
import type { Authenticator } from './auth.ts';
import { Registrar, type RegistrationState } from './registrar.ts';
import { RegistrationNotices } from './registration-notices.ts';
import { type Failure, failureText, goesToNext } from './servers/failover.ts';
import type { Link } from './servers/link.ts';
import type { UserAgentConfig } from './settings.ts';

export interface RegistrationOptions {
  user: string;
  config: UserAgentConfig;
  /** The values of Contact that REGISTER carries over this flow. */
  contacts: (flow: Flow) => string[];
  link: Link;
  layer: TransactionLayer;
  auth: Authenticator;
  clock: Clock;
  random: Random;
  log: Log;
  notify: Notify;
  signal: AbortSignal;
  onChange: () => void;
  /** The server answered. */
  onAnswer: () => void;
}

/** Seconds between two refreshes, however little a registrar grants; our choice. */
const SHORTEST_WAIT = 5;

/** Registers from its construction until `signal` aborts. */
export class Registration {
  readonly user: string;
  readonly done: Promise<void>;
  readonly #options: RegistrationOptions;
  readonly #registrar: Registrar;
  #state: RegistrationState = 'Unregistered';
  /** The registrar has a binding, as far as is known. */
  #isBound = false;
  readonly #notices: RegistrationNotices;

  constructor(options: RegistrationOptions) {
    this.#options = options;
    this.user = options.user;
    this.#registrar = new Registrar({ ...options, onFailure: (flow, failure) => this.#failed(flow, failure) });
    this.#notices = new RegistrationNotices(options);
    this.done = this.#run();
  }

  get state(): RegistrationState {
    return this.#state;
  }

  /** Removes the binding; waits for the answer as long as the transaction does. */
  async unregister(): Promise<void> {
    const { flow } = this.#options.link;
    if (flow && this.#isBound) {
      this.#enter('Unregistering');
      this.#isBound = false;
      await this.#registrar.unregister(flow);
    }
    this.#enter('Unregistered');
  }

  /** Another target may take over; a new connection brings the next attempt. */
  #failed(flow: Flow, failure: Failure): void {
    const { config, link, signal } = this.#options;
    if (!signal.aborted && goesToNext(config, 'REGISTER', failure)) link.failOver(flow, failureText(failure));
  }

  #enter(next: RegistrationState): void {
    if (this.#state === next) return;
    this.#notices.entered(next);
    if (next === 'Unreachable') this.#isBound = false;
    this.#state = next;
    this.#options.log.info('SIP registration changed', { user: this.user, state: next });
    this.#options.onChange();
  }

  async #run(): Promise<void> {
    const { link, clock, log, signal } = this.#options;
    try {
      while (!signal.aborted) {
        const { flow, down } = await link.whenUp(signal);
        const wait = await this.#attempt(flow);
        const either = AbortSignal.any([signal, down]);
        await sleepOrAbort(clock, 1000 * wait, either);
        // The binding is lost with the connection; the next connection makes a new one.
        if (down.aborted && !signal.aborted) this.#enter('Unreachable');
      }
    } catch (error) {
      if (!isAbort(error)) log.error('SIP registration ended', { user: this.user, error });
    }
  }

  /** One attempt; returns the seconds until the next. */
  async #attempt(flow: Flow): Promise<number> {
    const { config, log, signal } = this.#options;
    this.#enter(this.#state === 'Registered' ? 'Refreshing' : 'Registering');
    const result = await this.#registrar.register(flow).catch((error: unknown) => unwritten(error, log, this.user));
    this.#isBound = typeof result !== 'string';
    if (signal.aborted) return 0;
    if (typeof result === 'string') {
      this.#enter(result);
      return config.retryTime;
    }
    this.#enter('Registered');
    return result > config.refreshTime ? result - config.refreshTime : Math.max(SHORTEST_WAIT, result / 2);
  }
}

/** The state after a user name or domain that fits no SIP message. @throws the error where it is another */
function unwritten(error: unknown, log: Log, user: string): 'ConfigError' {
  if (!(error instanceof SipSyntaxError)) throw error;
  log.error('SIP registration not written', { user, reason: error.message });
  return 'ConfigError';
}
