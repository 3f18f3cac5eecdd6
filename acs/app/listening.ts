// Binding of sockets. Errors name the option that holds the address.
import { messageOf } from '../../shared/errors.ts';
import { authorityOf } from '../../shared/stun.ts';
import { UserError } from '../errors.ts';

const listenTroubles: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there already',
  EADDRNOTAVAIL: 'no interface of this host has that address',
  EACCES: 'not allowed to listen there (ports below 1024 need a privilege)',
  ENOTFOUND: 'that name has no address',
};

/** @throws UserError 503 naming the option */
export async function listening<T>(
  option: string,
  where: URL | { host: string; port: number },
  bound: Promise<T>,
): Promise<T> {
  try {
    return await bound;
  } catch (error) {
    if (error instanceof UserError) throw error;
    const reason = listenTroubles[(error as NodeJS.ErrnoException).code ?? ''] ?? messageOf(error);
    const shown = where instanceof URL ? where.origin : authorityOf({ address: where.host, port: where.port });
    throw new UserError(503, 'cannot-listen', `${option} ${shown}: ${reason}`);
  }
}

export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');
