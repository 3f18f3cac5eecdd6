// Guesses of passwords: slowed by address and by login, counted, told once, and no hindrance to those who know theirs.
import assert from 'node:assert/strict';
import { FREE_GUESSES, LONGEST_WAIT_MS, MAX_CHECKING, MAX_PENDING } from '../../../acs/fleet/access/guess-limit.ts';
import { type TestAcs, testAcs } from '../../support/acs/memory-acs.ts';
import { ScriptedCpe } from '../../support/cpe/scripted-cpe.ts';
import { deviceId as id } from '../../support/devices.ts';

const basic = (login: string, password: string): string =>
  `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}`;

describe('guesses of passwords', () => {
  let acs: TestAcs;
  let answered: number[];
  let told: string[];
  let counted: Record<string, number>;
  beforeEach(async () => {
    acs = await testAcs({ enrol: 'auto' });
    answered = [];
    told = [];
    counted = {};
    acs.events.on('guessing', ({ address, login }) => told.push(`${address} ${login}`));
    acs.events.on('wrongPassword', ({ outcome }) => {
      counted[outcome] = (counted[outcome] ?? 0) + 1;
    });
    await acs.fleet.devices.announce(id, { credentials: { username: 'box-1', password: 'secret-1' } });
  });
  afterEach(async () => await acs.close());

  const guess = (login: string, password: string, address: string): Promise<number> => {
    const cpe = new ScriptedCpe(acs.app);
    const headers = { authorization: basic(login, password), 'x-forwarded-for': address };
    return cpe.raw('', headers).then(({ status }) => {
      answered.push(status);
      return status;
    });
  };
  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) await new Promise(resolve => setImmediate(resolve));
  };
  /** The virtual seconds until a wrong password is answered. */
  const secondsOf = async (login: string, address: string): Promise<number> => {
    const before = answered.length;
    void guess(login, 'wrong', address);
    await turns();
    let seconds = 0;
    for (; answered.length === before; seconds += 0.5) {
      assert.ok(seconds < 60);
      await acs.clock.advance(500);
      await turns();
    }
    return seconds;
  };

  it('A7: answers wrong passwords of an address more slowly each time, up to 20 s', async () => {
    const seconds: number[] = [];
    for (let count = 0; count < FREE_GUESSES + 8; count++) seconds.push(await secondsOf(`login-${count}`, '192.0.2.1'));
    assert.deepEqual(seconds, [0, 0, 0, 0, 0, 0.5, 1, 2, 4, 8, 16, 20, 20]);
    assert.deepEqual(told, [`192.0.2.1 login-${FREE_GUESSES}`]);
    assert.equal(counted.wrong, FREE_GUESSES + 8);
    assert.equal(await secondsOf('login', '192.0.2.2'), 0, 'another address is not slowed');
    await acs.clock.advance(16 * 60_000);
    assert.equal(await secondsOf('login', '192.0.2.1'), 0, 'guesses are forgotten');
  });

  it('A7: answers wrong passwords for a login more slowly, from whatever address', async () => {
    const seconds: number[] = [];
    for (let count = 0; count < FREE_GUESSES + 3; count++) seconds.push(await secondsOf('box-1', `192.0.2.${count}`));
    assert.deepEqual(seconds.slice(-3), [0.5, 1, 2]);
    assert.deepEqual(told, [`192.0.2.${FREE_GUESSES} box-1`]);
  });

  it('A7: checks few of 2,000 guesses at once, and takes the good password beside them', async () => {
    assert.equal(await guess('box-1', 'secret-1', '192.0.2.9'), 204);
    const guesses = Array.from({ length: 2000 }, (_, at) => guess('box-1', `wrong-${at}`, '192.0.2.1'));
    await turns();
    assert.equal(await guess('box-1', 'secret-1', '192.0.2.9'), 204, 'at once, from the address that was good before');
    assert.equal(await guess('enrol', 'factory', '192.0.2.8'), 204, 'at once, for another login');
    await acs.clock.advance(LONGEST_WAIT_MS);
    await Promise.all(guesses);
    assert.ok((counted.wrong ?? 0) <= FREE_GUESSES + MAX_PENDING + MAX_CHECKING, JSON.stringify(counted));
    assert.equal((counted.wrong ?? 0) + (counted.unchecked ?? 0), 2000);
    assert.equal(answered.filter(status => status === 503).length, counted.unchecked);
    assert.equal(acs.logged.filter(line => line.includes('CPE authentication failed')).length <= 2, true);
  });
});
