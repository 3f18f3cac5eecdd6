// The bindings of one user, and their changes by a REGISTER (RFC 3261 10.3 steps 6 and 7): pure.
import type { Flow } from '../../shared/sip/flow-types.ts';
import { parseUri, type SipUri, sameUri } from '../../shared/sip/uri.ts';

export interface Binding {
  readonly user: string;
  /** Contact URI as the user agent wrote it. */
  readonly uri: string;
  readonly parsed: SipUri;
  /** 0…1, for the order of contacts (RFC 3261 20.10). */
  readonly q: number;
  readonly flow: Flow;
  readonly callId: string;
  readonly sequence: number;
  readonly userAgent: string | undefined;
  /** The terminal's own id (RFC 5626 4.1), with the number of its flow. */
  readonly instance: string | undefined;
  /** Row of the policy's table that let it in. */
  readonly row: string;
  /** Terminal that supports TLS and SRTP, by the table of products. */
  readonly isSecureTerminal: boolean;
  readonly since: number;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

/** One change that a REGISTER asks for. */
export interface BindingChange {
  uri: string;
  q: number;
  /** 0 removes. */
  seconds: number;
  instance?: string | undefined;
}

/** The REGISTER that the bindings are of. */
export type RegisterSource = Pick<Binding, 'flow' | 'callId' | 'sequence' | 'userAgent' | 'row' | 'isSecureTerminal'>;

export const isLive = ({ expires, flow }: Binding, now: number): boolean => expires > now && !flow.closed;

/** A REGISTER with the Call-ID of a binding must have a higher CSeq. RFC 3261 10.3 step 7 */
export const isLate = (bindings: readonly Binding[], source: Pick<Binding, 'callId' | 'sequence'>): boolean =>
  bindings.some(binding => binding.callId === source.callId && binding.sequence >= source.sequence);

export interface Registration {
  user: string;
  source: RegisterSource;
  changes: readonly BindingChange[];
  /** Bindings of this user, up to the bound of all users. */
  most?: number | undefined;
}

/** @param bounds `most` bindings of the user, and `room` for further ones in all */
export function changedBindings(
  before: readonly Binding[],
  registration: Registration,
  { most, room }: { most: number; room: number },
  now: number,
): Binding[] | 'late' | 'full' {
  const changed = withChanges(before, registration, now);
  if (changed === 'late') return 'late';
  const bindings = changed.length > most ? withoutReturned(changed, before) : changed;
  const grown = bindings.length - before.length;
  return grown > 0 && (bindings.length > most || grown > room) ? 'full' : bindings;
}

function withChanges(
  before: readonly Binding[],
  { user, source, changes }: Registration,
  now: number,
): Binding[] | 'late' {
  let bindings = [...before];
  for (const { uri, q, seconds, instance } of changes) {
    const parsed = parseUri(uri);
    const same = bindings.filter(binding => sameUri(binding.parsed, parsed));
    if (isLate(same, source)) return 'late';
    bindings = bindings.filter(binding => !same.includes(binding));
    if (seconds === 0) continue;
    const since = same[0]?.since ?? now;
    bindings.push({ user, uri, parsed, q, instance, ...source, since, expires: now + seconds * 1000 });
  }
  return bindings;
}

/** Without the earlier bindings of a terminal that has come back under another contact: it takes its own place. */
function withoutReturned(bindings: readonly Binding[], before: readonly Binding[]): Binding[] {
  const fresh = bindings.filter(binding => !before.includes(binding));
  const isBack = ({ instance }: Binding): boolean =>
    instance !== undefined && fresh.some(binding => binding.instance === instance);
  return bindings.filter(binding => fresh.includes(binding) || !isBack(binding));
}
