// The registrar as one account sees it: REGISTER requests, and what their answers mean for the registration (RFC 3261 10.2).
import type { Random } from '../../shared/clock.ts';
import { seconds } from '../../shared/sip/fields.ts';
import type { Flow } from '../../shared/sip/flow-types.ts';
import { createRequest, type SipRequest, type SipResponse, SipSyntaxError } from '../../shared/sip/message.ts';
import type { TransactionLayer } from '../../shared/sip/transaction.ts';
import { type NameAddr, parseNameAddr, parseUri, sameUri } from '../../shared/sip/uri.ts';
import type { Authenticator } from './auth.ts';
import { exchange } from './authenticated-request.ts';
import type { Failure } from './servers/failover.ts';
import type { ContactMatching, UserAgentConfig } from './settings.ts';

export type RegistrationState =
  | 'Unregistered'
  | 'Registering'
  | 'Registered'
  | 'Refreshing'
  | 'Unregistering'
  | 'Unreachable'
  | 'AuthFailed'
  | 'Rejected'
  | 'ConfigError'
  | 'InvalidResponse';

/** DGW `DefaultRegistrationExpirationValue`: used where the answer names none. */
const SILENT_EXPIRY = 3600;

interface RegistrarOptions {
  user: string;
  config: UserAgentConfig;
  contacts: (flow: Flow) => string[];
  layer: TransactionLayer;
  auth: Authenticator;
  random: Random;
  onAnswer: () => void;
  /** The registrar left the request without an answer, or refused it. */
  onFailure: (flow: Flow, failure: Failure) => void;
}

export class Registrar {
  readonly #options: RegistrarOptions;
  readonly #callId: string;
  #sequence: number;
  /** Seconds to propose; 0 proposes none. */
  #expires: number;

  constructor(options: RegistrarOptions) {
    this.#options = options;
    this.#callId = options.random.bytes(8).toString('hex');
    this.#sequence = options.random.int(1, 2 ** 30);
    this.#expires = options.config.expires;
  }

  /**
   * Adds or refreshes the binding.
   * @returns the seconds that were granted, or the state that the answer means
   * @throws SipSyntaxError when the account fits no SIP message
   */
  register(flow: Flow): Promise<RegistrationState | number> {
    return this.#ask(flow, this.#expires > 0 ? this.#expires : undefined);
  }

  /** Removes the binding. RFC 3261 10.2.2 */
  async unregister(flow: Flow): Promise<void> {
    await this.#ask(flow, 0);
  }

  async #ask(flow: Flow, expires: number | undefined, repeated = false): Promise<RegistrationState | number> {
    const { layer, auth, config, onAnswer, onFailure } = this.#options;
    const contacts = this.#options.contacts(flow);
    const { request, response, cause } = await exchange(layer, flow, this.#build(contacts, expires), auth);
    // Each attempt at authentication took a CSeq of its own.
    this.#sequence = Math.max(this.#sequence, Number.parseInt(request.headers.get('CSeq') ?? '0', 10));
    if (cause || response.status >= 500) onFailure(flow, { status: response.status, cause });
    if (cause) return 'Unreachable';
    onAnswer();
    const shortest = seconds(response.headers.get('Min-Expires'));
    // RFC 3261 10.2.8: the registrar names the shortest time it grants.
    if (response.status === 423 && shortest && shortest > this.#expires && !repeated) {
      this.#expires = shortest;
      return this.#ask(flow, shortest, true);
    }
    return outcomeOf(response, contacts, config);
  }

  #build(contacts: readonly string[], expires: number | undefined): SipRequest {
    const { user, config, random } = this.#options;
    const address = `<sip:${user}@${config.domain}>`;
    this.#sequence += 1;
    const { host, port } = config.registrar;
    const headers: [string, string][] = [
      ['Max-Forwards', '70'],
      ['From', `${address};tag=${random.bytes(5).toString('hex')}`],
      ['To', address],
      ['Call-ID', this.#callId],
      ['CSeq', `${this.#sequence} REGISTER`],
      ...contacts.map(contact => ['Contact', contact] as [string, string]),
      ['User-Agent', config.userAgent],
    ];
    if (expires !== undefined) headers.push(['Expires', String(expires)]);
    return createRequest('REGISTER', `sip:${host}${port === 0 ? '' : `:${port}`}`, { headers });
  }
}

/** The state that an answer means; a number is the seconds that were granted. */
function outcomeOf(
  response: SipResponse,
  contacts: readonly string[],
  config: UserAgentConfig,
): RegistrationState | number {
  if (response.status === 401 || response.status === 407 || response.status === 403) return 'AuthFailed';
  if (response.status >= 300) return 'Rejected';
  const whole = seconds(response.headers.get('Expires')) ?? (config.expires || SILENT_EXPIRY);
  const times: number[] = [];
  for (const contact of contacts) {
    const granted = bindingOf(response, contact, config.contactMatching ?? 'Strict');
    if (!granted) return 'InvalidResponse';
    times.push(seconds(granted.parameters.get('expires')) ?? whole);
  }
  // All bindings are refreshed together.
  const time = Math.min(...times);
  // RFC 3261 10.2.4: a binding that is granted no time does not exist.
  return time === 0 ? 'Rejected' : time;
}

/** Our own binding among those the registrar lists; a proxy that dropped or added parameters hides it under Strict. */
function bindingOf(response: SipResponse, contact: string, matching: ContactMatching): NameAddr | undefined {
  const ours = parseUri(parseNameAddr(contact).uri);
  for (const value of response.headers.list('Contact')) {
    try {
      const address = parseNameAddr(value);
      const theirs = parseUri(address.uri);
      if (matching === 'Strict') {
        if (sameUri(ours, theirs) && ours.parameters.size === theirs.parameters.size) return address;
        continue;
      }
      const port = matching === 'IgnoreUriParams' ? theirs.port === ours.port : true;
      if (theirs.user === ours.user && theirs.host.toLowerCase() === ours.host.toLowerCase() && port) return address;
    } catch (error) {
      // A binding of another user agent may have an unknown URI scheme.
      if (!(error instanceof SipSyntaxError)) throw error;
    }
  }
  return undefined;
}
