// The filter language: what it reads, where it says that something is wrong, and that SQL and predicate always agree.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { DeviceRow } from '../../../acs/device/row.ts';
import { isLike } from '../../../acs/query/compare.ts';
import { type Filter, passingPart, pathsOf } from '../../../acs/query/filter.ts';
import { parseField, parseFilter } from '../../../acs/query/parser.ts';
import { lookupIn, textsOf, toPredicate } from '../../../acs/query/predicate.ts';
import { versionKey } from '../../../acs/query/version-key.ts';
import { openMongo } from '../../../acs/store/mongo/store.ts';
import { openSqlite } from '../../../acs/store/sqlite/store.ts';
import type { GroupQuery, Store } from '../../../acs/store/store.ts';
import { systemRandom, VirtualClock } from '../../../shared/clock.ts';
import { UserError } from '../../../shared/errors.ts';
import { dropMongo, freshMongo, MONGO_START_MS, mongoNeeds } from '../../support/acs/mongo.ts';
import { identityOf, idOf, informOf, newYear, valuesOf } from '../../support/devices.ts';
import { peerSuite } from '../../support/servers/peers.ts';

const HOUR = 3_600_000;

function rowOf(more: Partial<DeviceRow> = {}): DeviceRow {
  return {
    id: '0090F8-4102S-A1',
    ...identityOf('A1'),
    state: 'enrolled',
    created: newYear - 10 * HOUR,
    connectionRequest: { url: '', username: '', password: '' },
    tags: ['sales', 'pilot'],
    site: { city: 'Bern' },
    overrides: {},
    lastInform: newYear - 2 * HOUR,
    lastEvents: [],
    address: '10.0.0.7',
    softwareVersion: '49.1.1200',
    hardwareVersion: '2',
    provisioningCode: '',
    parameterKey: '',
    root: 'Device.',
    told: JSON.stringify({
      'Device.A.Enable': '1',
      'Device.A.Port': '5061',
      'Device.A.Version': '2.10',
      'Device.A.Empty': '',
    }),
    fence: 1,
    applied: {},
    tasks: [],
    faults: [],
    ...more,
  };
}

const holds = (text: string, row = rowOf()): boolean => toPredicate(parseFilter(text))(row, newYear);

describe('the filter language', () => {
  const truths: Record<string, boolean> = {
    'productClass = "4102S" and firmware < "49.2" and tag = "sales" and (lastInform < now - 1h or not online)': true,
    "productClass = '4102S'": true,
    'productClass != "4102S"': false,
    'productClass in ("C711", "4102S")': true,
    'productClass not in ("C711", "4102S")': false,
    'productClass like "4102%"': true,
    'productClass like "41_2s"': true,
    'productClass not like "C%"': true,
    'serial = "A1" AND oui = "0090F8"': true,
    'serialNumber = "a1"': false,
    'id = "0090F8-4102S-A1"': true,
    'manufacturer = "Media5"': true,
    'address like "10.%"': true,
    'tag = "pilot"': true,
    'tag != "pilot"': false,
    'tag = "other"': false,
    'tag exists': true,
    'tag like "pil%"': true,
    'state = "enrolled"': true,
    'state in ("known", "quarantine")': false,
    'firmware < "49.10"': true,
    'firmware < 49.2': true,
    'firmware = "49.01.1200.0"': true,
    'firmware >= "49.1.1200"': true,
    'softwareVersion > "49.1.999"': true,
    'hardware = 2': true,
    online: false,
    'not online': true,
    'online = false': true,
    'online != false': false,
    'lastInform exists': true,
    'lastBoot exists': false,
    'lastBoot not exists': true,
    'lastBoot < now': false,
    'not lastBoot < now': true,
    'lastInform >= 2025-12-31T22:00:00Z': true,
    'lastInform = "2025-12-31T22:00:00Z"': true,
    'lastInform > 2025-12-31': true,
    'lastInform < 2025-12-31T23:30:00+02:00': false,
    'created > now-1d': true,
    'created = 1767189600000': true,
    'site.city = "Bern"': true,
    'site."city" = "Bern"': true,
    'site.floor exists': false,
    'site.floor != "1"': true,
    'Device.A.Enable = true': true,
    'Device.A.Enable != false': true,
    'Device.A.Port > 600': true,
    'Device.A.Port > "600"': false,
    'Device.A.Port = 5061.0': true,
    'Device.A.Version > "2.9"': true,
    'Device.A.Version > 2.9': true,
    'Device.A.Empty exists': true,
    'Device.A.Empty = ""': true,
    'Device.A.Other exists': false,
    'Device.A.Port < -1': false,
    'not (tag = "a" or tag = "b") and not not online = false': true,
  };

  for (const [text, expected] of Object.entries(truths))
    it(`${text} is ${expected}`, () => assert.equal(holds(text), expected));

  it('looks into the tree for what the last Informs did not carry', () => {
    const predicate = toPredicate(parseFilter('Device.B.Name = "x" and Device.A.Port = 5061'));
    const tree = (path: string): string | undefined => ({ 'Device.B.Name': 'x', 'Device.A.Port': '9' })[path];
    assert.equal(predicate(rowOf(), newYear), false);
    assert.equal(predicate(rowOf(), newYear, tree), true);
  });

  it('a path with * stands for every parameter that it fits', () => {
    const predicate = toPredicate(parseFilter('Device.T.*.State = "Down" and Device.T.*.Until < now + 1d'));
    const tree = (state: string, until: string): boolean =>
      predicate(
        rowOf({ told: JSON.stringify({ 'Device.T.1.State': 'Up' }) }),
        newYear,
        lookupIn(
          new Map([
            ['Device.T.1.State', 'Down'],
            ['Device.T.2.State', state],
            ['Device.T.2.Until', until],
            ['Device.T.2.3.Until', '2020-01-01'],
          ]),
        ),
      );
    assert.equal(tree('Down', '2025-12-31'), true);
    assert.equal(tree('Up', '2025-12-31'), false, 'what was told stands over the tree');
    assert.equal(tree('Down', '2026-02-01T00:00:00Z'), false, 'one part for a *');
    assert.deepEqual(pathsOf(parseFilter('Device.*.A exists')), ['Device.*.A']);
    assert.throws(() => parseFilter('Device.*. = "x"'), /partial path/);
    assert.throws(() => parseFilter('*.A = "x"'), /column 1/);
    assert.throws(() => parseField('tag = "x"'), /end is expected before "="/);
  });

  it('is online for two and a half intervals, or an hour', () => {
    const row = (ago: number, informInterval?: number): DeviceRow =>
      rowOf({ lastInform: newYear - ago * 1000, ...(informInterval ? { informInterval } : {}) });
    assert.equal(holds('online', row(250, 100)), true);
    assert.equal(holds('online', row(251, 100)), false);
    assert.equal(holds('online', row(3600)), true);
    assert.equal(holds('online', row(3601)), false);
    const { lastInform: _never, ...silent } = rowOf();
    assert.equal(holds('online', silent), false);
    assert.deepEqual(
      [250, 251, 500, 501].map(ago => ['online', 'late', 'lost'].filter(name => holds(name, row(ago, 100)))),
      [['online'], ['late'], ['late'], ['lost']],
    );
    assert.equal(holds('liveness = "lost"', row(7201)), true);
    assert.equal(holds('liveness exists', silent) || holds('lost', silent), false);
    assert.equal(holds('liveness != "online"', silent), true);
  });

  it('names its paths and what passes by itself', () => {
    const filter = parseFilter('tag = "x" and (Device.A.B = "1" or not Device.C.D exists) and Device.A.B != "2"');
    assert.deepEqual(pathsOf(filter), ['Device.A.B', 'Device.C.D']);
    assert.equal(passingPart(filter), undefined);
    assert.equal(passingPart(parseFilter('tag = "x" or not online')), 'online');
    assert.equal(passingPart(parseFilter('created in (now, 2026-01-01)')), 'now');
  });

  describe('points at what is wrong', () => {
    const wrongs: [text: string, column: number, says: RegExp][] = [
      ['', 1, /field is expected/],
      ['productClass', 13, /comparison .* expected/],
      ['productClass = ', 16, /value is expected/],
      ['productClass = 4102S', 16, /must stand in quotes/],
      ['productClass = abc', 16, /must stand in quotes/],
      ['productclass = "x"', 1, /did you mean "productClass"/],
      ['nonsense = "x"', 1, /unknown field "nonsense"/],
      ['tag = "a', 7, /no closing quote/],
      ['tag = "a" tag = "b"', 11, /"and", "or" or the end/],
      ['(tag = "a"', 11, /"\)" is expected/],
      ['tag < "a"', 7, /no order/],
      ['state = "lost"', 9, /one of known, quarantine, enrolled/],
      ['lastInform > "soon"', 14, /no time/],
      ['lastInform > now - 5', 20, /duration/],
      ['lastInform > 2026-13-45', 14, /no time/],
      ['online > true', 10, /true or false/],
      ['liveness = "gone"', 12, /one of online, late, lost/],
      ['liveness > "late"', 12, /no order/],
      ['online exists', 8, /true or false/],
      ['firmware < "new"', 12, /holds a number/],
      ['tag in "a"', 8, /"\(" is expected/],
      ['tag like 5', 10, /text in quotes/],
      ['Device.A. = "x"', 1, /partial path/],
      ['tag = "a" & tag = "b"', 11, /unexpected "&"/],
      ['tag = "a\0"', 9, /NUL/],
      [`${'('.repeat(200)}online`, 65, /deeply/],
      ['x'.repeat(9000), 8193, /at most/],
      ['created > now + 1h -', 20, /"and", "or"/],
    ];
    for (const [text, column, says] of wrongs)
      it(`${text.slice(0, 30)} at column ${column}`, () => {
        assert.throws(
          () => parseFilter(text),
          (error: unknown) => {
            assert.ok(error instanceof UserError);
            assert.deepEqual([error.status, error.code, error.detail.column], [400, 'bad-filter', column]);
            assert.match(error.message, says);
            return true;
          },
        );
      });

    it('whatever comes, it is read or refused as the user’s error', () => {
      const words = fc.constantFrom(
        'tag',
        'online',
        '=',
        '<',
        '"x"',
        'and',
        'or',
        'not',
        '(',
        ')',
        'in',
        'now',
        '-',
        '1h',
        '5',
      );
      const junk = fc.oneof(
        fc.string(),
        fc.array(words, { maxLength: 12 }).map(parts => parts.join(' ')),
      );
      fc.assert(
        fc.property(junk, text => {
          try {
            toPredicate(parseFilter(text))(rowOf(), newYear);
          } catch (error) {
            assert.ok(error instanceof UserError, String(error));
            const { column } = error.detail as { column: number };
            assert.ok(column >= 1 && column <= text.length + 1);
          }
        }),
        { numRuns: 2000 },
      );
    });
  });

  it('like: % any run, _ one character, backslash the next as it is', () => {
    assert.ok(isLike('abc', 'a%c') && isLike('abc', '%') && isLike('', '%') && isLike('ABC', 'abc'));
    assert.ok(!isLike('abc', 'a_') && !isLike('abc', '') && isLike('a%c', 'a\\%c') && !isLike('abc', 'a\\%c'));
    assert.ok(isLike('0090F8-a%2Db', '%\\%2D%') && isLike('😀', '_'));
    assert.equal(holds('site.city like "B\\%"', rowOf({ site: { city: 'b%' } })), true);
    assert.equal(isLike('a'.repeat(50_000), `${'%a'.repeat(1000)}b`), false, 'in bounded time');
  });

  it('versions: the order of keys is the order of the numeric parts', () => {
    const parts = fc.array(fc.nat({ max: 2000 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        let order = 0;
        for (let at = 0; at < 5 && order === 0; at++) order = Math.sign((a[at] ?? 0) - (b[at] ?? 0));
        const [left, right] = [versionKey(`Dgw ${a.join('.')}`), versionKey(b.join('.'))];
        assert.equal(left < right ? -1 : left > right ? 1 : 0, order);
      }),
    );
    assert.equal(versionKey('none'), '');
  });
});

/** Words that are in the language and in the rows, so that many filters say yes to some rows and no to others. */
const texts = ['', 'a', 'B', 'ab', '5', '5.0', '49.2', '1', 'true', '0', '2026-01-01T00:00:00Z', 'é', '😀', '\uffff'];
const versions = ['', '49.1', '49.2.7', 'Dgw 49.10', '5', 'x'];
const paths = ['Device.X.A', 'Device.X.B', 'Device.X.Version'];
const textArb = fc.constantFrom(...texts);
const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

interface RandomDevice {
  known: boolean;
  productClass: string;
  manufacturer: string;
  tags: string[];
  site: Record<string, string>;
  informs: {
    at: number;
    events: string[];
    firmware: string;
    hardware: string;
    interval?: string;
    hot: [string, string][];
  }[];
  cold: [string, string][];
}

const pairsArb = fc.array(fc.tuple(fc.constantFrom(...paths), textArb), { maxLength: 2 });
const deviceArb: fc.Arbitrary<RandomDevice> = fc.record({
  known: fc.boolean(),
  productClass: fc.constantFrom('4102S', 'C711', 'a'),
  manufacturer: textArb,
  tags: fc.array(fc.constantFrom('a', 'ab', 'B', ''), { maxLength: 2 }),
  site: fc.dictionary(fc.constantFrom('city', 'x y', 'q"q'), textArb, { maxKeys: 2 }),
  informs: fc.array(
    fc.record({
      at: fc.constantFrom(-3 * HOUR, -HOUR, -60_000, 0),
      events: fc.constantFrom([], ['1 BOOT']),
      firmware: fc.constantFrom(...versions),
      hardware: fc.constantFrom(...versions),
      interval: fc.constantFrom('10', '4000'),
      hot: pairsArb,
    }),
    { maxLength: 2 },
  ),
  cold: pairsArb,
});

async function addDevice(store: Store, serial: string, device: RandomDevice): Promise<void> {
  const identity = { ...identityOf(serial, device.productClass), manufacturer: device.manufacturer };
  const id = idOf(identity);
  const patch = { tags: device.tags, site: device.site };
  await store.apply(id, 'announced', { identity, now: newYear - 5 * HOUR, patch });
  for (const { at, events, firmware, hardware, interval, hot } of device.informs) {
    const parameters = valuesOf({
      'Device.DeviceInfo.SoftwareVersion': firmware,
      'Device.DeviceInfo.HardwareVersion': hardware,
      'Device.ManagementServer.PeriodicInformInterval': interval ?? '',
      ...Object.fromEntries(hot),
    });
    await store.apply(id, 'informed', informOf(serial, newYear + at, events, { identity, parameters }));
  }
  const values = device.cold.map(([path, value]) => ({ path, value, type: 'xsd:string', time: newYear }));
  await store.putParameters(id, values);
}

const operatorArb = fc.constantFrom('=', '!=', '<', '<=', '>', '>=');
const equalArb = fc.constantFrom('=', '!=');
const plainFieldArb = fc.constantFrom('id', 'oui', 'productClass', 'serial', 'manufacturer', 'address');
const valueFieldArb = fc.constantFrom(
  ...paths,
  'Device.*.A',
  'Device.X.*',
  'Device.*.*',
  'site.city',
  'site."x y"',
  "site.'q\"q'",
);
const versionFieldArb = fc.constantFrom('firmware', 'hardware');
const timeFieldArb = fc.constantFrom('lastInform', 'lastBoot', 'created');
const timeArb = fc.constantFrom(
  'now',
  'now - 1h',
  'now - 2d',
  'now + 5m',
  '2026-01-01T00:00:00Z',
  '"2025-12-31"',
  '0',
  '-5',
);
const literalArb = fc.oneof(
  textArb.map(quoted),
  fc.constantFrom('5', '5.0', '-1', '49.2', '49.2.7', 'now', '2026-01-01'),
);
const join = (...parts: fc.Arbitrary<string>[]): fc.Arbitrary<string> => fc.tuple(...parts).map(all => all.join(' '));
const listOf = (literal: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(literal, { minLength: 1, maxLength: 3 }).map(all => `(${all.join(', ')})`);
const word = (text: string): fc.Arbitrary<string> => fc.constant(text);
const inArb = fc.constantFrom('in', 'not in');
const likeArb = fc.constantFrom(
  'like "%"',
  'like "a%"',
  'like "_"',
  'not like "%5%"',
  'like ""',
  'exists',
  'not exists',
);

const atomArb = fc.oneof(
  join(plainFieldArb, operatorArb, fc.oneof(textArb, fc.constantFrom('4102S', 'A1', 'A2', 'C711')).map(quoted)),
  join(valueFieldArb, operatorArb, literalArb),
  join(valueFieldArb, equalArb, fc.constantFrom('true', 'false')),
  join(valueFieldArb, inArb, listOf(literalArb)),
  join(versionFieldArb, operatorArb, fc.constantFrom('"49.1"', '49.2', '"49.2.7"', '"5.x"', '"Dgw 49.10.0"')),
  join(versionFieldArb, equalArb, fc.constantFrom('"x"', '""')),
  join(versionFieldArb, inArb, listOf(fc.constantFrom('"49.1"', '"x"', '5'))),
  join(timeFieldArb, operatorArb, timeArb),
  join(timeFieldArb, fc.constantFrom('exists', 'not exists')),
  join(word('tag'), equalArb, fc.constantFrom('"a"', '"ab"', '"B"', '"b"', '""')),
  join(word('state'), equalArb, fc.constantFrom('"known"', '"enrolled"', '"quarantine"')),
  join(fc.oneof(plainFieldArb, valueFieldArb, versionFieldArb, word('tag'), word('state')), likeArb),
  fc.constantFrom('online', 'not online', 'online = false', 'online != true', 'late', 'not lost', 'lost != true'),
  fc.constantFrom('liveness = "online"', 'liveness != "lost"', 'liveness in ("late", "lost")', 'liveness exists'),
  fc.constantFrom('liveness like "l%"', 'liveness like "x"'),
);
const { filter: filterArb } = fc.letrec<{ filter: string }>(tie => ({
  filter: fc.oneof(
    { depthSize: 'small' },
    atomArb,
    join(word('('), tie('filter'), word('and'), tie('filter'), word(')')),
    join(word('('), tie('filter'), word('or'), tie('filter'), word(')')),
    join(word('not ('), tie('filter'), word(')')),
  ),
}));

/** The store finds and counts exactly what the predicate fits, whatever the filter. */
type Trees = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** The groups of a query, counted one device at a time: by key, how many fit and how many there are. */
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

const byArb = fc.option(
  fc.oneof(
    plainFieldArb,
    valueFieldArb.filter(name => !name.includes('*')),
    fc.constantFrom('tag', 'state', 'firmware', 'liveness'),
  ),
);

/** Counts by the value of a field are those of the devices counted one by one. */
async function judgeGroups(store: Store, numRuns: number): Promise<void> {
  const { items } = await store.devices({ limit: 1000, now: newYear });
  const trees = new Map<string, Map<string, string>>();
  for (const { id } of items)
    trees.set(id, new Map((await store.parameters(id, '')).map(({ path, value }) => [path, value])));
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
      const said = `${text} among ${among} by ${by}`;
      assert.deepEqual(
        found.groups.map(group => [group.key, group.count, group.total]).sort(),
        expected.map(([key, group]) => [key, group.count, group.total]).sort(),
        said,
      );
      assert.equal(found.count, new Set(expected.flatMap(([, { ids }]) => ids)).size, said);
      assert.ok(found.groups.every((group, at) => at === 0 || (found.groups[at - 1]?.count ?? 0) >= group.count));
      const ids = new Map(expected.map(([key, group]) => [key, group.ids]));
      for (const { key, samples } of found.groups)
        assert.ok(samples.length > 0 && samples.every(id => ids.get(key)?.includes(id)), said);
      const some = await store.groups({ ...query, limit: 1 });
      assert.deepEqual(
        [some.groups.length, some.omitted],
        [Math.min(1, expected.length), Math.max(0, expected.length - 1)],
      );
    }),
    { numRuns },
  );
}

async function judgeSearches(store: Store, numRuns: number): Promise<void> {
  const devices = fc.sample(deviceArb, { numRuns: 60, seed: 7 });
  for (const [number, device] of devices.entries()) await addDevice(store, `A${number}`, device);
  const { items } = await store.devices({ limit: 1000, now: newYear });
  assert.equal(items.length, devices.length);
  const trees = new Map<string, Map<string, string>>();
  for (const { id } of items)
    trees.set(id, new Map((await store.parameters(id, '')).map(({ path, value }) => [path, value])));
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
  assert.ok(some > numRuns / 4, `only ${some} filters told devices apart`);
}

describe('the filter as SQL', () => {
  it('finds exactly the devices that the predicate fits', async () => {
    const store = await openSqlite({ file: ':memory:', clock: new VirtualClock(newYear) });
    await judgeSearches(store, 600);
    await judgeGroups(store, 400);
    await store.close();
  });
});

peerSuite('the filter as MongoDB queries', mongoNeeds, () => {
  it('finds exactly the devices that the predicate fits', async function () {
    this.timeout(MONGO_START_MS);
    const url = await freshMongo();
    const store = await openMongo({ url, clock: new VirtualClock(newYear), random: systemRandom() });
    await judgeSearches(store, 300);
    await judgeGroups(store, 200);
    await store.close();
    await dropMongo(url);
  });
});
