// The parts of a user agent and how they are wired: transport, transactions, accounts, servers and calls.
import { messageOf } from '../../shared/errors.ts';
import { TransactionLayer } from '../../shared/sip/transaction.ts';
import { SipTransport } from '../../shared/sip/transport.ts';
import { Accounts } from './accounts.ts';
import type { Call } from './call/call.ts';
import { type CallContext, createCallContext } from './call/context.ts';
import { OutgoingCalls } from './call/outgoing-calls.ts';
import { Requests } from './call/requests.ts';
import { contactUri, ownPort, sentBy } from './contact.ts';
import { Servers } from './servers.ts';
import type { UserAgentConfig, UserAgentEnv } from './settings.ts';

export class SipStack {
  readonly accounts: Accounts;
  readonly context: CallContext;
  /** Ends registrations, keep-alives and the placing of calls. */
  readonly #working = new AbortController();
  /** Ends the connections, later. */
  readonly #connected = new AbortController();
  readonly #config: UserAgentConfig;
  readonly #env: UserAgentEnv;
  readonly #transport: SipTransport;
  readonly #layer: TransactionLayer;
  readonly #requests: Requests;
  readonly #outgoing: OutgoingCalls;
  readonly #callListeners = new Set<(call: Call) => void>();
  #servers: Servers | undefined;

  constructor(config: UserAgentConfig, env: UserAgentEnv, isStopping: () => boolean) {
    const { clock, random, log } = env;
    this.#config = config;
    this.#env = env;
    this.#transport = new SipTransport({ clock, log });
    this.#layer = new TransactionLayer({
      transport: this.#transport,
      clock,
      random,
      log,
      onRequest: transaction => this.#requests.take(transaction),
      onAck: ack => this.#requests.acknowledge(ack),
      sentBy: flow => sentBy(config, flow),
    });
    this.accounts = new Accounts(config, random);
    this.context = createCallContext({
      config,
      env,
      layer: this.#layer,
      accounts: this.accounts,
      flow: () => this.#servers?.calls.flow,
    });
    this.#outgoing = new OutgoingCalls(this.accounts, this.context);
    this.#requests = new Requests({
      context: this.context,
      accounts: this.accounts,
      isStopping,
      onCall: call => {
        for (const listener of this.#callListeners) listener(call);
      },
    });
  }

  /** Undefined before `connect`. */
  get servers(): Servers | undefined {
    return this.#servers;
  }

  onCall(listener: (call: Call) => void): void {
    this.#callListeners.add(listener);
  }

  /** Binds the unit's port; false when that is not possible. */
  async listen(protocol: 'tcp' | 'udp'): Promise<boolean> {
    const port = ownPort(this.#config);
    try {
      await this.#transport.listen({ protocol, host: this.#config.address, port });
      return true;
    } catch (error) {
      this.#env.log.error('SIP port not bound', { port, reason: messageOf(error) });
      return false;
    }
  }

  /** Starts the connections to the servers, and the registrations over them. */
  connect(onChange: () => void): void {
    const config = this.#config;
    const common = { config, layer: this.#layer, onChange };
    const servers = new Servers({
      ...common,
      env: this.#env,
      transport: this.#transport,
      working: this.#working.signal,
      connected: this.#connected.signal,
    });
    this.#servers = servers;
    this.accounts.register({
      ...common,
      ...this.#env,
      contact: (user, flow) => contactUri(config, user, flow, config.registrationTransport),
      link: servers.registrar,
      signal: this.#working.signal,
      onAnswer: () => servers.answered(servers.registrar),
    });
  }

  call(user: string, target: string, signal?: AbortSignal): Promise<Call> {
    const working = this.#working.signal;
    const either = signal ? AbortSignal.any([signal, working]) : working;
    return this.#outgoing.place(user, target, this.#servers, either);
  }

  stopWork(): void {
    this.#working.abort();
  }

  /** Hangs up and unregisters. */
  async leave(): Promise<void> {
    for (const link of this.#servers?.links ?? []) link.shutDown();
    const hangups = [...this.context.legs.values()].map(leg => leg.hangup());
    await Promise.all([...hangups, this.accounts.unregister()]);
  }

  /** Closes everything and sends nothing more. */
  async close(): Promise<void> {
    this.#connected.abort();
    // Ends what still waits for an answer.
    this.#layer.stop();
    await Promise.all([this.accounts.done(), this.#requests.settled(), this.#outgoing.settled()]);
    await Promise.all([...this.context.legs.values()].map(leg => leg.drop()));
    await this.#servers?.done;
    await this.#transport.close();
  }
}
