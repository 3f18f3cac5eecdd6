// The gatekeeper as the exchange sees it: its ports, terminals and calls.
import type { Log } from '../../shared/log.ts';
import type { Change } from '../exchange/data.ts';
import type { RegisteredTerminal, TerminalSource } from '../exchange/terminals.ts';
import { isH323Number } from './gatekeeper/applicant.ts';
import type { Endpoint } from './gatekeeper/endpoints.ts';
import type { HeardCount } from './heard-messages.ts';
import { type GatekeeperOptions, type H323Ports, type Parts, partsOf } from './parts.ts';
import { transportAddress } from './transport/addresses.ts';
import { type Listener, listenRas } from './transport/listeners.ts';

export interface H323Call {
  callId: string;
  from: string;
  to: string;
  state: 'trying' | 'ringing' | 'up';
  kind: 'direct' | 'route';
  protocol: 'H.323';
  /** Both sides of its signalling run over TLS. */
  secure: boolean;
  seconds: number;
}

/** Listens and serves until `stop`. Rejects when a port is taken. */
export async function startGatekeeper(options: GatekeeperOptions): Promise<H323Terminals> {
  const gatekeeper = new H323Terminals(options);
  try {
    await gatekeeper.listen();
  } catch (error) {
    await gatekeeper.stop();
    throw error;
  }
  return gatekeeper;
}

export class H323Terminals implements TerminalSource {
  readonly ports: H323Ports = {};
  readonly #parts: Parts;
  readonly #listeners: Listener[] = [];
  readonly #unwatch: () => void;

  constructor(options: GatekeeperOptions) {
    this.#parts = partsOf(options, this.ports);
    this.#unwatch = options.exchange.onChange(changes => endErased(changes, this.#parts));
  }

  async listen(): Promise<void> {
    const { options, log, ras, streams, connections } = this.#parts;
    const { host, rasPort, callPort, tlsPort, tls, admit, keylog } = options;
    const keep = (listener: Listener): number => {
      this.#listeners.push(listener);
      return listener.port;
    };
    if (rasPort !== undefined)
      this.ports.ras = keep(await listenRas({ host, port: rasPort, log }, (bytes, from) => ras.take(bytes, from)));
    if (callPort !== undefined)
      this.ports.calls = keep(await streams.listen({ host, port: callPort }, socket => connections.accept(socket)));
    if (tlsPort === undefined) return;
    if (!tls) throw new TypeError('a certificate is needed for H.323 over TLS');
    const secured = { host, port: tlsPort, tls, admit, keylog };
    this.ports.tls = keep(await streams.listen(secured, socket => connections.accept(socket)));
  }

  terminals(dir?: string): RegisteredTerminal[] {
    const { endpoints } = this.#parts;
    return (dir === undefined ? endpoints.all() : endpoints.of(dir)).map(registeredTerminal);
  }

  async unregister(dir: string): Promise<number> {
    const gone = [...this.#parts.endpoints.of(dir)];
    await Promise.all(gone.map(endpoint => end(endpoint, 'unregistered by command', this.#parts)));
    return gone.length;
  }

  calls(): H323Call[] {
    const now = this.#parts.clock.now();
    return this.#parts.calls
      .all()
      .flatMap(({ facts: { guid: callId, from, to }, state, isSecure: secure, isDirect, since }) => {
        const kind = isDirect ? 'direct' : 'route';
        const seconds = Math.floor((now - since) / 1000);
        return state === 'ended' ? [] : { callId, from, to, state, kind, protocol: 'H.323', secure, seconds };
      });
  }

  /** Messages that came since the start. */
  messages(): HeardCount[] {
    return this.#parts.messages.counts();
  }

  /** Open connections for call signalling. */
  connections(): { protocol: string; remote: string; tls?: { version: string; cipher: string } }[] {
    return this.#parts.connections.all().map(({ protocol, remote, tls }) => ({
      protocol: `H.323 ${protocol}`,
      remote: `${remote.host.includes(':') ? `[${remote.host}]` : remote.host}:${remote.port}`,
      ...(tls ? { tls } : {}),
    }));
  }

  async stop(): Promise<void> {
    const { calls, own, endpoints, connections, streams } = this.#parts;
    this.#unwatch();
    calls.stop();
    own.stop();
    endpoints.stop();
    const closed = this.#listeners.map(listener => listener.close());
    connections.close();
    streams.close();
    await Promise.all(closed);
  }
}

/** Ends a registration, and asks the endpoint to register again; waits a bounded time for its answer. */
async function end(endpoint: Endpoint, why: string, { own, endpoints }: Parts): Promise<void> {
  const { id, channel, rasPort, callSignal } = endpoint;
  endpoints.remove(endpoint, why);
  await own.ask(channel.at(rasPort), requestSeqNum => ({
    unregistrationRequest: {
      ...{ requestSeqNum, callSignalAddress: [transportAddress(callSignal)], endpointIdentifier: id },
      reason: 'reregistrationRequired',
    },
  }));
}

/** Ends the registrations of numbers that are no extension for H.323 terminals any more. */
function endErased(changes: readonly Change[], parts: Parts): void {
  const log: Log = parts.log;
  for (const { table, key } of changes) {
    if (table !== 'extensions' && table !== 'ipExtensions') continue;
    const registered = parts.endpoints.of(key);
    if (registered.length === 0 || isH323Number(parts.options.exchange, key)) continue;
    for (const endpoint of registered)
      end(endpoint, 'extension erased', parts).catch((error: unknown) =>
        log.error('H.323 unregistration failed', { error }),
      );
  }
}

function registeredTerminal({
  dir,
  channel,
  callSignal,
  product,
  isSecure,
  row,
  since,
  expires,
}: Endpoint): RegisteredTerminal {
  const { protocol, local, remote, tls } = channel;
  return {
    ...{ dir, kind: 'H.323', protocol, port: local.port, remote, isSecure, row, since, expires },
    contact: `${callSignal.host.includes(':') ? `[${callSignal.host}]` : callSignal.host}:${callSignal.port}`,
    ...(tls ? { tls } : {}),
    ...(product === undefined ? {} : { product }),
  };
}
