// The accounts of one SIP gateway: their credentials, and the registrations of those that register.
import type { Random } from '../../shared/clock.ts';
import { type Authenticator, createAuthenticator } from './auth.ts';
import { Registrations } from './registrations.ts';
import type { UserAgentConfig } from './settings.ts';

export class Accounts {
  readonly registrations: Registrations;
  readonly #random: Random;
  readonly #authenticators: ReadonlyMap<string, Authenticator>;

  constructor(config: UserAgentConfig, random: Random) {
    this.#random = random;
    this.#authenticators = new Map(
      config.accounts.map(account => [account.user, createAuthenticator(account, random)] as const),
    );
    const registering = config.accounts.filter(account => account.register).map(account => account.user);
    this.registrations = new Registrations(registering, user => this.authOf(user));
  }

  isKnown(user: string): boolean {
    return this.#authenticators.has(user);
  }

  /** DGW `…UnregisteredBehavior`: an account that should be registered and is not is disabled. */
  isDisabled(user: string): boolean {
    return this.registrations.isMissing(user);
  }

  authOf(user: string): Authenticator {
    return this.#authenticators.get(user) ?? createAuthenticator({ user }, this.#random);
  }
}
