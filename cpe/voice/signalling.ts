// The signalling of one SIP gateway: its transport, its transactions, and the connections to its servers.
import { messageOf } from '../../shared/errors.ts';
import type { Flow } from '../../shared/sip/flow-types.ts';
import type { SipRequest } from '../../shared/sip/message.ts';
import { TransactionLayer } from '../../shared/sip/transaction.ts';
import type { ServerTransaction } from '../../shared/sip/transaction-types.ts';
import { type ListenOptions, SipTransport } from '../../shared/sip/transport.ts';
import { ownPort, sentBy } from './contact.ts';
import { Servers } from './servers.ts';
import type { UserAgentConfig, UserAgentEnv } from './settings.ts';
import { tlsListener } from './tls-listener.ts';

interface RequestHandlers {
  onRequest: (transaction: ServerTransaction) => void;
  onAck: (ack: SipRequest) => void;
}

/** Connections of one gateway, its own and its peers'; the number is our choice. */
const MAX_CONNECTIONS = 256;
/** Silence after which the connection of a peer is closed: what the vendor's notes set at the proxy. */
const IDLE_MS = 12_000_000;

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
    this.#transport = new SipTransport({ clock, log, maxConnections: MAX_CONNECTIONS });
    this.layer = new TransactionLayer({
      transport: this.#transport,
      clock,
      random,
      log,
      ...handlers,
      sentBy: flow => sentBy(config, flow),
    });
  }

  /** Undefined before `connect`. */
  get servers(): Servers | undefined {
    return this.#servers;
  }

  /** The connection that calls go over. */
  get callFlow(): Flow | undefined {
    return this.#servers?.calls.flow;
  }

  /**
   * Binds the unit's port; false when that is not possible.
   * @returns undefined where there is none: over TLS without a Host certificate for a server
   */
  listen(): Promise<boolean> | undefined {
    const tls = this.#config.transport === 'tls' ? tlsListener(this.#config, this.#env) : {};
    return tls && this.#bind(tls);
  }

  /** Starts the connections to the servers. @param working ends the keep-alives */
  connect(working: AbortSignal, onChange: () => void): Servers {
    warnOfSettings(this.#config, this.#env);
    this.#servers = new Servers({
      config: this.#config,
      env: this.#env,
      layer: this.layer,
      transport: this.#transport,
      working,
      connected: this.#connected.signal,
      onChange,
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

  async #bind(tls: Pick<ListenOptions, 'tls' | 'admit'>): Promise<boolean> {
    const { address: host, transport: protocol } = this.#config;
    const port = ownPort(this.#config);
    try {
      await this.#transport.listen({ protocol, host, port, idleMs: IDLE_MS, ...tls });
      return true;
    } catch (error) {
      const reason = messageOf(error);
      this.#env.log.error('SIP port not bound', { port, reason });
      this.#env.notify('portInUse', { gateway: this.#config.gateway, port, reason });
      return false;
    }
  }
}

/** Reports settings that the unit carries out, and that hardly anything but a mistake explains. */
function warnOfSettings({ gateway, transport, srtp, accounts }: UserAgentConfig, env: UserAgentEnv): void {
  const isSecured = accounts.some(account => (account.srtp ?? srtp).mode !== 'Unsecure');
  if (transport !== 'tls' && isSecured) env.notify('secureWithoutTls', { gateway });
  if (transport === 'tls' && !env.tls('server').host) env.notify('hostCertificateMissing', { gateway });
}
