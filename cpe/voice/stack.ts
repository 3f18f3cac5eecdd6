// The parts of a user agent and how they are wired: signalling, accounts, and calls in both directions.
import { setMaxListeners } from 'node:events';
import type { Flow } from '../../shared/sip/flow-types.ts';
import { Accounts } from './accounts.ts';
import type { Call } from './call/call.ts';
import { type CallContext, createCallContext } from './call/context.ts';
import { OutgoingCalls } from './call/outgoing-calls.ts';
import { Requests } from './call/requests.ts';
import { registrationContacts } from './contact.ts';
import type { UserAgentConfig, UserAgentEnv } from './settings.ts';
import { Signalling } from './signalling.ts';

export class SipStack {
  readonly signalling: Signalling;
  readonly accounts: Accounts;
  readonly context: CallContext;
  readonly #config: UserAgentConfig;
  readonly #env: UserAgentEnv;
  readonly #requests: Requests;
  readonly #outgoing: OutgoingCalls;
  /** Ends registrations, keep-alives and the placing of calls; the connections end later. */
  readonly #working = new AbortController();
  readonly #callListeners = new Set<(call: Call) => void>();

  constructor(config: UserAgentConfig, env: UserAgentEnv, isStopping: () => boolean) {
    this.#config = config;
    // Each registration and each call waits on it.
    setMaxListeners(0, this.#working.signal);
    this.#env = env;
    this.signalling = new Signalling(config, env, {
      onRequest: transaction => this.#requests.take(transaction),
      onAck: ack => this.#requests.acknowledge(ack),
    });
    const { layer } = this.signalling;
    const accounts = new Accounts(config, env.random);
    const flow = (): Flow | undefined => this.signalling.callFlow;
    const place: CallContext['place'] = (...call) => this.#outgoing.place(...call);
    const context = createCallContext({ config, env, layer, accounts, flow, place });
    const onCall = (call: Call): void => {
      for (const listener of this.#callListeners) listener(call);
    };
    this.accounts = accounts;
    this.context = context;
    this.#outgoing = new OutgoingCalls(accounts, context, () => this.signalling.servers, this.#working.signal);
    this.#requests = new Requests({ context, accounts, isStopping, onCall });
  }

  onCall(listener: (call: Call) => void): void {
    this.#callListeners.add(listener);
  }

  /** Starts the connections to the servers, and the registrations over them. */
  connect(onChange: () => void): void {
    const signal = this.#working.signal;
    const servers = this.signalling.connect(signal, onChange);
    const config = this.#config;
    const { registrar } = servers;
    if (!registrar) return;
    this.accounts.register({
      ...this.#env,
      config,
      layer: this.signalling.layer,
      contacts: (user, flow) => registrationContacts(config, user, flow),
      link: registrar,
      signal,
      onChange,
      onAnswer: () => servers.answered(registrar),
    });
  }

  call(user: string, target: string, signal?: AbortSignal): Promise<Call> {
    return this.#outgoing.place(user, target, signal && { signal });
  }

  stopWork(): void {
    this.#working.abort();
  }

  /** Hangs up and unregisters. */
  async leave(): Promise<void> {
    for (const link of this.signalling.servers?.links ?? []) link.shutDown();
    const hangups = [...this.context.legs.values()].map(leg => leg.hangup());
    await Promise.all([...hangups, this.accounts.unregister()]);
  }

  /** Closes everything and sends nothing more. */
  async close(): Promise<void> {
    this.signalling.disconnect();
    await Promise.all([this.accounts.done(), this.#requests.settled(), this.#outgoing.settled()]);
    await Promise.all([...this.context.legs.values()].map(leg => leg.drop()));
    for (const rest of [...this.context.remains.values()]) rest.stop();
    await this.signalling.close();
  }
}
