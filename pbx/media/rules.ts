// Media encryption (the vendor's VoIP security description, 82/154 31-ANF 901 14, 6.4) as a table: which switch decides about a
// call, by its two parties; and the verdict on an offer or answer under that rule. Pure.
import type { EncryptionType, PolicyNumber, Settings } from '../exchange/data.ts';
import type { Description, StreamFacts } from './description.ts';

export interface MediaParty {
  /** `gateway`: a media gateway as trunk; `route`: another exchange. */
  is: 'extension' | 'gateway' | 'route';
  protocol: 'SIP' | 'H.323';
  /** Number of the extension, or of the route. */
  name: string;
  /** Extensions only: it may be used without TLS and SRTP. */
  hasException: boolean;
}

export type CallKind = 'direct' | 'gateway' | 'route';

/** The rule of one call. It holds for the whole call: a switch that changes meanwhile affects only calls that begin later. */
export interface MediaRule {
  kind: CallKind;
  /** Switch that decides; `endpoints` where none does; `exception`: the security exceptions of all its extensions set it aside. */
  decidedBy: EncryptionType | 'endpoints' | 'exception';
  /** Every stream must be encrypted. */
  isRequired: boolean;
}

interface Row {
  /** The parties, in either order. */
  between: readonly [MediaParty['is'], MediaParty['is']];
  /** Both parties use H.323; absent: every other pair. */
  protocol?: 'H.323';
  /** The parties are the same gateway. */
  isWithinOne?: boolean;
  kind: CallKind;
  decidedBy: EncryptionType | 'endpoints';
}

/** The first row that fits decides. */
export const mediaRules: readonly Row[] = [
  // H.323 terminals: gateway calls only; a direct call is up to the terminals' own configuration.
  { between: ['extension', 'extension'], protocol: 'H.323', kind: 'direct', decidedBy: 'endpoints' },
  { between: ['extension', 'route'], protocol: 'H.323', kind: 'route', decidedBy: 'endpoints' },
  // SIP extensions: gateway calls and others.
  { between: ['extension', 'extension'], kind: 'direct', decidedBy: 'extension' },
  { between: ['extension', 'gateway'], kind: 'gateway', decidedBy: 'extension' },
  { between: ['extension', 'route'], kind: 'route', decidedBy: 'extension' },
  // Routes: gateway calls only.
  { between: ['gateway', 'route'], kind: 'gateway', decidedBy: 'route' },
  { between: ['route', 'route'], kind: 'route', decidedBy: 'endpoints' },
  { between: ['gateway', 'gateway'], isWithinOne: true, kind: 'gateway', decidedBy: 'endpoints' },
  { between: ['gateway', 'gateway'], kind: 'gateway', decidedBy: 'intermgw' },
];

export function ruleFor({ policy, mediaEncryption }: Settings, caller: MediaParty, callee: MediaParty): MediaRule {
  const row = mediaRules.find(one => fits(one, caller, callee));
  if (!row) throw new RangeError(`no rule for a call from ${caller.is} to ${callee.is}`);
  const { kind, decidedBy } = row;
  if (decidedBy === 'endpoints' || !mediaEncryption[decidedBy]) return { kind, decidedBy, isRequired: false };
  if (decidedBy === 'extension' && areExcepted(policy, [caller, callee]))
    return { kind, decidedBy: 'exception', isRequired: false };
  return { kind, decidedBy, isRequired: true };
}

function fits({ between: [one, other], protocol, isWithinOne }: Row, caller: MediaParty, callee: MediaParty): boolean {
  const inOrder = caller.is === one && callee.is === other;
  if (!inOrder && !(caller.is === other && callee.is === one)) return false;
  const isH323 = caller.protocol === 'H.323' && callee.protocol === 'H.323';
  return (protocol === undefined || isH323) && (isWithinOne !== true || caller.name === callee.name);
}

/**
 * An exception counts under the one policy that knows exceptions of numbers (`sec_policy -set 2`). Without a policy every number has
 * one by default, and the switch would mean nothing. A number without exception keeps its encryption towards one that has it.
 */
function areExcepted(policy: PolicyNumber, parties: readonly MediaParty[]): boolean {
  return policy === 2 && parties.every(({ is, hasException }) => is !== 'extension' || hasException);
}

/**
 * The reason to refuse an offer; undefined to let it pass. A plain stream may stand beside an encrypted one of its type, as a fallback;
 * the answer then decides.
 */
export function offerProblem(offer: Description, { isRequired }: MediaRule): string | undefined {
  if (!isRequired || offer.is === 'none') return undefined;
  if (offer.is === 'unreadable') return `the session description cannot be read: ${offer.reason}`;
  const active = offer.streams.filter(({ isActive }) => isActive);
  const plain = active.find(({ type }) => !active.some(other => other.type === type && other.isEncrypted));
  return plain && problemOf(plain);
}

/** The reason to refuse an answer: it leaves a stream in use that is not encrypted. */
export function answerProblem(answer: Description, { isRequired }: MediaRule): string | undefined {
  if (!isRequired || answer.is === 'none') return undefined;
  if (answer.is === 'unreadable') return `the session description cannot be read: ${answer.reason}`;
  const plain = answer.streams.find(({ isActive, isEncrypted }) => isActive && !isEncrypted);
  return plain && problemOf(plain);
}

const problemOf = ({ type, profile }: StreamFacts): string => `${type} in ${profile} is not encrypted`;
