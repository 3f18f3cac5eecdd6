// The ports at which a gateway listens: UDP and TCP, or TLS with its Host certificate and the clients that it admits.
import { messageOf } from '../../shared/errors.ts';
import type { ListenOptions, SipTransport } from '../../shared/sip/transport.ts';
import { judgeClient, listenerOptions } from '../../shared/tls/server.ts';
import { ownPort, transportsOf } from './contact.ts';
import type { UserAgentConfig, UserAgentEnv } from './settings.ts';

/** Silence after which the connection of a peer is closed: the time that the vendor's notes set at the proxy. */
const IDLE_MS = 12_000_000;

type TlsSide = Required<Pick<ListenOptions, 'tls' | 'admit' | 'keylog'>>;

/**
 * Binds the gateway's port for each of its transports; false when that is not possible.
 * @returns undefined where there is nothing to bind: over TLS without a Host certificate for a server
 */
export function listen(
  config: UserAgentConfig,
  env: UserAgentEnv,
  transport: SipTransport,
): Promise<boolean> | undefined {
  if (config.transport !== 'tls') return bind(config, env, transport);
  const tls = tlsSide(config, env);
  return tls && bind(config, env, transport, tls);
}

async function bind(
  config: UserAgentConfig,
  env: UserAgentEnv,
  transport: SipTransport,
  tls: Partial<TlsSide> = {},
): Promise<boolean> {
  const { address: host, gateway } = config;
  const port = ownPort(config);
  try {
    for (const { protocol } of transportsOf(config))
      await transport.listen({ protocol, host, port, idleMs: IDLE_MS, ...tls });
    return true;
  } catch (error) {
    const reason = messageOf(error);
    env.log.error('SIP port not bound', { port, reason });
    env.notify('portInUse', { gateway, port, reason });
    return false;
  }
}

/** The certificate of this moment; undefined where there is none: the unit is then reached over its own connections alone. */
function tlsSide({ clientAuthentication = false }: UserAgentConfig, env: UserAgentEnv): TlsSide | undefined {
  const { policy, host, keylog } = env.tls('server');
  if (!host) {
    env.log.info('SIP TLS port not opened', { reason: 'no Host certificate for a TLS server is associated with SIP' });
    return undefined;
  }
  return {
    tls: listenerOptions(policy, host, clientAuthentication),
    keylog,
    admit: socket => {
      const verdict = clientAuthentication ? judgeClient(socket, env.tls('server')) : { ok: true as const };
      return verdict.ok ? undefined : verdict.message;
    },
  };
}
