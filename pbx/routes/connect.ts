// Opens the connection to the other side of a route, over UDP, TCP or TLS.
import type { X509Certificate } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import type { Flow, Protocol } from '../../shared/sip/flow-types.ts';
import type { SipTransport } from '../../shared/sip/transport.ts';
import { connectTls } from '../../shared/tls/connect.ts';
import type { HostCertificate } from '../../shared/tls/context.ts';
import type { KeyLogger } from '../../shared/tls/keylog.ts';
import type { SipRoute } from '../exchange/data.ts';
import { routeTlsPolicy } from './origins.ts';

interface ConnectorOptions {
  transport: SipTransport;
  clock: Clock;
  /** Address to connect from; undefined: the system's choice. */
  localAddress: string | undefined;
  /** Our ports: the other side sends requests inside calls there, so a route needs one of its transport. */
  ports: Readonly<Partial<Record<Protocol, number>>>;
  /** CAs of the other sides' certificates. */
  roots: readonly X509Certificate[];
  /** Presented where the other side asks for a certificate. */
  own: HostCertificate | undefined;
  keylog: KeyLogger | undefined;
}

const CONNECT_MS = 5_000;

/** @returns the function that opens one; it rejects with the reason, for TLS that of the judgement of the certificate */
export function routeConnector(
  options: ConnectorOptions,
): (route: SipRoute, address: string, signal: AbortSignal) => Promise<Flow> {
  const { transport, clock, localAddress, ports, roots, own: host, keylog } = options;
  return async ({ protocol, port, host: name = '' }, address, signal) => {
    const ownPort = ports[protocol];
    if (ownPort === undefined) throw new Error(`this exchange has no port for ${protocol}`);
    const local = localAddress === undefined ? {} : { localAddress };
    const common = { host: address, port, timeoutMs: CONNECT_MS, signal, ...local };
    if (protocol === 'udp') return transport.connect({ ...common, protocol, localPort: ownPort });
    if (protocol === 'tcp') return transport.connect({ ...common, protocol });
    const settings = { policy: routeTlsPolicy, roots, now: clock.now(), host, keylog };
    const tlsConnect = () => connectTls({ ...common, host: name, address, settings, clock });
    return transport.connect({ ...common, protocol, tlsConnect });
  };
}
