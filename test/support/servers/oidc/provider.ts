// An identity provider on loopback (oidc-provider), and a browser that signs in there by following links.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type Configuration } from 'oidc-provider';

export interface Account {
  preferred_username?: string;
  roles?: unknown;
  [claim: string]: unknown;
}

export const CLIENT = { id: 'tandem', secret: 'a-secret-of-this-test' };

export interface TestProvider {
  issuer: string;
  /** By subject; one that is deleted is disabled. */
  accounts: Map<string, Account>;
  /** The subject that signs in next. */
  user: string;
  /** Begins to serve, once the URL that browsers come back to is known. */
  serve(redirect: string): void;
  /** Signs with a new key from now on. */
  rotate(): void;
  close(): Promise<void>;
}

export async function testProvider(): Promise<TestProvider> {
  let handle: (request: IncomingMessage, response: ServerResponse) => unknown = (_request, response) => response.end();
  const server = createServer((request, response) => void handle(request, response));
  const issuer = await listening(server);
  const accounts = new Map<string, Account>();
  let redirect = '';
  const serve = (): void => {
    const provider = new Provider(issuer, configuration(accounts, redirect));
    const answer = provider.callback();
    handle = async (request, response) => {
      if (!request.url?.startsWith('/interaction/')) return await answer(request, response);
      await interact(provider, { request, response, user: made.user });
    };
  };
  const made: TestProvider = {
    issuer,
    accounts,
    user: '',
    serve: given => {
      redirect = given;
      serve();
    },
    rotate: serve,
    close: async () => {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
  return made;
}

export async function listening(server: Server): Promise<string> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function configuration(accounts: Map<string, Account>, redirect: string): Configuration {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [redirect],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
    ],
    claims: { openid: ['sub'], profile: ['preferred_username', 'roles'] },
    cookies: { keys: ['a-key'] },
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: 'RS256' } as never] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    issueRefreshToken: async () => true,
    rotateRefreshToken: true,
    ttl: {
      AccessToken: 600,
      AuthorizationCode: 60,
      IdToken: 600,
      RefreshToken: 3600,
      Grant: 3600,
      Session: 3600,
      Interaction: 600,
    },
    findAccount: (_context, sub) => {
      const account = accounts.get(sub);
      return account && { accountId: sub, claims: async () => ({ sub, ...account }) };
    },
  };
}

/** Answers each question of the provider as the user would. */
async function interact(
  provider: Provider,
  { request, response, user }: { request: IncomingMessage; response: ServerResponse; user: string },
): Promise<void> {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') {
    const result =
      user === ''
        ? { error: 'access_denied', error_description: 'the user went away' }
        : { login: { accountId: user } };
    await provider.interactionFinished(request, response, result);
    return;
  }
  const grant = new provider.Grant({ accountId: session?.accountId ?? '', clientId: String(params.client_id) });
  grant.addOIDCScope(String(params.scope));
  await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
}

/** A browser: it keeps cookies by host and follows redirects. */
export class Browser {
  readonly #cookies = new Map<string, Map<string, string>>();

  cookies(url: string): Map<string, string> {
    const { host } = new URL(url);
    const known = this.#cookies.get(host) ?? new Map<string, string>();
    this.#cookies.set(host, known);
    return known;
  }

  async get(url: string, headers: Record<string, string> = {}): Promise<Response> {
    const jar = this.cookies(url);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, {
      redirect: 'manual',
      headers: { accept: 'text/html', ...(cookie ? { cookie } : {}), ...headers },
    });
    for (const text of answer.headers.getSetCookie()) {
      const [pair = ''] = text.split(';');
      const at = pair.indexOf('=');
      const value = pair.slice(at + 1);
      if (value === '' || /max-age=0/i.test(text)) jar.delete(pair.slice(0, at));
      else jar.set(pair.slice(0, at), value);
    }
    return answer;
  }

  /** Follows redirects until one leads to a URL that `ends`, or to none. @returns the answer, and where the last one led */
  async follow(url: string, ends: (url: string) => boolean = () => false): Promise<{ url: string; answer: Response }> {
    for (let at = url, hops = 0; ; hops++) {
      const answer = await this.get(at);
      const location = answer.headers.get('location');
      if (location === null || hops > 20) return { url: at, answer };
      await answer.arrayBuffer();
      at = new URL(location, at).href;
      if (ends(at)) return { url: at, answer };
    }
  }
}
