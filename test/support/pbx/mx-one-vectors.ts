// The rows of the vendor's security tables and command results (test/vectors/mx-one.json), written from the description alone: a
// wrong row of pbx/policy differs from them.
import { readFileSync } from 'node:fs';
import type { EncryptionType, PolicyNumber } from '../../../pbx/exchange/data.ts';

type Word = string | number;

interface Section {
  columns: readonly string[];
  rows: readonly (readonly Word[])[];
}

interface Vectors {
  registrations: Section;
  refusedInClear: Section;
  commands: Section;
  printed: Readonly<Record<string, readonly string[]>>;
  mediaEncryption: Section;
  ports: Section;
}

const vectors = JSON.parse(readFileSync(new URL('../../vectors/mx-one.json', import.meta.url), 'utf8')) as Vectors;

export interface TerminalCase {
  policy: PolicyNumber;
  isSecureTerminal: boolean;
  hasException: boolean;
  /** An individual authorization code (RAC) is configured. */
  hasPin: boolean;
}

/** One row of tables 1 to 4, for one of the states that the row names. */
export interface RegistrationCase extends TerminalCase {
  /** Begins with `Table N row N`. */
  title: string;
  row: string;
  kinds: readonly ('SIP' | 'H.323')[];
  isAllowed: boolean;
  /** An allowed terminal signals over TLS, and is asked for its PIN. */
  isEncrypted: boolean;
  asksPin: boolean;
}

export interface CommandCase {
  title: string;
  policy: PolicyNumber;
  /** The extension 12345 as it is before the command; undefined: there is none. */
  hasException: boolean | undefined;
  hasPin: boolean;
  /** As the description has it: without the mandatory --csp and --lim. */
  command: string;
  isAccepted: boolean;
  /** Texts that a rejected command prints, in any case of letters. */
  prints: readonly string[];
}

interface MediaEncryptionCase {
  title: string;
  policy: PolicyNumber;
  command: string;
  isAccepted: boolean;
  type: EncryptionType;
  before: boolean;
  after: boolean;
}

const rowsOf = ({ columns, rows }: Section): Record<string, Word>[] =>
  rows.map(row => Object.fromEntries(columns.map((name, at) => [name, row[at] ?? ''])));

const terminalOf = (row: Record<string, Word>): TerminalCase => ({
  policy: row.policy as PolicyNumber,
  isSecureTerminal: row.terminal === 'secure',
  hasException: row.exception === 'yes',
  hasPin: row.rac === 'yes',
});

const words = (row: Record<string, Word>): string =>
  `${row.terminal} terminal, exception ${row.exception}, ${row.rac === 'yes' ? 'RAC' : 'no RAC'}`;

function outcomeWords({ registration, signalling, pin }: Record<string, Word>): string {
  return registration === 'refused' ? 'is refused' : `is allowed, ${signalling}, ${pin === 'yes' ? 'PIN' : 'no PIN'}`;
}

export const registrationCases: readonly RegistrationCase[] = rowsOf(vectors.registrations).map(row => ({
  title: `${row.row}: ${words(row)} ${outcomeWords(row)}${row.kind === 'any' ? '' : ` (${row.kind}, policy ${row.policy})`}`,
  row: String(row.row),
  kinds: row.kind === 'any' ? ['SIP', 'H.323'] : [row.kind as 'SIP' | 'H.323'],
  ...terminalOf(row),
  isAllowed: row.registration === 'allowed',
  isEncrypted: row.signalling === 'encrypted',
  asksPin: row.pin === 'yes',
}));

/** Terminals without an exception that sign on without TLS. */
export const refusedInClear: readonly (TerminalCase & { title: string })[] = rowsOf(vectors.refusedInClear).map(
  row => ({ title: `${row.clause}, in clear: ${words(row)} is refused`, ...terminalOf(row) }),
);

export const commandCases: readonly CommandCase[] = rowsOf(vectors.commands).map(row => {
  const pin = row.rac === 'yes' ? 'RAC' : 'no RAC';
  const exists = row.exception === '-' ? 'no number' : `exception ${row.exception}`;
  return {
    title: `${row.clause} policy ${row.policy}, ${exists}, ${pin}: ${shortened(String(row.command))}: ${row.result}`,
    policy: row.policy as PolicyNumber,
    hasException: row.exception === '-' ? undefined : row.exception === 'yes',
    hasPin: row.rac === 'yes',
    command: String(row.command),
    isAccepted: row.result === 'accepted',
    prints: vectors.printed[row.result ?? ''] ?? [],
  };
});

export const mediaEncryptionCases: readonly MediaEncryptionCase[] = rowsOf(vectors.mediaEncryption).map(row => ({
  title: `${row.clause} policy ${row.policy}, ${row.type} ${row.before}: ${row.command}: ${row.result}`,
  policy: row.policy as PolicyNumber,
  command: String(row.command),
  isAccepted: row.result === 'accepted',
  type: row.type as EncryptionType,
  before: row.before === 'on',
  after: row.after === 'on',
}));

/** The port that a terminal is registered at by custom. */
export function customaryPort(kind: 'SIP' | 'H.323', isEncrypted: boolean): number {
  const wanted = isEncrypted ? 'encrypted' : 'clear';
  const row = rowsOf(vectors.ports).find(one => one.kind === kind && one.signalling === wanted);
  return Number(row?.port);
}

/** A command line for a title: without the number and without the long option's dashes. */
function shortened(command: string): string {
  return command.replace(' -d 12345', '').replace('--security-exception ', 'exception ');
}
