// Signing in by an identity provider (OpenID Connect): begun and ended by the same browser.
import { messageOf } from '../../../../shared/errors.ts';
import { ThrottledLog } from '../../../../shared/throttled-log.ts';
import { UserError } from '../../../errors.ts';
import type { IdentityProvider } from '../../common/ports.ts';
import type { Sessions } from '../sessions.ts';
import type { OidcContext } from './oidc-context.ts';
import type { ProvidedUsers } from './provided-users.ts';
import { providedBy } from './session-checks.ts';
import { openedTicket, TICKET_MS, type Ticket } from './ticket.ts';

export class OidcSignIns {
  readonly #context: OidcContext;
  readonly #parts: { users: ProvidedUsers; sessions: Sessions };
  readonly #throttled: ThrottledLog;

  constructor(context: OidcContext, parts: { users: ProvidedUsers; sessions: Sessions }) {
    this.#context = context;
    this.#parts = parts;
    this.#throttled = new ThrottledLog(context.clock);
  }

  get isConfigured(): boolean {
    return this.#context.ports.identityProvider !== undefined;
  }

  /**
   * Begins a sign-in. @returns the URL to which the browser goes, and the ticket that it brings back
   * @throws UserError 404 `oidc-not-configured`; 502
   */
  async begin({ redirect, to }: { redirect: string; to: string }): Promise<{ url: string; ticket: string }> {
    const { clock, random, secrets } = this.#context;
    const made = (): string => random.bytes(32).toString('base64url');
    const proof = { state: made(), nonce: made(), verifier: made(), redirect };
    const provider = this.#provider();
    const url = await this.#logged(async () => await provider.begin(proof));
    const ticket: Ticket = { ...proof, to, until: clock.now() + TICKET_MS };
    return { url, ticket: secrets.seal(JSON.stringify(ticket)) };
  }

  /**
   * Ends a sign-in: the user exists then with what its claims grant, and a session begins.
   * @param query that of the URL by which the browser has come back
   * @throws UserError 400 `oidc-expired`; 401, 403, 409, 502 with the reason
   */
  async finish(
    { query, ticket }: { query: string; ticket: string | undefined },
    address: string,
  ): Promise<{ name: string; secret: string; to: string }> {
    const { users, sessions } = this.#parts;
    const provider = this.#provider();
    const { to, ...proof } = openedTicket(ticket, this.#context);
    return await this.#logged(async () => {
      const identity = await provider.finish(query, proof);
      const name = await users.admit(identity);
      const { secret } = await sessions.begin(name, address, providedBy(identity, this.#context));
      return { name, secret, to };
    });
  }

  #provider(): IdentityProvider {
    const { identityProvider } = this.#context.ports;
    if (!identityProvider) throw new UserError(404, 'oidc-not-configured', 'no identity provider is configured');
    return identityProvider;
  }

  async #logged<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#throttled.write(suppressed =>
        this.#context.log.warn('sign-in by the identity provider failed', { reason: messageOf(error), ...suppressed }),
      );
      throw error;
    }
  }
}
