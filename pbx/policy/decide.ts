// The decision on one registration by the tables of the policy: pure, for every combination of facts.
import type { PolicyNumber } from '../exchange/data.ts';
import { type PolicyRow, policyTables } from './tables.ts';

/** The facts that a registration is decided by. */
export interface TerminalFacts {
  kind: 'SIP' | 'H.323';
  dir: string;
  /** The terminal supports TLS and SRTP, by the table of products. */
  isSecureTerminal: boolean;
  /** It came over TLS. */
  encrypted: boolean;
  /** Security exception of its extension. */
  hasException: boolean;
  /** The extension has an individual authorization code. */
  hasPin: boolean;
}

export interface Verdict {
  allowed: boolean;
  /** Row that decided, such as `Table 2 row 3`. */
  row: string;
  /** The terminal must prove a PIN: the code, or the number in place of a missing one. */
  needsPin: boolean;
  /** Absent where it is allowed. */
  reason?: string;
}

/**
 * Decides a registration. A row whose signalling is encrypted asks for TLS as soon as there is a policy; without one the
 * terminal is let in as it came. A row whose signalling is not encrypted takes TLS too, which is more than it asks for.
 */
export function decide(policy: PolicyNumber, facts: TerminalFacts): Verdict {
  const row = rowOf(policy, facts);
  const verdict = { row: row.name, needsPin: needsPin(facts) };
  if (row.outcome === 'not registered') return { allowed: false, ...verdict, reason: 'the security policy bars it' };
  if (row.outcome === 'encrypted' && policy !== 0 && !facts.encrypted)
    return { allowed: false, ...verdict, reason: 'the security policy asks for TLS' };
  return { allowed: true, ...verdict };
}

/**
 * Without a code the number serves as PIN over TLS, and for the logon of an H.323 terminal without exception; a SIP terminal
 * in clear is not asked.
 */
export const needsPin = ({ kind, encrypted, hasException, hasPin }: Omit<TerminalFacts, 'dir' | 'isSecureTerminal'>) =>
  hasPin || encrypted || (kind === 'H.323' && !hasException);

function rowOf(policy: PolicyNumber, facts: TerminalFacts): PolicyRow {
  const row = policyTables[policy].find(one => fits(one, facts));
  if (!row) throw new Error(`no row of policy ${policy} fits ${JSON.stringify(facts)}`);
  return row;
}

/** The row is for terminals and extensions of this kind. */
export const fits = (row: PolicyRow, facts: TerminalFacts): boolean =>
  (row.kind ?? facts.kind) === facts.kind &&
  row.isSecureTerminal === facts.isSecureTerminal &&
  (row.exception ?? facts.hasException) === facts.hasException &&
  (row.code ?? facts.hasPin) === facts.hasPin;
