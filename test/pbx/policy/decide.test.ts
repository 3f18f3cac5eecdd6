// The tables of the security policies: each row of the vendor's description, and every combination that they leave out.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { PolicyNumber } from '../../../pbx/exchange/data.ts';
import { decide, fits, type TerminalFacts } from '../../../pbx/policy/decide.ts';
import { policyTables } from '../../../pbx/policy/tables.ts';

type Kind = TerminalFacts['kind'];
type Case = [policy: PolicyNumber, row: string, terminal: string, exception: string, code: string, outcome: string];

const cases: Case[] = [
  [0, 'Table 1 row 1', 'secure', 'yes', 'no code', 'clear'],
  [0, 'Table 1 row 2', 'secure', 'yes', 'code', 'tls, PIN'],
  [0, 'Table 1 row 3', 'secure', 'no', 'code', 'tls, PIN'],
  [0, 'Table 1 row 4', 'insecure', 'yes', 'code', 'clear, PIN'],
  [0, 'Table 1 row 5', 'insecure', 'yes', 'no code', 'clear'],
  [0, 'Table 1 row 6', 'insecure', 'no', 'code', 'clear, PIN'],
  [1, 'Table 2 row 1', 'secure', 'yes', 'no code', 'refused'],
  [1, 'Table 2 row 2', 'secure', 'yes', 'code', 'refused'],
  [1, 'Table 2 row 3', 'secure', 'no', 'code', 'tls, PIN'],
  [1, 'Table 2 row 4', 'insecure', 'yes', 'code', 'refused'],
  [1, 'Table 2 row 4', 'insecure', 'yes', 'no code', 'refused'],
  [1, 'Table 2 row 4', 'insecure', 'no', 'code', 'refused'],
  [1, 'Table 2 row 4', 'insecure', 'no', 'no code', 'refused'],
  [2, 'Table 3 row 1', 'secure', 'yes', 'no code', 'clear'],
  [2, 'Table 3 row 2', 'secure', 'yes', 'code', 'tls, PIN'],
  [2, 'Table 3 row 3', 'secure', 'no', 'code', 'tls, PIN'],
  [2, 'Table 3 row 4', 'insecure', 'yes', 'code', 'clear, PIN'],
  [2, 'Table 3 row 4', 'insecure', 'yes', 'no code', 'clear'],
  [2, 'Table 3 row 5', 'insecure', 'no', 'code', 'refused'],
  [3, 'Table 4 row 1', 'secure', 'yes', 'no code', 'refused'],
  [3, 'Table 4 row 2', 'secure', 'yes', 'code', 'refused'],
  [3, 'Table 4 row 3', 'secure', 'no', 'code', 'tls, PIN'],
  [3, 'Table 4 row 4', 'insecure', 'no', 'code', 'clear, PIN'],
  // Ours: the vendor's tables leave these out.
  [0, 'Table 1 addition 1', 'secure', 'no', 'no code', 'tls, PIN'],
  [0, 'Table 1 addition 2', 'insecure', 'no', 'no code', 'clear'],
  [1, 'Table 2 addition 1', 'secure', 'no', 'no code', 'tls, PIN'],
  [2, 'Table 3 addition 1', 'secure', 'no', 'no code', 'tls, PIN'],
  [2, 'Table 3 addition 2', 'insecure', 'no', 'no code', 'refused'],
  [3, 'Table 4 addition 1', 'secure', 'no', 'no code', 'tls, PIN'],
  [3, 'Table 4 addition 2', 'insecure', 'yes', 'code', 'refused'],
  [3, 'Table 4 addition 3', 'insecure', 'no', 'no code', 'refused'],
];

const factsOf = (kind: Kind, [, , terminal, exception, code, outcome]: Case): TerminalFacts => ({
  kind,
  dir: '12345',
  isSecureTerminal: terminal === 'secure',
  encrypted: outcome.startsWith('tls'),
  hasException: exception === 'yes',
  hasPin: code === 'code',
});

const kindsOf = (row: string, terminal: string): Kind[] =>
  row.startsWith('Table 4') && terminal === 'insecure' ? ['H.323'] : ['SIP', 'H.323'];

describe('the decision on a registration', () => {
  for (const one of cases) {
    const [policy, row, terminal, exception, code, outcome] = one;
    for (const kind of kindsOf(row, terminal)) {
      it(`${row}: ${kind}, ${terminal}, exception ${exception}, ${code}: ${outcome}`, () => {
        const verdict = decide(policy, factsOf(kind, one));
        assert.equal(verdict.row, row);
        assert.equal(verdict.allowed, outcome !== 'refused');
        assert.equal(verdict.reason === undefined, verdict.allowed);
        // An H.323 terminal without exception logs on by its number where it has no code.
        const byNumber = kind === 'H.323' && exception === 'no';
        if (outcome !== 'refused') assert.equal(verdict.needsPin, outcome.endsWith('PIN') || byNumber);
      });
    }
  }

  it('for SIP terminals is the same under exception type as under all secure', () => {
    fc.assert(
      fc.property(facts, one => {
        const [type, all] = [decide(3, { ...one, kind: 'SIP' }), decide(1, { ...one, kind: 'SIP' })];
        assert.deepEqual({ ...type, row: '' }, { ...all, row: '' });
      }),
    );
    assert.equal(decide(3, factsOf('SIP', [3, '', 'insecure', 'no', 'code', 'clear'])).row, 'Table 2 row 4');
  });

  it('finds exactly one row for every combination of facts', () => {
    fc.assert(
      fc.property(policies, facts, (policy, one) => {
        assert.equal(policyTables[policy].filter(row => fits(row, one)).length, 1);
      }),
    );
  });

  it('without a policy lets every terminal in as it came', () => {
    fc.assert(fc.property(facts, one => assert.equal(decide(0, one).allowed, true)));
  });

  it('under a policy admits an extension without exception over TLS alone, but for H.323 types', () => {
    fc.assert(
      fc.property(fc.constantFrom<PolicyNumber>(1, 2, 3), facts, (policy, one) => {
        const verdict = decide(policy, { ...one, hasException: false, encrypted: false });
        assert.equal(verdict.allowed, verdict.row === 'Table 4 row 4');
      }),
    );
  });

  it('never becomes stricter because a terminal came over TLS', () => {
    fc.assert(
      fc.property(policies, facts, (policy, one) => {
        const clear = decide(policy, { ...one, encrypted: false });
        const tls = decide(policy, { ...one, encrypted: true });
        assert.equal(tls.row, clear.row);
        assert.ok(tls.allowed || !clear.allowed);
        assert.equal(tls.needsPin, true);
      }),
    );
  });
});

const policies = fc.constantFrom<PolicyNumber>(0, 1, 2, 3);
const facts: fc.Arbitrary<TerminalFacts> = fc.record({
  kind: fc.constantFrom<Kind>('SIP', 'H.323'),
  dir: fc.constant('12345'),
  isSecureTerminal: fc.boolean(),
  encrypted: fc.boolean(),
  hasException: fc.boolean(),
  hasPin: fc.boolean(),
});
