// Passwords of users: the right one and no other fits, and a name that is not there costs the same work.
import assert from 'node:assert/strict';
import { checkPassword, hashPassword, isPassword } from '../../../../acs/fleet/access/password.ts';
import { seededRandom } from '../../../../shared/clock.ts';

const random = seededRandom(4);

describe('a password', () => {
  it('fits its hash however its accents are written, and no other text does', async () => {
    const stored = await hashPassword(random, 'pass\u00e9 compos\u00e9 12');
    assert.equal(await isPassword('passe\u0301 compose\u0301 12', stored), true);
    for (const wrong of ['', 'passe compose 12', 'pass\u00e9 compos\u00e9 12 ', 'x'.repeat(100_000)])
      assert.equal(await isPassword(wrong, stored), false);
  });

  it('has another hash each time, which tells its cost', async () => {
    const [a, b] = await Promise.all([hashPassword(random, 'same password'), hashPassword(random, 'same password')]);
    assert.notEqual(a?.hash, b?.hash);
    const { n, r, p } = a ?? {};
    assert.deepEqual([n, r, p], [32_768, 8, 3]);
    const cheap = { ...(a ?? b), n: 1024, r: 8, p: 1 } as NonNullable<typeof a>;
    assert.equal(await isPassword('same password', cheap), false);
  });

  it('costs as much to check for a name that is not there', async () => {
    const stored = await hashPassword(random, 'some password');
    const cost = async (given: typeof stored | undefined): Promise<number> => {
      const { user: before } = process.cpuUsage();
      for (let n = 0; n < 3; n++) await isPassword('some passwort', given);
      return process.cpuUsage().user - before;
    };
    const [known, unknown] = [await cost(stored), await cost(undefined)];
    assert.ok(unknown > known / 2 && known > unknown / 2, `${known} and ${unknown} µs`);
  });

  it('has 12 to 256 characters', () => {
    for (const good of ['x'.repeat(12), '\u{1f600}'.repeat(256)]) checkPassword(good);
    for (const bad of ['x'.repeat(11), 'x'.repeat(257)])
      assert.throws(() => checkPassword(bad), { status: 400, code: 'bad-password' });
  });
});
