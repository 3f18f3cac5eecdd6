// The decision of the policies against the rows of the vendor's tables, which were written down apart from ours.
import assert from 'node:assert/strict';
import { decide } from '../../../pbx/policy/decide.ts';
import { policyTables } from '../../../pbx/policy/tables.ts';
import { refusedInClear, registrationCases } from '../../support/pbx/mx-one-vectors.ts';

describe('policies decide as the vendor has it', () => {
  for (const { title, kinds, policy, row, isAllowed, isEncrypted, asksPin, ...facts } of registrationCases) {
    it(title, () => {
      for (const kind of kinds) {
        for (const encrypted of isAllowed ? [isEncrypted] : [true, false]) {
          const verdict = decide(policy, { kind, dir: '12345', encrypted, ...facts });
          const { needsPin } = verdict;
          assert.deepEqual({ allowed: verdict.allowed, row: verdict.row }, { allowed: isAllowed, row });
          if (isAllowed) assert.equal(needsPin, asksPin);
        }
      }
    });
  }

  for (const { title, policy, ...facts } of refusedInClear) {
    it(title, () => {
      for (const kind of ['SIP', 'H.323'] as const)
        assert.equal(decide(policy, { kind, dir: '12345', encrypted: false, ...facts }).allowed, false);
    });
  }

  it('have a row for every row of the description', () => {
    const named = new Set(Object.values(policyTables).flatMap(rows => rows.map(({ name }) => name)));
    const wanted = new Set(registrationCases.map(({ row }) => row));
    assert.deepEqual([...named].filter(name => name.includes(' row ')).sort(), [...wanted].sort());
  });
});
