// The faults of a fleet by name: lists of --faults, and the dice.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  type FaultName,
  type FaultRates,
  faultNames,
  faultProfiles,
  faultsHelp,
  parseFaults,
} from '../../cpe/faults/catalogue.ts';
import { sumTallies, UnitFaults } from '../../cpe/faults/unit-faults.ts';

describe('lists of faults', () => {
  it('reads a profile, single faults with their chance, and both, the later one winning', () => {
    assert.deepEqual(parseFaults('none'), {});
    assert.deepEqual(parseFaults('mild'), faultProfiles.mild);
    assert.deepEqual(parseFaults('truncate=0.03, old-version=1'), { truncate: 0.03, 'old-version': 1 });
    assert.deepEqual(parseFaults('mild,delay=0,alter=.5'), { ...faultProfiles.mild, delay: 0, alter: 0.5 });
  });

  for (const [text, reason] of [
    ['wild', /'wild' is no profile \(none, mild, .*\) and no fault \(request-lost, /],
    ['', /'' is no profile/],
    ['truncate', /'truncate': a rate from 0 to 1 is due, as in truncate=0\.05/],
    ['truncate=2', /'truncate=2': a rate/],
    ['truncate=-0.1', /a rate/],
    ['truncate=0.1=3', /a rate/],
    ['truncate=1e-3', /a rate/],
    ['mild=0.5', /mild is a profile and takes no rate/],
    ['mild,,delay=1', /'' is no profile/],
    ['toString=1', /'toString=1' is no profile/],
  ] as const) {
    it(`refuses '${text}' with a reason`, () => {
      assert.throws(() => parseFaults(text), reason);
    });
  }

  it('reads any list of faults back as written', () => {
    const rates = fc.dictionary(
      fc.constantFrom(...faultNames),
      fc.integer({ min: 0, max: 1000 }).map(thousandths => thousandths / 1000),
      { minKeys: 1 },
    );
    fc.assert(
      fc.property(rates, given => {
        const text = Object.entries(given).map(([name, rate]) => `${name}=${rate}`);
        assert.deepEqual(parseFaults(text.join(',')), { ...given });
      }),
    );
  });

  it('lists every fault and every profile in --help', () => {
    const text = faultsHelp();
    for (const name of [...faultNames, ...Object.keys(faultProfiles)])
      assert.match(text, new RegExp(`^  ${name} `, 'm'));
  });
});

describe('dice of faults', () => {
  const strikes = (seed: number, unit: number, rates: FaultRates, name: FaultName, count = 200): string => {
    const faults = new UnitFaults(seed, unit, { rates });
    return Array.from({ length: count }, () => (faults.strikes(name) ? 'x' : '.')).join('');
  };

  it('gives the same result for the same seed and unit, and another for others', () => {
    const first = strikes(1, 1, { delay: 0.3 }, 'delay');
    assert.equal(strikes(1, 1, { delay: 0.3 }, 'delay'), first);
    assert.notEqual(strikes(2, 1, { delay: 0.3 }, 'delay'), first);
    assert.notEqual(strikes(1, 2, { delay: 0.3 }, 'delay'), first);
  });

  it('gives results independent of other faults and of the order of calls', () => {
    const alone = strikes(1, 1, { delay: 0.3 }, 'delay', 50);
    const faults = new UnitFaults(1, 1, { rates: { delay: 0.3, alter: 0.5, truncate: 0.9 } });
    let mixed = '';
    for (let at = 0; at < 50; at++) {
      faults.strikes('alter');
      mixed += faults.strikes('delay') ? 'x' : '.';
      if (at % 3 === 0) faults.int('truncate', 0, 9);
    }
    assert.equal(mixed, alone);
  });

  it('strikes as often as its probability says, over many units', () => {
    let count = 0;
    for (let unit = 0; unit < 2000; unit++) if (new UnitFaults(7, unit, { rates: { slow: 0.1 } }).has('slow')) count++;
    assert.ok(count > 140 && count < 260, `${count} of 2000 units at 0.1`);
  });

  it('decides a trait once, never strikes without a rate, and counts strikes', () => {
    const probabilities = { rates: { slow: 1, delay: 0 } as FaultRates };
    const faults = new UnitFaults(1, 1, probabilities);
    assert.deepEqual(
      [faults.has('slow'), faults.has('slow'), faults.has('no-cookie'), faults.strikes('delay')],
      [true, true, false, false],
    );
    probabilities.rates = {};
    assert.equal(faults.has('slow'), true, 'a slow unit stays slow');
    assert.equal(faults.strikes('alter'), false);
    assert.deepEqual(faults.tally, { slow: 1 });
    assert.deepEqual(sumTallies([faults.tally, undefined, { slow: 2, alter: 1 }]), { alter: 1, slow: 3 });
  });
});
