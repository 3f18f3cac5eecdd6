// The table of products: names that telephones give themselves, and rows of an operator's file.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readProducts, terminalOf } from '../../../pbx/policy/products.ts';

describe('the table of products', () => {
  const cases: [string | undefined, 'secure' | 'insecure' | 'third party'][] = [
    ['Mitel 6867i/5.1.0.1024', 'secure'],
    ['Aastra 6757i/3.2.2.56', 'secure'],
    ['Mitel 6930/6.0', 'secure'],
    ['DBC 422 02/R2', 'secure'],
    ['DBC42502', 'secure'],
    ['Aastra DBC 446 01', 'secure'],
    ['Mediatrix 4102S/v2.0.43 MX', 'secure'],
    ['Mitel TA7102/v2.0', 'secure'],
    ['DBC422 01', 'insecure'],
    ['DBC42501/R1', 'insecure'],
    ['baresip v1.0.0 (x86_64/linux)', 'third party'],
    ['NotMitel 6867i', 'third party'],
    ['', 'third party'],
    [undefined, 'third party'],
  ];
  for (const [name, kind] of cases) {
    it(`counts ${name ?? 'a terminal without name'} as ${kind}`, () => {
      const { isSecure, isThirdParty } = terminalOf(name);
      assert.equal(isSecure, kind === 'secure');
      assert.equal(isThirdParty, kind === 'third party');
    });
  }

  it('is added to by a file, whose rows come first', () => {
    const products = readProducts('# ours\nsecure My Phone *\n\nthird-party mitel 6867i*\ninsecure #### end\n');
    assert.deepEqual(terminalOf('my-phone 3', products), { name: 'my-phone 3', isSecure: true, isThirdParty: false });
    assert.equal(terminalOf('Mitel 6867i/5', products).isThirdParty, true);
    assert.equal(terminalOf('Mitel 6869i/5', products).isSecure, true);
    assert.deepEqual(terminalOf('1234end', products), { name: '1234end', isSecure: false, isThirdParty: false });
    assert.equal(terminalOf('1234ending', products).isThirdParty, true);
  });

  it('names the line of a file that is wrong', () => {
    assert.throws(() => readProducts('secure a\nsafe b'), /line 2: not 'secure PATTERN'/);
    assert.throws(() => readProducts('secure'), /line 1/);
    assert.throws(() => readProducts('secure a\n'.repeat(1001)), /more than 1000/);
  });

  it('takes any name in bounded time', () => {
    const products = readProducts('secure *a*a*a*a*a*a*b');
    fc.assert(fc.property(fc.string(), name => assert.equal(typeof terminalOf(name, products).isSecure, 'boolean')));
    const { name } = terminalOf('a'.repeat(1_000_000), products);
    assert.equal(name?.length, 200);
  });
});
