// The newest value of a parameter counts, whether an Inform told it or it was read or set since: in every store as in the plain reading.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseFilter } from '../../../acs/query/parser.ts';
import { lookupIn, toPredicate } from '../../../acs/query/predicate.ts';
import { addTask, contractSuite, deviceId, inform, known, type Subject } from '../../support/acs/store-contract.ts';
import { informOf, newYear, taskOf, valuesOf } from '../../support/devices.ts';

const paths = ['Device.A.1.V', 'Device.A.2.V', 'Device.B'];
const values = ['1', '2', 'x'];

type Step = { how: 'told' | 'read' | 'settled' | 'table'; at: number; value: string; later: number };
const stepArb: fc.Arbitrary<Step> = fc.record({
  how: fc.constantFrom('told', 'read', 'settled', 'table'),
  at: fc.nat(paths.length - 1),
  value: fc.constantFrom(...values),
  later: fc.nat(2),
});

/** Carries out the steps. @returns the newest value of each parameter */
async function carryOut({ store }: Subject, serial: string, steps: readonly Step[]): Promise<Map<string, string>> {
  const newest = new Map<string, string>();
  const id = deviceId(serial);
  let now = newYear;
  await inform(store, serial, now);
  for (const [number, { how, at, value, later }] of steps.entries()) {
    now += later;
    const path = paths[at]!;
    const read = known(path, value, { time: now });
    if (how === 'told') {
      const parameters = valuesOf({ [path]: value });
      await store.apply(id, 'informed', informOf(serial, now, ['4 VALUE CHANGE'], { parameters }));
    } else if (how === 'read') await store.putParameters(id, [read]);
    else if (how === 'table') {
      await store.putParameters(id, at === 0 ? [read] : [], 'Device.A.');
      for (const gone of paths.filter(name => name.startsWith('Device.A.'))) newest.delete(gone);
      if (at !== 0) continue;
    } else {
      const task = taskOf(`t${serial}-${number}`, 'GetParameterValues', now);
      await addTask(store, serial, task);
      await store.apply(id, 'taskSettled', { id: task.id, outcome: { state: 'done' }, known: [read], now });
    }
    newest.set(path, value);
  }
  return newest;
}

contractSuite('newest values', subject => {
  it('C2: finds devices by the newest value, told, read or set, as a plain reading does', async () => {
    let serial = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(stepArb, { minLength: 1, maxLength: 12 }), async steps => {
        const id = deviceId(`N${++serial}`);
        const newest = await carryOut(subject, `N${serial}`, steps);
        const row = await subject.store.device(id);
        const tree = new Map((await subject.store.parameters(id, '')).map(({ path, value }) => [path, value]));
        for (const path of [...paths, 'Device.A.*.V'])
          for (const value of values) {
            const fitting = path.includes('*') ? ['Device.A.1.V', 'Device.A.2.V'] : [path];
            const expected = fitting.some(name => newest.get(name) === value);
            const filter = parseFilter(`id = "${id}" and ${path} = "${value}"`);
            const what = `${path} = ${value} after ${JSON.stringify(steps)}`;
            assert.equal(await subject.store.countDevices(filter, newYear), Number(expected), what);
            assert.equal(toPredicate(filter)(row!, newYear, lookupIn(tree)), expected, `predicate: ${what}`);
          }
      }),
      { numRuns: 25 },
    );
  });
});
