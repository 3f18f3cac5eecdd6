// REGISTER (RFC 3261 10.3): checks the sender, the contacts and the times; the bindings live in location.ts.
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { parseCSeq, seconds } from '../../shared/sip/fields.ts';
import { addressText, type Flow } from '../../shared/sip/flow-types.ts';
import { type SipRequest, SipSyntaxError } from '../../shared/sip/message.ts';
import type { ServerTransaction } from '../../shared/sip/transaction-types.ts';
import { isSips, type NameAddr, parseNameAddr, parseUri, unescapeUser } from '../../shared/sip/uri.ts';
import type { SecurityPolicy } from '../embedding.ts';
import type { Admission, Judgement } from '../policy/admission.ts';
import type { Authenticator } from './auth.ts';
import type { BindingChange } from './bindings.ts';
import { isBound, type Location } from './location.ts';
import { logonOf, warning } from './logon.ts';

/** Seconds: granted when none are named, least, most. */
export interface ExpiryLimits {
  default: number;
  min: number;
  max: number;
}

export const expiryLimits: ExpiryLimits = { default: 3600, min: 10, max: 7200 };

export interface RegistrarOptions {
  location: Location;
  authenticator: Authenticator;
  admission: Admission;
  policy: SecurityPolicy;
  clock: Clock;
  log: Log;
  expiry: ExpiryLimits;
  /** Our name in warnings. */
  domain: string;
}

/** The answer to give instead of 200. */
interface Refusal {
  status: number;
  reason?: string;
  headers?: [string, string][];
  /** Row of the policy's table, or rule beside the tables, that refuses. */
  rule?: { row: string; reason: string };
}

/** @returns the handler of REGISTER requests for our domain */
export const createRegistrar =
  (options: RegistrarOptions) =>
  (transaction: ServerTransaction): Promise<void> =>
    register(options, transaction);

async function register(options: RegistrarOptions, transaction: ServerTransaction): Promise<void> {
  const { authenticator, admission, location } = options;
  const { request, flow } = transaction;
  const address = parseUri(parseNameAddr(request.headers.get('To') ?? '').uri);
  const dir = unescapeUser(address.user ?? '');
  const judgement = admission.judge(logonOf(dir, transaction));
  const isHere = judgement?.allowed === false && isBound(location, dir, flow);
  const isBarred = judgement?.allowed === false && (asksForBinding(request) || (isUnproved(judgement) && !isHere));
  const barred = isBarred ? barring(options, judgement) : undefined;
  // A terminal that is registered over this flow proves itself first: its refusal ends what it has.
  const holds = isBarred && isHere;
  if (barred && !holds) return refuse(options, transaction, dir, barred);
  const isAsked = judgement === undefined || !isUnproved(judgement);
  const user = isAsked ? await authenticator.check(transaction, 'user') : dir;
  if (user === undefined) return;
  // RFC 3261 10.3 step 4: a user can register only itself.
  if (dir !== user || judgement === undefined) {
    transaction.respond(403);
    return;
  }
  if (holds) location.end(dir, binding => binding.flow === flow);
  const refusal = barred ?? (await bind(options, user, transaction, judgement));
  if (refusal) refuse(options, transaction, user, refusal);
  else accept(options, transaction, user);
}

async function bind(
  options: RegistrarOptions,
  user: string,
  transaction: ServerTransaction,
  { row, product, maxTerminals }: Judgement,
): Promise<Refusal | undefined> {
  const { location, expiry, log } = options;
  const { request, flow } = transaction;
  const { headers } = request;
  const contacts = headers.list('Contact');
  const step = { flow, callId: headers.get('Call-ID') ?? '', sequence: parseCSeq(request).number };
  if (contacts.includes('*')) {
    // RFC 3261 10.3 step 6
    const alone = contacts.length === 1 && seconds(headers.get('Expires')) === 0;
    return alone
      ? outcome(location.removeAll(user, step))
      : { status: 400, reason: 'Contact * stands alone, with Expires 0' };
  }
  const changes = readChanges(request, expiry);
  if (changes.length === 0) return undefined;
  const unfit = unfitting(changes, flow, expiry) ?? (await forbidden(options, user, flow, changes));
  if (unfit) return unfit;
  const source = { ...step, userAgent: product.name, row, isSecureTerminal: product.isSecure };
  const result = location.apply({ user, source, changes, most: maxTerminals });
  if (result === 'full' && maxTerminals !== undefined)
    return barring(options, { row: 'max-terminals', reason: `${maxTerminals} terminals are registered` });
  const uris = changes.map(one => one.uri);
  if (result === 'ok') log.info('SIP registration accepted', { user, contacts: uris, flow: flow.id, row, ...flow.tls });
  return outcome(result);
}

function unfitting(changes: readonly BindingChange[], flow: Flow, expiry: ExpiryLimits): Refusal | undefined {
  if (changes.some(change => change.seconds > 0 && change.seconds < expiry.min))
    return { status: 423, headers: [['Min-Expires', String(expiry.min)]] };
  // RFC 5630 5.2: a secure address is not bound to a way that is not.
  if (flow.protocol !== 'tls' && changes.some(change => change.seconds > 0 && isSips(change.uri)))
    return { status: 400, reason: 'A sips Contact is registered over TLS' };
  return undefined;
}

/** The refusal of the first contact that the policy of the embedding program rejects. */
async function forbidden(
  { policy }: RegistrarOptions,
  user: string,
  flow: Flow,
  changes: readonly BindingChange[],
): Promise<Refusal | undefined> {
  for (const change of changes) {
    if (change.seconds === 0) continue;
    const decision = await policy.registration({ user, contact: change.uri, flow });
    if (!decision.allow) return decision;
  }
  return undefined;
}

function barring({ domain }: RegistrarOptions, judgement: Pick<Judgement, 'row' | 'reason'>): Refusal {
  const { row, reason = '' } = judgement;
  return { status: 403, rule: { row, reason }, headers: [warning(domain, judgement)] };
}

function refuse(options: RegistrarOptions, transaction: ServerTransaction, user: string, refusal: Refusal): void {
  const { admission, log } = options;
  const { status, reason, headers = [], rule } = refusal;
  const { remote } = transaction.flow;
  log.info('SIP registration refused', {
    address: remote.host,
    user,
    status,
    reason: rule?.reason ?? reason,
    row: rule?.row,
  });
  if (rule)
    admission.refused(logonOf(user, transaction), { what: 'registration', remote: addressText(remote), ...rule });
  transaction.respond(status, reason, { headers });
}

function accept({ clock, location }: RegistrarOptions, transaction: ServerTransaction, user: string): void {
  const now = clock.now();
  transaction.respond(200, undefined, {
    headers: [
      ...location.find(user).map(({ uri, q, expires }): [string, string] => {
        const rank = q === 1 ? '' : `;q=${q}`;
        return ['Contact', `<${uri}>${rank};expires=${Math.ceil((expires - now) / 1000)}`];
      }),
      ['Date', new Date(now).toUTCString()],
    ],
  });
}

/** No PIN shows the sender: one that may not register may neither see nor remove what the number has elsewhere. */
const isUnproved = ({ pins }: Judgement): boolean => pins.length === 0;

/** A REGISTER that adds or refreshes a binding; others fetch bindings or remove them. */
function asksForBinding({ headers }: SipRequest): boolean {
  const general = seconds(headers.get('Expires'));
  return headers.list('Contact').some(contact => {
    if (contact === '*') return false;
    const own = seconds(parseNameAddr(contact).parameters.get('expires'));
    return (own ?? general) !== 0;
  });
}

function outcome(result: 'ok' | 'late' | 'full'): Refusal | undefined {
  if (result === 'late') return { status: 500, reason: 'CSeq is behind an earlier REGISTER' };
  if (result === 'full') return { status: 503, reason: 'Too Many Bindings' };
  return undefined;
}

function readChanges(request: SipRequest, expiry: ExpiryLimits): BindingChange[] {
  const general = seconds(request.headers.get('Expires')) ?? expiry.default;
  return request.headers.list('Contact').map(text => {
    const address = parseNameAddr(text);
    parseUri(address.uri);
    const wanted = seconds(address.parameters.get('expires')) ?? general;
    return {
      uri: address.uri,
      q: qOf(address),
      seconds: Math.min(wanted, expiry.max),
      instance: instanceOf(address),
    };
  });
}

/** RFC 5626 4.1, 4.2: a terminal that keeps several flows tells them apart by `reg-id`. */
function instanceOf({ parameters }: NameAddr): string | undefined {
  const instance = parameters.get('+sip.instance');
  return instance === undefined ? undefined : `${instance}#${parameters.get('reg-id') ?? ''}`;
}

/** RFC 3261 25.1 qvalue; 1 when absent. */
function qOf(address: NameAddr): number {
  const text = address.parameters.get('q');
  if (text === undefined) return 1;
  if (!/^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(text)) throw new SipSyntaxError(`q=${text.slice(0, 20)} is not 0 to 1`);
  return Number(text);
}
