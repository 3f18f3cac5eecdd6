// The TLS side of a gateway's SecurePort: its Host certificate, and the clients that it admits.
import type { TLSSocket, TlsOptions } from 'node:tls';
import { judgeClient, listenerOptions } from '../../shared/tls/server.ts';
import type { UserAgentConfig, UserAgentEnv } from './settings.ts';

interface TlsListener {
  tls: TlsOptions;
  admit: (socket: TLSSocket) => string | undefined;
}

/**
 * The options of the listener, with the certificate of this moment; undefined where the unit has none for a server: it is
 * then reached over its own connections alone.
 */
export function tlsListener(
  { clientAuthentication = false }: UserAgentConfig,
  env: UserAgentEnv,
): TlsListener | undefined {
  const { policy, host } = env.tls('server');
  if (!host) {
    env.log.info('SIP TLS port not opened', { reason: 'no Host certificate for a TLS server is associated with SIP' });
    return undefined;
  }
  return {
    tls: listenerOptions(policy, host, clientAuthentication),
    admit: socket => {
      const verdict = clientAuthentication ? judgeClient(socket, env.tls('server')) : { ok: true as const };
      return verdict.ok ? undefined : verdict.message;
    },
  };
}
