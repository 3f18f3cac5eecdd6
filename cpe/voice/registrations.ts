// The registrations of one SIP gateway: all together with its connections, and one alone when its account is locked.
import type { Flow } from '../../shared/sip/flow-types.ts';
import type { Authenticator } from './auth.ts';
import { registrationContacts } from './contact.ts';
import type { RegistrationState } from './registrar.ts';
import { Registration, type RegistrationOptions } from './registration.ts';

/** The options that all registrations share. */
type SharedOptions = Omit<RegistrationOptions, 'user' | 'auth' | 'contacts'> & {
  isLocked?: ((user: string) => boolean) | undefined;
};

interface Registering {
  readonly registration: Registration;
  /** Ends it alone. */
  readonly end: AbortController;
}

export class Registrations {
  readonly #users: readonly string[];
  readonly #authOf: (user: string) => Authenticator;
  readonly #known = new Map<string, Registering>();
  /** Absent until they start. */
  #shared: SharedOptions | undefined;
  /** Locks and unlocks, one after the other. */
  #turn: Promise<void> = Promise.resolve();

  /** @param users those that register; listed before the registrations start */
  constructor(users: readonly string[], authOf: (user: string) => Authenticator) {
    this.#users = users;
    this.#authOf = authOf;
  }

  states(): { user: string; state: RegistrationState }[] {
    return this.#users.map(user => ({ user, state: this.#stateOf(user) }));
  }

  /** An account that should be registered and is not. */
  isMissing(user: string): boolean {
    return this.#users.includes(user) && !['Registered', 'Refreshing'].includes(this.#stateOf(user));
  }

  /** Starts all but those of locked accounts. */
  start(options: SharedOptions): void {
    this.#shared = options;
    for (const user of this.#users) this.#start(options, user);
  }

  /** Removes or renews one as its account is locked now, after what was under way. */
  follow(user: string): Promise<void> {
    const work = (): Promise<void> => this.#follow(user);
    this.#turn = this.#turn.then(work, work);
    return this.#turn;
  }

  /** Removes every binding. */
  async unregister(): Promise<void> {
    await Promise.all([...this.#known.values()].map(({ registration }) => registration.unregister()));
  }

  /** Resolves when all have ended after their signal was aborted. */
  async done(): Promise<void> {
    await Promise.all([...this.#known.values()].map(({ registration }) => registration.done));
  }

  async #follow(user: string): Promise<void> {
    const shared = this.#shared;
    if (!shared || shared.signal.aborted || !this.#users.includes(user)) return;
    const known = this.#known.get(user);
    const isRunning = known !== undefined && !known.end.signal.aborted;
    if (shared.isLocked?.(user) !== true) {
      if (!isRunning) this.#start(shared, user);
    } else if (isRunning) {
      known.end.abort();
      await known.registration.done;
      await known.registration.unregister();
    }
  }

  #start(shared: SharedOptions, user: string): void {
    if (shared.isLocked?.(user) === true) return;
    const end = new AbortController();
    const signal = AbortSignal.any([shared.signal, end.signal]);
    const contacts = (flow: Flow): string[] => registrationContacts(shared.config, user, flow);
    const registration = new Registration({ ...shared, signal, user, contacts, auth: this.#authOf(user) });
    this.#known.set(user, { registration, end });
  }

  #stateOf(user: string): RegistrationState {
    return this.#known.get(user)?.registration.state ?? 'Unregistered';
  }
}
