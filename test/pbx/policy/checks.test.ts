// Policy checks of commands: each result that the vendor's description lists in 6.2.2 to 6.2.4 and 6.4.1.2, and licences.
import assert from 'node:assert/strict';
import type { Change, Extension, PolicyNumber } from '../../../pbx/exchange/data.ts';
import { Exchange } from '../../../pbx/exchange/exchange.ts';
import {
  checkCodeErasure,
  checkEncryptionChange,
  checkExtensionChange,
  checkPolicyChange,
} from '../../../pbx/policy/checks.ts';
import { licenseChanges, readLicense } from '../../../pbx/policy/licenses.ts';

const dir = '12345';
const licence: Change = { table: 'licenses', key: 'VOIP-SECURITY', row: { tag: 'VOIP-SECURITY' } };
const code: Change = {
  table: 'authorizationCodes',
  key: `dir:${dir}`,
  row: { code: '9876', dir, customer: 0, csp: 1, cil: '', isRestricted: false },
};
const extension = (securityException: boolean): Extension => ({
  dir,
  lim: 1,
  csp: 1,
  customer: 0,
  securityException,
  thirdPartyClient: false,
  maxTerminals: 1,
});

function exchange(policy: PolicyNumber, ...changes: Change[]): Exchange {
  const row = { policy, mediaEncryption: { extension: true, route: true, intermgw: true } };
  return Exchange.inMemory([{ table: 'settings', key: 'system', row }, ...changes]);
}

describe('the policy checks of commands', () => {
  const results: [PolicyNumber, exception: 'yes' | 'no', RAC: boolean, printed: string | undefined][] = [
    [0, 'yes', false, undefined],
    [0, 'no', false, undefined],
    [1, 'no', true, undefined],
    [1, 'yes', true, 'SECURITY EXCEPTION IS NOT ALLOWED'],
    [1, 'yes', false, 'SECURITY EXCEPTION IS NOT ALLOWED'],
    [1, 'no', false, 'THE PIN CODE MAY NOT BE BLANK'],
    [2, 'yes', true, undefined],
    [2, 'yes', false, undefined],
    [2, 'no', true, undefined],
    [2, 'no', false, undefined],
    [3, 'no', true, undefined],
    [3, 'yes', true, 'SECURITY EXCEPTION IS NOT ALLOWED'],
    [3, 'yes', false, 'SECURITY EXCEPTION IS NOT ALLOWED'],
    [3, 'no', false, 'RAC IS MANDATORY IF SECURITY EXCEPTION IS NO'],
  ];
  for (const [policy, exception, rac, printed] of results) {
    const outcome = printed === undefined ? 'accepted' : 'rejected';
    it(`policy ${policy}, extension with exception ${exception}, ${rac ? 'a' : 'no'} code: ${outcome}`, () => {
      const system = exchange(policy, ...(rac ? [code] : []));
      const expected = printed === undefined ? undefined : ['NOT EXECUTED', printed];
      assert.deepEqual(checkExtensionChange(system, extension(exception === 'yes')), expected);
    });
  }

  it('sec_policy -set 1 is not executed while extensions have a security exception', () => {
    const row = extension(true);
    const system = exchange(0, licence, { table: 'extensions', key: dir, row });
    assert.deepEqual(checkPolicyChange(system, 1), ['NOT EXECUTED', 'DIRECTORY NUMBERS WITH SECURITY EXCEPTION EXIST']);
    for (const policy of [0, 2, 3] as const) assert.equal(checkPolicyChange(system, policy), undefined);
    const secured = exchange(0, licence, { table: 'extensions', key: dir, row: extension(false) });
    assert.equal(checkPolicyChange(secured, 1), undefined);
  });

  it('policies and encryption need the licence, and go off without it', () => {
    const missing = ['NOT EXECUTED', 'LICENSE VOIP-SECURITY IS MISSING'];
    const system = exchange(0);
    for (const policy of [1, 2, 3] as const) assert.deepEqual(checkPolicyChange(system, policy), missing);
    assert.equal(checkPolicyChange(system, 0), undefined);
    for (const type of ['extension', 'route', 'intermgw'] as const) {
      assert.deepEqual(checkEncryptionChange(system, type, true), missing);
      assert.equal(checkEncryptionChange(exchange(0, licence), type, true), undefined);
      assert.equal(checkEncryptionChange(system, type, false), undefined);
    }
  });

  it('media_encryption_disable of extensions fails under every policy', () => {
    for (const policy of [1, 2, 3] as const) {
      const system = exchange(policy, licence);
      assert.deepEqual(checkEncryptionChange(system, 'extension', false), ['NOT EXECUTED', 'A SECURITY POLICY IS SET']);
      assert.equal(checkEncryptionChange(system, 'route', false), undefined);
      assert.equal(checkEncryptionChange(system, 'intermgw', false), undefined);
    }
  });

  it('a code that is mandatory is not erased while its extension exists', () => {
    const row: Change = { table: 'extensions', key: dir, row: extension(false) };
    assert.deepEqual(checkCodeErasure(exchange(1, code, row), dir), ['NOT EXECUTED', 'THE PIN CODE MAY NOT BE BLANK']);
    assert.equal(checkCodeErasure(exchange(1, code), dir), undefined);
    assert.equal(checkCodeErasure(exchange(2, code, row), dir), undefined);
  });
});

describe('licences', () => {
  it('are given as TAG or TAG=COUNT, and kept once', () => {
    assert.deepEqual(readLicense('VOIP-SECURITY'), { tag: 'VOIP-SECURITY' });
    assert.deepEqual(readLicense(' voip security '), { tag: 'VOIP-SECURITY' });
    assert.deepEqual(readLicense('SIP-EXTENSION=250'), { tag: 'SIP-EXTENSION', count: 250 });
    for (const wrong of ['', '=5', 'A=', 'A=b', 'x'.repeat(100)]) assert.throws(() => readLicense(wrong), /TAG=COUNT/);
    const system = exchange(0, licence);
    assert.deepEqual(licenseChanges(system, [readLicense('VOIP-SECURITY')]), []);
    assert.equal(licenseChanges(system, [readLicense('VOIP-SECURITY=3')]).length, 1);
  });
});
