// The signalling of one SIP gateway: its transport, its transactions, and the connections to its servers.
import type { ConnectionLimits } from '../../shared/sip/accepted-connections.ts';
import type { Flow } from '../../shared/sip/flow-types.ts';
import type { SipRequest } from '../../shared/sip/message.ts';
import { TransactionLayer } from '../../shared/sip/transaction.ts';
import type { ServerTransaction } from '../../shared/sip/transaction-types.ts';
import { SipTransport } from '../../shared/sip/transport.ts';
import { sentBy } from './contact.ts';
import { listen } from './listener.ts';
import { Servers } from './servers/servers.ts';
import { hasReadableKeys, type UserAgentConfig, type UserAgentEnv } from './settings.ts';

interface RequestHandlers {
  onRequest: (transaction: ServerTransaction) => void;
  onAck: (ack: SipRequest) => void;
}

/** Connections of one gateway, its own and its peers'; the number is our choice. */
const MAX_CONNECTIONS = 256;

/** Of one peer: a proxy has a few connections; no address takes them all. The numbers are our choice. */
const limits: ConnectionLimits = { unheard: { perAddress: 32, unproved: 128 }, perAddress: 64 };
/** Bytes of a message over UDP (vendor text). */
const MAX_DATAGRAM = 5120;
/** Seconds; 64 × T1 (RFC 3261 17.1.1.2). */
const DEFAULT_TIMEOUT = 32;

export class Signalling {
  readonly layer: TransactionLayer;
  readonly #config: UserAgentConfig;
  readonly #env: UserAgentEnv;
  readonly #transport: SipTransport;
  /** Ends the connections. */
  readonly #connected = new AbortController();
  #servers: Servers | undefined;

  constructor(config: UserAgentConfig, env: UserAgentEnv, handlers: RequestHandlers) {
    const { clock, random, log } = env;
    this.#config = config;
    this.#env = env;
    this.#transport = new SipTransport({
      clock,
      log,
      maxConnections: MAX_CONNECTIONS,
      limits,
      maxDatagram: MAX_DATAGRAM,
      tap: env.tap,
    });
    this.layer = new TransactionLayer({
      transport: this.#transport,
      clock,
      random,
      log,
      ...handlers,
      timers: { timeoutMs: 1000 * (config.transmissionTimeout ?? DEFAULT_TIMEOUT) },
      sentBy: flow => sentBy(config, flow),
    });
  }

  /** Undefined before `connect`. */
  get servers(): Servers | undefined {
    return this.#servers;
  }

  /** The connection that calls go over. */
  get callFlow(): Flow | undefined {
    return this.#servers?.calls?.flow;
  }

  /** Binds the gateway's ports; false when that is not possible, undefined where there are none. */
  listen(): Promise<boolean> | undefined {
    return listen(this.#config, this.#env, this.#transport);
  }

  /**
   * Starts the connections to the servers.
   * @param working ends the keep-alives
   * @param isBusy a call goes over the flow
   */
  connect(working: AbortSignal, onChange: () => void, isBusy: (flow: Flow) => boolean): Servers {
    warnOfSettings(this.#config, this.#env);
    this.#servers = new Servers({
      config: this.#config,
      env: this.#env,
      layer: this.layer,
      transport: this.#transport,
      working,
      connected: this.#connected.signal,
      onChange,
      isBusy,
    });
    return this.#servers;
  }

  /** Ends the connections, and every request that still waits for an answer. */
  disconnect(): void {
    this.#connected.abort();
    this.layer.stop();
  }

  async close(): Promise<void> {
    await this.#servers?.done;
    await this.#transport.close();
  }
}

/** Reports settings that the unit carries out, and that hardly anything but a mistake explains. */
function warnOfSettings(config: UserAgentConfig, env: UserAgentEnv): void {
  const { gateway, transport } = config;
  if (hasReadableKeys(config)) env.notify('secureWithoutTls', { gateway });
  if (transport === 'tls' && !env.tls('server').host) env.notify('hostCertificateMissing', { gateway });
}
