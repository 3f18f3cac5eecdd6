// The filter language: its syntax, its errors with their columns, and the predicate.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { DeviceRow } from '../../../acs/device/row.ts';
import { isLike } from '../../../acs/query/compare.ts';
import { passingPart, pathsOf } from '../../../acs/query/filter.ts';
import { parseField, parseFilter } from '../../../acs/query/parser.ts';
import { lookupIn, toPredicate } from '../../../acs/query/predicate.ts';
import { versionKey } from '../../../acs/query/version-key.ts';
import { UserError } from '../../../shared/errors.ts';
import { identityOf, newYear } from '../../support/devices.ts';

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

describe('Filter language', () => {
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
    tasks: false,
    'tasks = 0': true,
    'openTasks < 1 and not drift': true,
    'drift != 0': false,
    'drift in (0, 2)': true,
    'drift exists': false,
    restart: false,
    'never-finishes or not restart': true,
    'provisioningCode = ""': true,
    'username exists': false,
    'search "bern"': true,
    'SEARCH "0.0.7" and find "pil"': true,
    'search "%"': false,
    'find like "b_rn"': true,
    'search "4102S-a1"': true,
    'search "Media5"': false,
  };

  it('finds a MAC address in a serial without its signs, and nothing else by them', () => {
    const row = rowOf({ serialNumber: '0090F8000007' });
    for (const text of ['00:90:f8:00:00:07', '00-90-F8-00-00-07', 'f8:00:00'])
      assert.equal(holds(`find "${text}"`, row), true, text);
    for (const text of ['00:90:f8:00:00:08', '0:90:f8', '90:f8', '00:90:f8:00:00:0x'])
      assert.equal(holds(`find "${text}"`, row), false, text);
  });

  for (const [text, expected] of Object.entries(truths))
    it(`answers ${expected} to ${text}`, () => assert.equal(holds(text), expected));

  it('looks up in the tree the values that the last Informs did not carry', () => {
    const predicate = toPredicate(parseFilter('Device.B.Name = "x" and Device.A.Port = 5061'));
    const tree = (path: string): string | undefined => ({ 'Device.B.Name': 'x', 'Device.A.Port': '9' })[path];
    assert.equal(predicate(rowOf(), newYear), false);
    assert.equal(predicate(rowOf(), newYear, tree), true);
  });

  it('compares every parameter that a path with * fits', () => {
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
    assert.equal(tree('Up', '2025-12-31'), false, 'values of the last Informs replace those of the tree');
    assert.equal(tree('Down', '2026-02-01T00:00:00Z'), false, 'one part for a *');
    assert.deepEqual(pathsOf(parseFilter('Device.*.A exists')), ['Device.*.A']);
    assert.throws(() => parseFilter('Device.*. = "x"'), /partial path/);
    assert.throws(() => parseFilter('*.A = "x"'), /column 1/);
    assert.throws(() => parseField('tag = "x"'), /end is expected before "="/);
  });

  it('counts a device as online for two and a half intervals, or an hour', () => {
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

  it('names its paths and the parts that change by themselves', () => {
    const filter = parseFilter('tag = "x" and (Device.A.B = "1" or not Device.C.D exists) and Device.A.B != "2"');
    assert.deepEqual(pathsOf(filter), ['Device.A.B', 'Device.C.D']);
    assert.equal(passingPart(filter), undefined);
    assert.equal(passingPart(parseFilter('tag = "x" or not online')), 'online');
    assert.equal(passingPart(parseFilter('created in (now, 2026-01-01)')), 'now');
  });

  describe('errors', () => {
    const wrongs: [text: string, column: number, says: RegExp][] = [
      ['', 1, /field is expected/],
      ['productClass', 13, /comparison .* expected/],
      ['productClass = ', 16, /value is expected/],
      ['productClass = 4102S', 16, /must be in quotes/],
      ['productClass = abc', 16, /must be in quotes/],
      ['productclass = "x"', 1, /did you mean "productClass"/],
      ['nonsense = "x"', 1, /unknown field "nonsense"/],
      ['region = "north"', 1, /unknown field "region": a field of the site is written site\.region/],
      ['tag = "a', 7, /no closing quote/],
      ['tag = "a" tag = "b"', 11, /"and", "or" or the end/],
      ['(tag = "a"', 11, /"\)" is expected/],
      ['tag < "a"', 7, /no order/],
      ['state = "lost"', 9, /one of known, quarantine, enrolled/],
      ['lastInform > "soon"', 14, /not a time/],
      ['lastInform > now - 5', 20, /duration/],
      ['lastInform > 2026-13-45', 14, /not a time/],
      ['online > true', 10, /true or false/],
      ['liveness = "gone"', 12, /one of online, late, lost/],
      ['liveness > "late"', 12, /no order/],
      ['online exists', 8, /true or false/],
      ['firmware < "new"', 12, /holds a number/],
      ['tag in "a"', 8, /"\(" is expected/],
      ['tag like 5', 10, /text in quotes/],
      ['Device.A. = "x"', 1, /partial path/],
      ['tasks > "many"', 9, /takes a number/],
      ['drift like "1"', 7, /not a text/],
      ['not drift not', 14, /comparison/],
      ['search', 7, /text in quotes/],
      ['search ""', 8, /text in quotes/],
      ['find like 5', 11, /text in quotes/],
      ['tag = "a" & tag = "b"', 11, /unexpected "&"/],
      ['tag = "a\0"', 9, /NUL/],
      [`${'('.repeat(200)}online`, 65, /deeply/],
      ['x'.repeat(9000), 8193, /at most/],
      ['created > now + 1h -', 20, /"and", "or"/],
    ];
    for (const [text, column, says] of wrongs)
      it(`refuses "${text.slice(0, 30)}" at column ${column}`, () => {
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

    it('parses or refuses any text with a column in the error', () => {
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

  it('matches % as a run, _ as one character, and an escaped character literally', () => {
    assert.ok(isLike('abc', 'a%c') && isLike('abc', '%') && isLike('', '%') && isLike('ABC', 'abc'));
    assert.ok(!isLike('abc', 'a_') && !isLike('abc', '') && isLike('a%c', 'a\\%c') && !isLike('abc', 'a\\%c'));
    assert.ok(isLike('0090F8-a%2Db', '%\\%2D%') && isLike('😀', '_'));
    assert.equal(holds('site.city like "B\\%"', rowOf({ site: { city: 'b%' } })), true);
    assert.equal(isLike('a'.repeat(50_000), `${'%a'.repeat(1000)}b`), false, 'in bounded time');
  });

  it('orders version keys by the numeric parts of the versions', () => {
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
