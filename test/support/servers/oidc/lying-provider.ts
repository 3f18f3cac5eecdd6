// An identity provider that can be told to misbehave: it signs its own ID tokens, and each part of its answers can be wrong.
import { createSign, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import { CLIENT, listening } from './provider.ts';

export interface Lies {
  /** Claims of the ID token, over those that are right; undefined leaves one out. */
  claims?: Record<string, unknown>;
  header?: Record<string, unknown>;
  /** The signature is by a key that it does not publish. */
  isForged?: boolean;
  metadata?: Record<string, unknown>;
  /** The subject of the user information. */
  subject?: string;
  /** Answers by path instead of the right ones. */
  answers?: Record<string, (response: ServerResponse) => void>;
}

export interface LyingProvider {
  issuer: string;
  lies: Lies;
  /** The nonce of the sign-in that is going on. */
  nonce: string;
  close(): Promise<void>;
}

interface Key {
  kid: string;
  privateKey: KeyObject;
  publicKey: KeyObject;
}

const newKey = (): Key => ({ kid: randomUUID(), ...generateKeyPairSync('rsa', { modulusLength: 2048 }) });

export async function lyingProvider(): Promise<LyingProvider> {
  const [key, other] = [newKey(), newKey()];
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const instead = made.lies.answers?.[path];
    if (instead) instead(response);
    else
      response.setHeader('content-type', 'application/json').end(JSON.stringify(rightAnswers(made, key, other)[path]));
  });
  const made: LyingProvider = {
    issuer: await listening(server),
    lies: {},
    nonce: '',
    close: async () => {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
  return made;
}

function rightAnswers(made: LyingProvider, key: Key, other: Key): Record<string, unknown> {
  const { issuer, lies } = made;
  return {
    '/.well-known/openid-configuration': {
      issuer,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      userinfo_endpoint: `${issuer}/me`,
      jwks_uri: `${issuer}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      ...lies.metadata,
    },
    '/jwks': { keys: [{ ...key.publicKey.export({ format: 'jwk' }), kid: key.kid, use: 'sig', alg: 'RS256' }] },
    '/token': { access_token: 'access', token_type: 'Bearer', expires_in: 60, id_token: idToken(made, key, other) },
    '/me': { sub: lies.subject ?? 'sub-ann', preferred_username: 'ann', roles: ['admins'] },
  };
}

function idToken({ issuer, lies, nonce }: LyingProvider, key: Key, other: Key): string {
  const now = Math.floor(Date.now() / 1000);
  const header = { alg: 'RS256', kid: key.kid, ...lies.header };
  const claims = { iss: issuer, aud: CLIENT.id, sub: 'sub-ann', iat: now, exp: now + 60, nonce, ...lies.claims };
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part(header)}.${part(claims)}`;
  if (header.alg === 'none') return `${text}.`;
  const { privateKey } = lies.isForged ? other : key;
  return `${text}.${createSign('sha256').update(text).sign(privateKey).toString('base64url')}`;
}
