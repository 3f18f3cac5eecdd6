// One account's registration (RFC 3261 10), with the unit's timers and the states of its `SipEp.RegistrationStatus` table.
import type { Clock, Random } from '../../shared/clock.ts';
import { isAbort } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { seconds } from '../../shared/sip/fields.ts';
import type { Address, Flow } from '../../shared/sip/flow-types.ts';
import { createRequest, type SipRequest, type SipResponse, SipSyntaxError } from '../../shared/sip/message.ts';
import type { TransactionLayer } from '../../shared/sip/transaction.ts';
import { type NameAddr, parseNameAddr, parseUri, sameUri } from '../../shared/sip/uri.ts';
import type { Authenticator } from './auth.ts';
import { exchange } from './authenticated-request.ts';
import type { Link } from './link.ts';

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

/** DGW `SipEp.InteropRegistrationContactMatching`. */
export type ContactMatching = 'Strict' | 'IgnoreUriParams' | 'IgnoreUriAndPortParams';

export interface RegistrationOptions {
  user: string;
  domain: string;
  registrar: Address;
  userAgent: string;
  /** Proposed seconds; 0 proposes none. */
  expires: number;
  /** Seconds before expiry, and after a failure. */
  refreshTime: number;
  retryTime: number;
  matching: ContactMatching;
  /** The Contact URI that REGISTER carries over this flow. */
  contact: (flow: Flow) => string;
  link: Link;
  layer: TransactionLayer;
  auth: Authenticator;
  clock: Clock;
  random: Random;
  log: Log;
  signal: AbortSignal;
  onChange: () => void;
  /** The server answered. */
  onAnswer: () => void;
}

export interface Registration {
  readonly user: string;
  readonly state: RegistrationState;
  /** Takes the binding back; waits for the answer as long as the transaction does. */
  unregister(): Promise<void>;
  readonly done: Promise<void>;
}

/** DGW `DefaultRegistrationExpirationValue`: used where the answer names none. */
const SILENT_EXPIRY = 3600;

/** What an answer means for the registration; a number is how many seconds it was granted for. */
function judge(response: SipResponse, contact: string, options: RegistrationOptions): RegistrationState | number {
  if (response.status === 401 || response.status === 407 || response.status === 403) return 'AuthFailed';
  if (response.status >= 300) return 'Rejected';
  const granted = bindingOf(response, contact, options.matching);
  if (!granted) return 'InvalidResponse';
  const own = seconds(granted.parameters.get('expires'));
  return own ?? seconds(response.headers.get('Expires')) ?? (options.expires || SILENT_EXPIRY);
}

/** Our own binding among those the registrar lists; a proxy that dropped or added parameters hides it under Strict. */
function bindingOf(response: SipResponse, contact: string, matching: ContactMatching): NameAddr | undefined {
  const ours = parseUri(contact);
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
      // Somebody else's binding may be of a scheme we do not know.
      if (!(error instanceof SipSyntaxError)) throw error;
    }
  }
  return undefined;
}

export function startRegistration(options: RegistrationOptions): Registration {
  const { user, link, layer, clock, random, log, signal } = options;
  const callId = random.bytes(8).toString('hex');
  let sequence = random.int(1, 2 ** 30);
  let expires = options.expires;
  let state: RegistrationState = 'Unregistered';

  const become = (next: RegistrationState): void => {
    if (state === next) return;
    state = next;
    log.info('SIP registration', { user, state });
    options.onChange();
  };

  const build = (contact: string, wanted: number | undefined): SipRequest => {
    const address = `<sip:${user}@${options.domain}>`;
    sequence += 1;
    const { host, port } = options.registrar;
    const headers: [string, string][] = [
      ['Max-Forwards', '70'],
      ['From', `${address};tag=${random.bytes(5).toString('hex')}`],
      ['To', address],
      ['Call-ID', callId],
      ['CSeq', `${sequence} REGISTER`],
      ['Contact', `<${contact}>`],
      ['User-Agent', options.userAgent],
    ];
    if (wanted !== undefined) headers.push(['Expires', String(wanted)]);
    return createRequest('REGISTER', `sip:${host}${port === 0 ? '' : `:${port}`}`, { headers });
  };

  const ask = async (flow: Flow, wanted: number | undefined, again = false): Promise<RegistrationState | number> => {
    const contact = options.contact(flow);
    const outcome = await exchange(layer, flow, build(contact, wanted), options.auth);
    // Each attempt at authentication took a CSeq of its own.
    sequence = Math.max(sequence, Number.parseInt(outcome.request.headers.get('CSeq') ?? '0', 10));
    if (outcome.cause) return 'Unreachable';
    options.onAnswer();
    const longest = seconds(outcome.response.headers.get('Min-Expires'));
    // RFC 3261 10.2.8: the registrar names the shortest time it grants.
    if (outcome.response.status === 423 && longest && longest > expires && !again) {
      expires = longest;
      return ask(flow, expires, true);
    }
    return judge(outcome.response, contact, options);
  };

  /** One attempt; answers how long to leave it at that, in seconds. */
  const attempt = async (flow: Flow): Promise<number> => {
    become(state === 'Registered' ? 'Refreshing' : 'Registering');
    const result = await ask(flow, expires > 0 ? expires : undefined).catch((error: unknown) => {
      // A user name or domain that fits no SIP message.
      if (!(error instanceof SipSyntaxError)) throw error;
      log.error('SIP registration cannot be written', { user, reason: error.message });
      return 'ConfigError' as const;
    });
    if (signal.aborted) return 0;
    if (typeof result === 'string') {
      become(result);
      return options.retryTime;
    }
    become('Registered');
    return result > options.refreshTime ? result - options.refreshTime : Math.max(1, result / 2);
  };

  const run = async (): Promise<void> => {
    try {
      while (!signal.aborted) {
        const { flow, down } = await link.whenUp(signal);
        const wait = await attempt(flow);
        const either = AbortSignal.any([signal, down]);
        await clock.sleep(1000 * wait, either).catch((error: unknown) => {
          if (!isAbort(error)) throw error;
        });
        // The binding went with the connection; it is made anew over the next one.
        if (down.aborted && !signal.aborted) become('Unreachable');
      }
    } catch (error) {
      if (!isAbort(error)) log.error('SIP registration ended', { user, error });
    }
  };

  return {
    user,
    get state() {
      return state;
    },
    unregister: async () => {
      const { flow } = link;
      if (flow && (state === 'Registered' || state === 'Refreshing')) {
        become('Unregistering');
        await ask(flow, 0);
      }
      become('Unregistered');
    },
    done: run(),
  };
}
