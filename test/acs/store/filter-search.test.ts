// Filters in the stores: SQL and MongoDB queries against the predicate, on random filters and devices.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { DeviceRow } from '../../../acs/device/row.ts';
import { facetTexts, parseFacet } from '../../../acs/query/facet.ts';
import type { Filter } from '../../../acs/query/filter.ts';
import { parseField, parseFilter } from '../../../acs/query/parser.ts';
import { lookupIn, textsOf, toPredicate } from '../../../acs/query/predicate.ts';
import { orderKeys, parseSort, sortKey } from '../../../acs/query/sort.ts';
import { openMongo } from '../../../acs/store/mongo/store.ts';
import { openSqlite } from '../../../acs/store/sqlite/store.ts';
import type { GroupQuery, Store } from '../../../acs/store/store.ts';
import { systemRandom, VirtualClock } from '../../../shared/clock.ts';
import { dropMongo, freshMongo, MONGO_START_MS, mongoNeeds } from '../../support/acs/mongo.ts';
import { addDevice, byArb, deviceArb, facetsArb, filterArb, sortArb } from '../../support/acs/random-filters.ts';
import { newYear } from '../../support/devices.ts';
import { peerSuite } from '../../support/servers/peers.ts';

/** Known values by device, then by path. */
type Trees = ReadonlyMap<string, ReadonlyMap<string, string>>;

async function treesOf(store: Store, rows: readonly DeviceRow[]): Promise<Trees> {
  const trees = new Map<string, Map<string, string>>();
  for (const { id } of rows)
    trees.set(id, new Map((await store.parameters(id, '')).map(({ path, value }) => [path, value])));
  return trees;
}

/** The groups of a query, counted one device at a time: for each key the number that fits and the number of all. */
function groupsOf(items: readonly DeviceRow[], trees: Trees, { among, filter, by, totals }: GroupQuery) {
  const [isIn, fits] = [toPredicate(among), toPredicate(filter)];
  const groups = new Map<string, { count: number; total: number; ids: string[] }>();
  for (const row of items) {
    const tree = lookupIn(trees.get(row.id));
    if (!isIn(row, newYear, tree)) continue;
    const fitting = fits(row, newYear, tree);
    const texts = by ? textsOf(row, by, newYear, tree) : [''];
    for (const key of texts.length > 0 ? texts : ['']) {
      const group = groups.get(key) ?? { count: 0, total: 0, ids: [] };
      groups.set(key, group);
      group.total += Number(fitting || totals);
      group.count += Number(fitting);
      if (fitting) group.ids.push(row.id);
    }
  }
  return [...groups].filter(([, { count }]) => count > 0);
}

/** Checks that groups by the value of a field hold the devices that the predicate fits, whatever the filters. */
async function assertGroupsMatch(store: Store, numRuns: number): Promise<void> {
  const { items } = await store.devices({ limit: 1000, now: newYear });
  const trees = await treesOf(store, items);
  await fc.assert(
    fc.asyncProperty(filterArb, filterArb, byArb, fc.boolean(), async (among, text, by, totals) => {
      const query: GroupQuery = {
        among: parseFilter(among),
        filter: parseFilter(text),
        totals,
        limit: 100,
        now: newYear,
      };
      if (by !== null) query.by = parseField(by);
      const expected = groupsOf(items, trees, query);
      const found = await store.groups(query);
      const question = `${text} among ${among} by ${by}`;
      assert.deepEqual(
        found.groups.map(group => [group.key, group.count, group.total]).sort(),
        expected.map(([key, group]) => [key, group.count, group.total]).sort(),
        question,
      );
      assert.equal(found.count, new Set(expected.flatMap(([, { ids }]) => ids)).size, question);
      assert.ok(found.groups.every((group, at) => at === 0 || (found.groups[at - 1]?.count ?? 0) >= group.count));
      const ids = new Map(expected.map(([key, group]) => [key, group.ids]));
      for (const { key, samples } of found.groups)
        assert.ok(samples.length > 0 && samples.every(id => ids.get(key)?.includes(id)), question);
      const some = await store.groups({ ...query, limit: 1 });
      assert.deepEqual(
        [some.groups.length, some.omitted],
        [Math.min(1, expected.length), Math.max(0, expected.length - 1)],
      );
    }),
    { numRuns },
  );
}

/** Checks that facets count what the predicate fits, whatever the filter and the field. */
async function assertFacetsMatch(store: Store, numRuns: number): Promise<void> {
  const { items } = await store.devices({ limit: 1000, now: newYear });
  const trees = await treesOf(store, items);
  await fc.assert(
    fc.asyncProperty(fc.option(filterArb), facetsArb, fc.integer({ min: 1, max: 3 }), async (text, names, top) => {
      const filter = text === null ? undefined : parseFilter(text);
      const predicate = filter ? toPredicate(filter) : () => true;
      const fitting = items.filter(row => predicate(row, newYear, lookupIn(trees.get(row.id))));
      const fields = names.map(parseFacet);
      const facets = fields.map(field => {
        const counts = new Map<string, number>();
        let missing = 0;
        for (const row of fitting) {
          const values = facetTexts(row, field, newYear, lookupIn(trees.get(row.id)));
          if (values.length === 0) missing++;
          for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
        }
        const sorted = [...counts].map(([value, count]) => ({ value, count }));
        sorted.sort((a, b) => b.count - a.count || orderKeys(a.value, b.value));
        const others = sorted.slice(top).reduce((sum, { count }) => sum + count, 0);
        return { values: sorted.slice(0, top), others, missing };
      });
      assert.deepEqual(
        await store.facets({ ...(filter ? { filter } : {}), by: fields, top, now: newYear }),
        { total: fitting.length, facets },
        `${names.join()} of ${text}`,
      );
    }),
    { numRuns },
  );
}

/** Checks that devices come in the order of their keys, whatever the filter and the field, and page by page. */
async function assertOrdersMatch(store: Store, numRuns: number): Promise<void> {
  const { items } = await store.devices({ limit: 1000, now: newYear });
  const trees = await treesOf(store, items);
  await fc.assert(
    fc.asyncProperty(filterArb, sortArb, fc.boolean(), fc.nat({ max: 20 }), async (text, name, isUp, offset) => {
      const sort = isUp ? name : `-${name}`;
      const { field } = parseSort(sort);
      const filter = parseFilter(text);
      const predicate = toPredicate(filter);
      const keyed = items
        .map(row => ({ row, tree: lookupIn(trees.get(row.id)) }))
        .filter(({ row, tree }) => predicate(row, newYear, tree))
        .map(({ row, tree }) => ({ id: row.id, key: sortKey(row, field, newYear, tree) }))
        .sort((a, b) => orderKeys(a.key, b.key) || orderKeys(a.id, b.id));
      if (!isUp) keyed.reverse();
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const from = cursor === undefined ? { offset } : { cursor };
        const page = await store.devices({ filter, sort, limit: 13, now: newYear, only: ['id'], ...from });
        found.push(...page.items.map(({ id }) => id));
        cursor = page.next;
      } while (cursor !== undefined);
      assert.deepEqual(
        found,
        keyed.slice(offset).map(({ id }) => id),
        `${sort} of ${text}`,
      );
    }),
    { numRuns },
  );
}

/** Checks that the store finds and counts exactly the devices that the predicate fits, whatever the filter. */
async function assertSearchesMatch(store: Store, numRuns: number): Promise<void> {
  const devices = fc.sample(deviceArb, { numRuns: 60, seed: 7 });
  for (const [number, device] of devices.entries()) await addDevice(store, `A${number}`, device);
  const { items } = await store.devices({ limit: 1000, now: newYear });
  assert.equal(items.length, devices.length);
  const trees = await treesOf(store, items);
  let some = 0;
  await fc.assert(
    fc.asyncProperty(filterArb, async text => {
      const filter: Filter = parseFilter(text);
      const predicate = toPredicate(filter);
      const expected = items.filter(row => predicate(row, newYear, lookupIn(trees.get(row.id))));
      const found = await store.devices({ filter, limit: 1000, now: newYear });
      assert.deepEqual(
        found.items.map(row => row.id),
        expected.map(row => row.id),
      );
      assert.equal(await store.countDevices(filter, newYear), expected.length);
      if (expected.length > 0 && expected.length < items.length) some++;
    }),
    { numRuns },
  );
  assert.ok(some > numRuns / 4, `only ${some} filters fit some devices and not others`);
}

describe('Filter as SQL', () => {
  it('finds, counts and groups exactly the devices that the predicate fits', async () => {
    const store = await openSqlite({ file: ':memory:', clock: new VirtualClock(newYear) });
    await assertSearchesMatch(store, 600);
    await assertGroupsMatch(store, 400);
    await assertOrdersMatch(store, 300);
    await assertFacetsMatch(store, 400);
    await store.close();
  });
});

peerSuite('Filter as MongoDB queries', mongoNeeds, () => {
  it('finds, counts and groups exactly the devices that the predicate fits', async function () {
    this.timeout(MONGO_START_MS);
    const url = await freshMongo();
    const store = await openMongo({ url, clock: new VirtualClock(newYear), random: systemRandom() });
    await assertSearchesMatch(store, 300);
    await assertGroupsMatch(store, 200);
    await assertOrdersMatch(store, 100);
    await assertFacetsMatch(store, 150);
    await store.close();
    await dropMongo(url);
  });
});
