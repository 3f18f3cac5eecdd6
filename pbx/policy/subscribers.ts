// The numbers that terminals may register with: extensions of the exchange's data, and beside them accounts of the command line.
import type { Extension, IpExtension } from '../exchange/data.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { codeOf } from './codes.ts';

export interface Subscriber extends Pick<Extension, 'dir' | 'thirdPartyClient'> {
  hasException: boolean;
  /** Individual authorization code, or the password of an account. */
  code: string | undefined;
  /** Terminals at a time; undefined: as many as the registrar allows any user. */
  maxTerminals: number | undefined;
  /** Undefined: the extension has no IP terminal type yet. */
  protocol: IpExtension['protocol'] | undefined;
}

export class Subscribers {
  readonly #exchange: Exchange;
  readonly #accounts: ReadonlyMap<string, string>;

  /** @param accounts passwords by name; a number of the exchange goes before the account of that name */
  constructor(exchange: Exchange, accounts: readonly { user: string; password: string }[]) {
    this.#exchange = exchange;
    this.#accounts = new Map(accounts.map(({ user, password }) => [user, password]));
  }

  has(dir: string): boolean {
    return this.#exchange.get('extensions', dir) !== undefined || this.#accounts.has(dir);
  }

  find(dir: string): Subscriber | undefined {
    const extension = this.#exchange.get('extensions', dir);
    if (!extension) return this.#account(dir);
    const { securityException, thirdPartyClient, maxTerminals } = extension;
    const ip = this.#exchange.get('ipExtensions', dir);
    return {
      dir,
      hasException: securityException,
      thirdPartyClient,
      maxTerminals: ip?.maxTerminals ?? maxTerminals,
      protocol: ip?.protocol,
      code: codeOf(this.#exchange, dir),
    };
  }

  /** An account is an extension with security exception that takes telephones of all makers; its password is its code. */
  #account(dir: string): Subscriber | undefined {
    const code = this.#accounts.get(dir);
    if (code === undefined) return undefined;
    return { dir, hasException: true, thirdPartyClient: true, maxTerminals: undefined, protocol: 'SIP', code };
  }
}
