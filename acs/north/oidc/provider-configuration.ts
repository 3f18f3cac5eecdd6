// The configuration of openid-client for the identity provider that the options name: its metadata, read now and then, and how it is asked.
import type * as Oidc from 'openid-client';
import type { Clock } from '../../../shared/clock.ts';
import { boundedFetch } from './bounded-fetch.ts';

export interface ProviderOptions {
  issuer: string;
  clientId: string;
  /** Absent for a public client, which PKCE alone protects. */
  clientSecret?: string;
  /** Blank-separated. */
  scope: string;
}

/** A provider that is slower counts as away. */
const TIMEOUT_S = 8;
/** The provider's metadata are read again after this time. */
const METADATA_MS = 5 * 60_000;

export interface Configured {
  client: typeof Oidc;
  config: Oidc.Configuration;
}

export class ProviderConfiguration {
  readonly #options: ProviderOptions;
  readonly #clock: Clock;
  readonly #timeout: number;
  readonly #fetch = boundedFetch((url, init) => fetch(url, init));
  #metadata: { read: number; found: Oidc.ServerMetadata } | undefined;

  constructor(options: ProviderOptions, clock: Clock, timeoutSeconds = TIMEOUT_S) {
    this.#options = options;
    this.#clock = clock;
    this.#timeout = timeoutSeconds;
  }

  /** A configuration has the provider's keys in it: a new one for each use reads those that hold now. @throws what openid-client throws */
  async get(): Promise<Configured> {
    const client = await import('openid-client');
    const { clientId, clientSecret } = this.#options;
    const authentication = clientSecret === undefined ? client.None() : client.ClientSecretBasic(clientSecret);
    const config = new client.Configuration(await this.#read(client), clientId, undefined, authentication);
    config.timeout = this.#timeout;
    config[client.customFetch] = this.#fetch as Oidc.CustomFetch;
    client.enableNonRepudiationChecks(config);
    if (this.#isPlain) client.allowInsecureRequests(config);
    return { client, config };
  }

  async #read(client: typeof Oidc): Promise<Oidc.ServerMetadata> {
    const now = this.#clock.now();
    if (this.#metadata && now - this.#metadata.read < METADATA_MS) return this.#metadata.found;
    const { issuer, clientId } = this.#options;
    const config = await client.discovery(new URL(issuer), clientId, undefined, client.None(), {
      [client.customFetch]: this.#fetch as Oidc.CustomFetch,
      timeout: this.#timeout,
      execute: this.#isPlain ? [client.allowInsecureRequests] : [],
    });
    const found = config.serverMetadata();
    this.#metadata = { read: now, found };
    return found;
  }

  /** Options allow http:// for a provider on loopback alone. */
  get #isPlain(): boolean {
    return this.#options.issuer.startsWith('http:');
  }
}
