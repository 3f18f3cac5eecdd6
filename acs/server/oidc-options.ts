// The identity provider that the options name.
import { UsageError } from '../../shared/config.ts';
import { isLoopback } from '../../shared/net/address.ts';
import type { AcsSetup } from '../app/setup.ts';
import type { AcsOptions } from '../config.ts';
import { fileText } from './certificate-files.ts';

/** @param hostname of a URL: a name, or an address, that of IPv6 in brackets */
export const isLoopbackHost = (hostname: string): boolean =>
  hostname === 'localhost' || isLoopback(hostname.replace(/^\[(.*)\]$/, '$1'));

/** @param secret the one of the environment @throws UsageError naming the option */
export async function oidcSettings(
  options: Pick<AcsOptions, 'oidcIssuer' | 'oidcClientId' | 'oidcSecret' | 'oidcScope'>,
  secret: string | undefined,
): Promise<AcsSetup['oidc']> {
  const { oidcIssuer: issuer, oidcClientId: clientId, oidcSecret: file, oidcScope: scope } = options;
  if (issuer === undefined || clientId === undefined) {
    if (issuer !== undefined || clientId !== undefined || file !== undefined)
      throw new UsageError('--oidc-issuer, --oidc-client-id: both are needed, and --oidc-secret goes with them');
    return undefined;
  }
  const { protocol, hostname } = new URL(issuer);
  if (protocol === 'http:' && !isLoopbackHost(hostname))
    throw new UsageError(`--oidc-issuer: ${issuer} would be asked unencrypted; use https://`);
  if (!scope.split(' ').includes('openid'))
    throw new UsageError(`--oidc-scope: '${scope}' lacks openid, without which no provider tells who a user is`);
  const clientSecret = secret ?? (file === undefined ? undefined : (await fileText('--oidc-secret', file)).trim());
  if (clientSecret === '') throw new UsageError('--oidc-secret: the secret is empty');
  return { issuer, clientId, scope, ...(clientSecret === undefined ? {} : { clientSecret }) };
}
