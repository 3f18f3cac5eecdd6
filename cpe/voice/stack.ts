// The parts of a user agent and how they are wired: signalling, accounts, and calls in both directions.
import { setMaxListeners } from 'node:events';
import { Accounts } from './accounts.ts';
import type { Call, PlaceOptions } from './call/call.ts';
import { Calls } from './call/calls.ts';
import type { CallContext } from './call/context.ts';
import type { Mailboxes } from './events/mailboxes.ts';
import type { UserAgentConfig, UserAgentEnv } from './settings.ts';
import { Signalling } from './signalling.ts';

export class SipStack {
  readonly signalling: Signalling;
  readonly accounts: Accounts;
  readonly #config: UserAgentConfig;
  readonly #env: UserAgentEnv;
  readonly #calls: Calls;
  /** Ends registrations, keep-alives and the placing of calls; the connections end later. */
  readonly #working = new AbortController();

  constructor(config: UserAgentConfig, env: UserAgentEnv, isStopping: () => boolean) {
    this.#config = config;
    // Each registration and each call waits on it.
    setMaxListeners(0, this.#working.signal);
    this.#env = env;
    this.signalling = new Signalling(config, env, {
      onRequest: transaction => this.#calls.take(transaction),
      onAck: ack => this.#calls.acknowledge(ack),
    });
    this.accounts = new Accounts(config, env.random);
    this.#calls = new Calls({
      config,
      env,
      layer: this.signalling.layer,
      accounts: this.accounts,
      flow: () => this.signalling.callFlow,
      servers: () => this.signalling.servers,
      working: this.#working.signal,
      isStopping,
    });
  }

  get context(): CallContext {
    return this.#calls.context;
  }

  get mailboxes(): Mailboxes {
    return this.#calls.mailboxes;
  }

  onCall(listener: (call: Call) => void): void {
    this.#calls.onCall(listener);
  }

  /** Starts the connections to the servers, and the registrations over them. */
  connect(onChange: () => void): void {
    const signal = this.#working.signal;
    const servers = this.signalling.connect(signal, onChange, flow =>
      [...this.context.legs.values()].some(leg => leg.flow === flow),
    );
    const { registrar, calls } = servers;
    if (calls) this.#calls.mailboxes.subscribe(calls, signal, onChange);
    if (!registrar) return;
    this.accounts.registrations.start({
      ...{ ...this.#env, config: this.#config, layer: this.signalling.layer, link: registrar, signal, onChange },
      onAnswer: () => servers.answered(registrar),
    });
  }

  call(user: string, target: string, options?: PlaceOptions): Promise<Call> {
    return this.#calls.place(user, target, options);
  }

  stopWork(): void {
    this.#working.abort();
  }

  /** Hangs up and unregisters. */
  async leave(): Promise<void> {
    for (const link of this.signalling.servers?.links ?? []) link.shutDown();
    const { registrations } = this.accounts;
    await Promise.all([this.#calls.hangUp(), this.#calls.mailboxes.unsubscribe(), registrations.unregister()]);
  }

  /** Closes everything and sends nothing more. */
  async close(): Promise<void> {
    this.signalling.disconnect();
    await Promise.all([this.accounts.registrations.done(), this.#calls.mailboxes.done(), this.#calls.close()]);
    await this.signalling.close();
  }
}
