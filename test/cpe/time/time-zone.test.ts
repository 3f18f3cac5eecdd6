// POSIX time zones of the unit, against the C library's own reading of them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { localTime } from '../../../cpe/agent/local-time.ts';
import { readZone } from '../../../cpe/state/time-zone.ts';

/** `date` with TZ: one program for all instants of a zone. */
function dates(zone: string, seconds: readonly number[]): string[] {
  const input = seconds.map(each => `@${each}\n`).join('');
  const args = ['-f', '-', '+%Y-%m-%dT%H:%M:%S%:z'];
  return execFileSync('date', args, { input, env: { ...process.env, TZ: zone, LC_ALL: 'C' } })
    .toString()
    .trim()
    .split('\n');
}

const ours = (zone: string, seconds: readonly number[]): string[] => seconds.map(each => localTime(each * 1000, zone));

/** Instants at and beside every change of offset that `date` shows between two years. */
function changes(zone: string, from: number, to: number): number[] {
  const start = Date.UTC(from, 0, 2) / 1000;
  const days = Array.from({ length: (to - from) * 365 }, (_, day) => start + day * 86_400);
  const shown = dates(zone, days).map(text => text.slice(19));
  const found = days.filter((_, at) => at > 0 && shown[at] !== shown[at - 1]);
  return found.flatMap(day =>
    Array.from({ length: 24 * 4 + 1 }, (_, at) => day - at * 900).flatMap(at => [at - 1, at]),
  );
}

const zones = [
  'EST5EDT4,M3.2.0/02:00:00,M11.1.0/02:00:00',
  'EST5EDT4,M3.2.0/2,M11.1.0',
  'CET-1CEST,M3.5.0,M10.5.0/3',
  'AEST-10AEDT,M10.1.0,M4.1.0/3',
  '<+1030>-10:30<+11>-11,M10.1.0,M4.1.0',
  'NST3:30NDT,M3.2.0/0:01,M11.1.0/0:01',
  'AAA5BBB,J60/1,J300/2:30',
  'AAA-3BBB-5,59,299/1',
  'IST-1GMT0,M10.5.0,M3.5.0/1',
  'XXX3YYY2,M3.5.0/-2,M10.5.0/-1',
];

describe('time zones of the unit', () => {
  it('count offsets west of Greenwich: minus is east', () => {
    assert.equal(localTime(0, 'EST5'), '1969-12-31T19:00:00-05:00');
    assert.equal(localTime(0, 'EST+5'), '1969-12-31T19:00:00-05:00');
    assert.equal(localTime(0, 'CET-1'), '1970-01-01T01:00:00+01:00');
  });

  for (const zone of zones) {
    it(`tell ${zone} as date does about every change`, () => {
      const at = changes(zone, 2023, 2030);
      assert.ok(at.length > 1000, String(at.length));
      assert.deepEqual(ours(zone, at), dates(zone, at));
    });
  }

  it('tell any zone as date does', () => {
    const two = (most: number): fc.Arbitrary<string> =>
      fc.integer({ min: 0, max: most }).map(value => String(value).padStart(2, '0'));
    const offset = fc
      .tuple(fc.constantFrom('', '-', '+'), fc.integer({ min: 0, max: 14 }), fc.option(two(59)))
      .map(([sign, hours, minutes]) => `${sign}${hours}${minutes === null ? '' : `:${minutes}`}`);
    const time = fc.option(fc.tuple(fc.integer({ min: 0, max: 23 }), two(59)).map(([h, m]) => `/${h}:${m}`));
    // The C library takes the year of Greenwich for the rules, so that those about New Year are left out.
    const day = (from: number, to: number): fc.Arbitrary<string> =>
      fc.oneof(
        fc
          .tuple(fc.integer({ min: from, max: to }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 6 }))
          .map(parts => `M${parts.join('.')}`),
        fc.integer({ min: from * 29, max: to * 29 }).map(each => `J${each}`),
        fc.integer({ min: from * 29, max: to * 29 }).map(String),
      );
    const rule = (from: number, to: number): fc.Arbitrary<string> =>
      fc.tuple(day(from, to), time).map(([on, at]) => `,${on}${at ?? ''}`);
    const rules = fc
      .tuple(fc.tuple(rule(2, 5), rule(7, 11)), fc.boolean())
      .map(([both, isSouth]) => (isSouth ? [...both].reverse() : both).join(''));
    const zone = fc
      .tuple(offset, fc.option(fc.tuple(fc.option(offset), rules)))
      .map(([standard, summer]) => `AAA${standard}${summer ? `BBB${summer[0] ?? ''}${summer[1]}` : ''}`);
    const instants = fc.array(fc.integer({ min: 0, max: Date.UTC(2099, 0) / 1000 }), { minLength: 40, maxLength: 40 });
    fc.assert(
      fc.property(zone, instants, (text, at) => {
        assert.deepEqual(ours(text, at), dates(text, at), text);
      }),
      { numRuns: 200 },
    );
  });

  it('say what is wrong with a text that is none', () => {
    const wrong: [text: string, problem: RegExp][] = [
      ['Moon/Base', /no number of hours west/],
      ['5', /begins with no name/],
      ['EST', /no number of hours west.*EST5/],
      ['ES5', /no name of three letters/],
      ['EST25', /more than 24 hours/],
      ['EST5:60', /more than 59 minutes/],
      ['EST5,M3.2.0,M11.1.0', /rules, but no name of summer time/],
      ['EST5EDT,M3.2.0', /two rules/],
      ['EST5EDT4,M3.2.0/02', /two rules/],
      ['EST5EDT,M3.2.0,M11.1.0,J1', /two rules/],
      ['EST5EDT,M13.2.0,M11.1.0', /"M13\.2\.0" is no rule/],
      ['EST5EDT,M3.6.0,M11.1.0', /is no rule/],
      ['EST5EDT,J0,J100', /"J0" is no rule/],
      ['EST5EDT,J366,J100', /is no rule/],
      ['EST5EDT,1,366', /"366" is no rule/],
      ['EST5EDT,M3.2.0/,M11.1.0', /no time after/],
      ['EST5EDT,M3.2.0/200,M11.1.0', /more than 167 hours/],
      ['EST5EDT4x,M3.2.0,M11.1.0', /is no number of hours/],
      ['x'.repeat(255), /no number of hours/],
    ];
    for (const [text, problem] of wrong) {
      const read = readZone(text);
      assert.ok(typeof read === 'string', text);
      assert.match(read, problem, text);
    }
  });

  it('are read or refused, whatever the text is', () => {
    const letters = fc.constantFrom(...'EST5D4,M3.2.0/:+-<>J'.split(''));
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: letters, maxLength: 60 })), text => {
        const read = readZone(text);
        assert.ok(typeof read === 'string' || Math.abs(read.standard) <= 25 * 3600);
        assert.match(localTime(Date.UTC(2026, 0), text), /^20\d\d-.*[+-]\d\d:\d\d$/);
      }),
    );
  });
});
