// The unit's SIP side in one place: connections, registrations, keep-alive, calls. `services` starts it with the unit's
// settings and stops it when they change.
import { guardedClock } from '../../shared/clock.ts';
import { throttledByAddress } from '../../shared/throttled-log.ts';
import type { Call, PlaceOptions } from './call/call.ts';
import type { MailboxView } from './events/mailboxes.ts';
import { type ConnectionStatus, connectionStatus, type GatewayState, gatewayState } from './gateway-status.ts';
import type { RegistrationState } from './registrar.ts';
import type { UserAgentConfig, UserAgentEnv } from './settings.ts';
import { shutDown } from './shutdown.ts';
import { SipStack } from './stack.ts';

/** A registrar is needed where an account registers; a trunk without servers takes calls only. */
const isConfigured = ({ registrar, proxy, accounts }: UserAgentConfig): boolean =>
  (registrar.host !== '' || !accounts.some(account => account.register)) && proxy?.host !== '';

/** The surroundings, with the gateway's name in the log and timers that let no error out. */
function guardedEnv(config: UserAgentConfig, env: UserAgentEnv): UserAgentEnv {
  const log = throttledByAddress(env.log.child({ gateway: config.gateway }), env.clock);
  return { ...env, log, clock: guardedClock(env.clock, error => log.error('SIP timer failed', { error })) };
}

/** Starts at its construction and never gives up connecting; `state`, `connections` and `registrations` show the progress. */
export class SipUserAgent {
  readonly #config: UserAgentConfig;
  readonly #env: UserAgentEnv;
  readonly #stack: SipStack;
  readonly #changeListeners = new Set<() => void>();
  readonly #started: Promise<void>;
  #portTaken = false;
  #stopped: Promise<void> | undefined;

  constructor(config: UserAgentConfig, env: UserAgentEnv) {
    this.#config = config;
    this.#env = guardedEnv(config, env);
    this.#stack = new SipStack(config, this.#env, () => this.#stopped !== undefined);
    this.#started = this.#start().catch((error: unknown) => this.#env.log.error('SIP gateway start failed', { error }));
  }

  /** The persistent connections; empty over UDP. */
  connections(): ConnectionStatus[] {
    const links = this.#config.transport === 'udp' ? [] : (this.#stack.signalling.servers?.links ?? []);
    return links.map(link => connectionStatus(this.#config.gateway, link));
  }

  registrations(): { user: string; state: RegistrationState }[] {
    return this.#stack.accounts.registrations.states();
  }

  /** The mailboxes that accounts subscribe to, with what is known of their messages. */
  mailboxes(): MailboxView[] {
    return this.#stack.mailboxes.views();
  }

  state(): GatewayState {
    if (!isConfigured(this.#config)) return 'Invalid Configuration';
    return this.#portTaken ? 'Cannot start, port already in use' : gatewayState(this.#stack.signalling.servers);
  }

  /**
   * Resolves when the called side has answered and the media is settled.
   * @throws CallFailed; UserError for an unknown or unregistered account; an AbortError after `options.signal`
   */
  call(user: string, target: string, options?: PlaceOptions): Promise<Call> {
    return this.#stack.call(user, target, options);
  }

  /** Calls under way. */
  calls(): Call[] {
    return [...this.#stack.context.legs.values()];
  }

  /** Calls the listener for each incoming call that was answered; the unit answers calls by itself. */
  incoming(listener: (call: Call) => void): void {
    this.#stack.onCall(listener);
  }

  /** Calls the listener when connections, registrations or the gateway's state may have changed. */
  onChange(listener: () => void): void {
    this.#changeListeners.add(listener);
  }

  /** Removes or renews the registration of an account as it is locked now. */
  readonly follow = (user: string): Promise<void> => this.#stack.accounts.registrations.follow(user);

  /** Hangs up, unregisters and closes. `silent`: as in a power cut, nothing is sent. */
  stop({ silent = false }: { silent?: boolean } = {}): Promise<void> {
    this.#stopped ??= this.#started.then(() => shutDown(this.#env, this.#stack, silent));
    return this.#stopped;
  }

  #changed(): void {
    for (const listener of this.#changeListeners) listener();
  }

  async #start(): Promise<void> {
    if (!isConfigured(this.#config)) return;
    const bound = this.#stack.signalling.listen();
    this.#portTaken = bound !== undefined && !(await bound);
    if (this.#portTaken) this.#changed();
    else if (!this.#stopped) this.#stack.connect(() => this.#changed());
  }
}
