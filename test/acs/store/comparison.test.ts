// Two sets of devices compared: exact counts in every store, and a planted cause that comes first.
import assert from 'node:assert/strict';
import { parseFilter } from '../../../acs/query/parser.ts';
import { ComparisonTally } from '../../../acs/store/comparison-tally.ts';
import { LogFactorials } from '../../../acs/store/significance.ts';
import { seededRandom } from '../../../shared/clock.ts';
import { contractSuite, deviceId, inform } from '../../support/acs/store-contract.ts';
import { newYear } from '../../support/devices.ts';

const FLEETS = 100;

/** Values of the fields of a fleet; the last one is found only in Informs. */
const shapes = {
  firmware: 6,
  productClass: 4,
  hardware: 3,
  'site.name': 12,
  tag: 5,
  addressRange: 20,
  'Device.X.Mode': 7,
};
type Shape = keyof typeof shapes;

/** A fleet in which one value makes a fault likely; other faults come by chance. @returns the rank of that value */
function rankOfCause(seed: number): number {
  const random = seededRandom(seed);
  const fields = Object.keys(shapes) as Shape[];
  const cause = fields[random.int(0, fields.length - 1)] as Shape;
  const culprit = random.int(0, shapes[cause] - 1);
  const [likely, chance] = [0.3 + random.next() * 0.7, random.next() * 0.05];
  const tally = new ComparisonTally();
  for (let device = random.int(400, 3000); device > 0; device--) {
    const values = Object.fromEntries(fields.map(field => [field, random.int(0, shapes[field] - 1)])) as Record<
      Shape,
      number
    >;
    const isFaulty = random.next() < (values[cause] === culprit ? likely : chance);
    const text = (field: Shape): string => `v${values[field]}`;
    tally.add(
      {
        ...{ productClass: text('productClass'), manufacturer: 'M', oui: '0090F8', firmware: text('firmware') },
        ...{ hardware: text('hardware'), address: `10.0.${values.addressRange}.${random.int(1, 254)}` },
        ...{ hasCertificate: false, tags: [text('tag')], site: { name: text('site.name') } },
        told: { 'Device.X.Mode': text('Device.X.Mode'), 'Device.X.UpTime': String(random.int(0, 1e9)) },
      },
      isFaulty ? 0 : 1,
    );
  }
  const judging = tally.judge();
  let step = judging.next();
  while (!step.done) step = judging.next();
  const value = cause === 'addressRange' ? `10.0.${culprit}.0/24` : `v${culprit}`;
  return step.value.values.findIndex(each => each.field === cause && each.value === value);
}

describe('a comparison of devices', () => {
  it('puts the planted cause of random fleets first in at least 95 of 100', () => {
    const ranks = Array.from({ length: FLEETS }, (_, seed) => rankOfCause(seed + 1));
    assert.ok(ranks.filter(rank => rank === 0).length >= 95, ranks.join(' '));
  });

  it('has the significance of the exact test', () => {
    const draws = new LogFactorials(24);
    // Fisher's tea: all four of four cups right by chance once in 70; three or more 17 times.
    assert.ok(Math.abs(10 ** draws.log10Tail({ hits: 4, drawn: 4, marked: 4, whole: 8 }) - 1 / 70) < 1e-12);
    assert.ok(Math.abs(10 ** draws.log10Tail({ hits: 3, drawn: 4, marked: 4, whole: 8 }) - 17 / 70) < 1e-12);
    assert.equal(draws.log10Tail({ hits: 0, drawn: 4, marked: 4, whole: 8 }), 0);
    assert.ok(Math.abs(10 ** draws.log10Tail({ hits: 10, drawn: 12, marked: 12, whole: 24 }) - 4501 / 2704156) < 1e-9);
  });
});

contractSuite('comparisons', subject => {
  it('counts what each set has, exactly, and a device of both in the first alone', async () => {
    const { store } = subject;
    for (const [serial, site] of Object.entries({ A: 'x', B: 'x', C: 'y', D: 'y' })) {
      await inform(store, serial, newYear);
      const site2 = { name: site, 'odd "name"': 'z' };
      await store.apply(deviceId(serial), 'patched', {
        patch: { site: site2, tags: serial === 'A' ? ['t', 'u'] : ['t'] },
      });
    }
    const query = { these: parseFilter('serial in ("A", "B")'), against: parseFilter('serial like "%"'), now: newYear };
    const { these, against, values } = await store.compareDevices(query);
    assert.deepEqual([these, against], [2, 2]);
    const found = values.map(({ field, value, these: n, against: m }) => [field, value, n, m]);
    assert.deepEqual(found, [
      ['site.name', 'x', 2, 0],
      ['tag', 'u', 1, 0],
    ]);
    const none = await store.compareDevices({ ...query, these: parseFilter('serial = "none"') });
    assert.deepEqual([none.these, none.against, none.values], [0, 4, []]);
  });
});
