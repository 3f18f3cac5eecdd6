// The identity provider of the server, by OpenID Connect: authorization code with PKCE, state and nonce; signatures are always checked.
import type * as Oidc from 'openid-client';
import { clip } from '../../../shared/clip.ts';
import type { Clock } from '../../../shared/clock.ts';
import { messageOf } from '../../../shared/errors.ts';
import { UserError } from '../../errors.ts';
import type { IdentityProvider, ProvidedUser, SignInProof } from '../../fleet/common/ports.ts';
import { ProviderUnavailable } from './bounded-fetch.ts';
import { type Configured, ProviderConfiguration, type ProviderOptions } from './provider-configuration.ts';

export class OidcProvider implements IdentityProvider {
  readonly #scope: string;
  readonly #configuration: ProviderConfiguration;

  constructor(options: ProviderOptions, clock: Clock, timeoutSeconds?: number) {
    this.#scope = options.scope;
    this.#configuration = new ProviderConfiguration(options, clock, timeoutSeconds);
  }

  async begin({ state, nonce, verifier, redirect }: SignInProof): Promise<string> {
    return await judged(async () => {
      const { client, config } = await this.#configuration.get();
      const url = client.buildAuthorizationUrl(config, {
        redirect_uri: redirect,
        scope: this.#scope,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state,
        nonce,
      });
      return url.href;
    });
  }

  async finish(query: string, { state, nonce, verifier, redirect }: SignInProof): Promise<ProvidedUser> {
    return await judged(async () => {
      const { client, config } = await this.#configuration.get();
      const tokens = await client.authorizationCodeGrant(config, new URL(`?${query}`, redirect), {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      });
      return await this.#userOf({ client, config }, tokens, tokens.claims()?.sub ?? '');
    });
  }

  async renew({ subject, refreshToken }: { subject: string; refreshToken: string }): Promise<ProvidedUser | undefined> {
    return await judged(async () => {
      const { client, config } = await this.#configuration.get();
      try {
        const tokens = await client.refreshTokenGrant(config, refreshToken);
        return await this.#userOf({ client, config }, tokens, subject);
      } catch (error) {
        if (isEnded(client, error)) return undefined;
        throw error;
      }
    });
  }

  async #userOf(
    { client, config }: Configured,
    tokens: Oidc.TokenEndpointResponse & Oidc.TokenEndpointResponseHelpers,
    subject: string,
  ): Promise<ProvidedUser> {
    const { issuer, userinfo_endpoint, end_session_endpoint } = config.serverMetadata();
    const claims = tokens.claims();
    if (claims && claims.sub !== subject) throw new Error('the ID token is about another user');
    const info = userinfo_endpoint ? await client.fetchUserInfo(config, tokens.access_token, subject) : undefined;
    return {
      issuer,
      subject,
      ...(claims || info ? { claims: { ...info, ...claims } } : {}),
      ...(tokens.refresh_token === undefined ? {} : { refreshToken: tokens.refresh_token }),
      ...(end_session_endpoint ? { signOutUrl: client.buildEndSessionUrl(config).href } : {}),
    };
  }
}

/** The provider's answer to a refresh token, or to an access token, that it no longer honours (RFC 6749 5.2, RFC 6750 3.1). */
function isEnded(client: typeof Oidc, error: unknown): boolean {
  if (error instanceof client.ResponseBodyError) return error.error === 'invalid_grant';
  return error instanceof client.WWWAuthenticateChallengeError && error.status === 401;
}

/** @throws UserError 401 `oidc-refused`, 502 `oidc-unavailable` */
async function judged<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const reasons = reasonsOf(error);
    const away = reasons.find(reason => reason instanceof ProviderUnavailable);
    if (away) throw new UserError(502, 'oidc-unavailable', `the identity provider is away: ${clip(away.message)}`);
    const text = [...new Set(reasons.map(messageOf))].join(': ');
    throw new UserError(401, 'oidc-refused', `the identity provider's answer is refused: ${clip(text)}`);
  }
}

/** The error and its causes, and what a provider says of it (RFC 6749 5.2). */
function reasonsOf(error: unknown): unknown[] {
  const reasons: unknown[] = [];
  for (let cause = error; cause instanceof Error && reasons.length < 5; cause = cause.cause) reasons.push(cause);
  const { error: code, error_description: description } = error as { error?: unknown; error_description?: unknown };
  const said = [code, description].filter(text => typeof text === 'string');
  return said.length > 0 ? [...reasons.slice(0, 1), new Error(said.join(', '))] : reasons;
}
