// The accounts of one SIP gateway: their credentials, and the registrations of those that register.
import type { Random } from '../../shared/clock.ts';
import type { Flow } from '../../shared/sip/flow-types.ts';
import { type Authenticator, createAuthenticator } from './auth.ts';
import { registrationContacts } from './contact.ts';
import type { RegistrationState } from './registrar.ts';
import { Registration, type RegistrationOptions } from './registration.ts';
import type { UserAgentConfig } from './settings.ts';

/** The options that all registrations share. */
type SharedOptions = Omit<RegistrationOptions, 'user' | 'auth' | 'contacts'>;

export class Accounts {
  readonly #random: Random;
  readonly #authenticators: ReadonlyMap<string, Authenticator>;
  /** Users of the accounts that register; listed before the registrations start. */
  readonly #registering: readonly string[];
  readonly #registrations: Registration[] = [];

  constructor(config: UserAgentConfig, random: Random) {
    this.#random = random;
    this.#authenticators = new Map(
      config.accounts.map(account => [account.user, createAuthenticator(account, random)] as const),
    );
    this.#registering = config.accounts.filter(account => account.register).map(account => account.user);
  }

  isKnown(user: string): boolean {
    return this.#authenticators.has(user);
  }

  /** DGW `…UnregisteredBehavior`: an account that should be registered and is not is disabled. */
  isDisabled(user: string): boolean {
    return this.#registering.includes(user) && !['Registered', 'Refreshing'].includes(this.#stateOf(user));
  }

  authOf(user: string): Authenticator {
    return this.#authenticators.get(user) ?? createAuthenticator({ user }, this.#random);
  }

  states(): { user: string; state: RegistrationState }[] {
    return this.#registering.map(user => ({ user, state: this.#stateOf(user) }));
  }

  /** Starts the registrations. */
  register(options: SharedOptions): void {
    for (const user of this.#registering) {
      const contacts = (flow: Flow): string[] => registrationContacts(options.config, user, flow);
      this.#registrations.push(new Registration({ ...options, user, contacts, auth: this.authOf(user) }));
    }
  }

  /** Removes every binding. */
  async unregister(): Promise<void> {
    await Promise.all(this.#registrations.map(one => one.unregister()));
  }

  /** Resolves when the registrations have ended after their signal was aborted. */
  async done(): Promise<void> {
    await Promise.all(this.#registrations.map(one => one.done));
  }

  #stateOf(user: string): RegistrationState {
    return this.#registrations.find(one => one.user === user)?.state ?? 'Unregistered';
  }
}
