// The tables of the security policies as data: which terminal may register with which extension, and how its signalling runs.
// Tables 1 to 4 are those of the vendor's VoIP security description (82/154 31-ANF 901 14), 6.2.1 to 6.2.4. Combinations that
// they leave out are additions, decided here and named as such.
import type { PolicyNumber } from '../exchange/data.ts';

export interface PolicyRow {
  /** `Table 2 row 3`, or `Table 2 addition 1` for a row of ours. */
  name: string;
  table: 1 | 2 | 3 | 4;
  /** Row of one kind of terminals alone; both where absent. */
  kind?: 'SIP' | 'H.323';
  isSecureTerminal: boolean;
  /** Security exception of the extension; both values where absent. */
  exception?: boolean;
  /** An individual authorization code is configured; both values where absent. */
  code?: boolean;
  outcome: 'encrypted' | 'not encrypted' | 'not registered';
}

type Line = [
  isSecure: boolean,
  exception: boolean | undefined,
  code: boolean | undefined,
  outcome: PolicyRow['outcome'],
];
const secure = true;
const insecure = false;
const yes = true;
const no = false;

const lines = (table: PolicyRow['table'], word: 'row' | 'addition', list: readonly Line[]): PolicyRow[] =>
  list.map(([isSecureTerminal, exception, code, outcome], at) => ({
    name: `Table ${table} ${word} ${at + 1}`,
    table,
    isSecureTerminal,
    ...(exception === undefined ? {} : { exception }),
    ...(code === undefined ? {} : { code }),
    outcome,
  }));

/** No security policy. */
const table1 = [
  ...lines(1, 'row', [
    [secure, yes, no, 'not encrypted'],
    [secure, yes, yes, 'encrypted'],
    [secure, no, yes, 'encrypted'],
    [insecure, yes, yes, 'not encrypted'],
    [insecure, yes, no, 'not encrypted'],
    [insecure, no, yes, 'not encrypted'],
  ]),
  ...lines(1, 'addition', [
    [secure, no, no, 'encrypted'],
    [insecure, no, no, 'not encrypted'],
  ]),
];

/** All secure. */
const table2 = [
  ...lines(2, 'row', [
    [secure, yes, no, 'not registered'],
    [secure, yes, yes, 'not registered'],
    [secure, no, yes, 'encrypted'],
    [insecure, undefined, undefined, 'not registered'],
  ]),
  ...lines(2, 'addition', [[secure, no, no, 'encrypted']]),
];

/** All secure with extension exception. */
const table3 = [
  ...lines(3, 'row', [
    [secure, yes, no, 'not encrypted'],
    [secure, yes, yes, 'encrypted'],
    [secure, no, yes, 'encrypted'],
    [insecure, yes, undefined, 'not encrypted'],
    [insecure, no, yes, 'not registered'],
  ]),
  ...lines(3, 'addition', [
    [secure, no, no, 'encrypted'],
    [insecure, no, no, 'not registered'],
  ]),
];

/** All secure with exception type. Its fourth row is for H.323 alone: for SIP this policy is as All secure. */
const table4 = [
  ...lines(4, 'row', [
    [secure, yes, no, 'not registered'],
    [secure, yes, yes, 'not registered'],
    [secure, no, yes, 'encrypted'],
    [insecure, no, yes, 'not encrypted'],
  ]).map(row => (row.isSecureTerminal ? row : { ...row, kind: 'H.323' as const })),
  ...lines(4, 'addition', [
    [secure, no, no, 'encrypted'],
    [insecure, yes, undefined, 'not registered'],
    [insecure, no, no, 'not registered'],
  ]).map(row => (row.isSecureTerminal ? row : { ...row, kind: 'H.323' as const })),
  ...table2.filter(row => !row.isSecureTerminal).map(row => ({ ...row, kind: 'SIP' as const })),
];

/** Rows that decide under each policy, disjoint and complete. */
export const policyTables: Readonly<Record<PolicyNumber, readonly PolicyRow[]>> = {
  0: table1,
  1: table2,
  2: table3,
  3: table4,
};

/** Names of the policies as the shell prints them. */
export const policyNames: Readonly<Record<PolicyNumber, string>> = {
  0: 'NO SECURITY',
  1: 'ALL_SECURE',
  2: 'ALL_SECURE + EXC_EXT',
  3: 'ALL_SECURE + EXC_TYPE',
};
