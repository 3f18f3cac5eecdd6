// The bench's arithmetic, its reading of /proc and its tables.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { seededRandom } from '../../shared/clock.ts';
import { capacityTable, devicesACore, withCapacity } from './capacity.ts';
import { interleaved, makeRow, median, percentile, type Row, rounded, verdict } from './figures.ts';
import { retryWaitMs } from './load/boot-storm.ts';
import { participant } from './load/requests.ts';
import { benchOptions, withResultsFile } from './options.ts';
import { jsonText, markdownTable, type Results, resultsPage, withPart } from './render.ts';
import { cpuMs, overflowsIn, residentKb, scheduledNs, statMs } from './servers/process-cost.ts';

const unit = 'ms server CPU / session';
const about = {
  ...{ date: '2026-01-01', commit: 'abc', machine: '2 × CPU', options: 'few' },
  busy: 1,
  nodes: ['20.20.2', '24.1.0'],
};

describe('bench: arithmetic', () => {
  it('takes as median the middle value, or the mean of the two in the middle', () => {
    assert.deepEqual([median([3, 1, 2]), median([4, 1, 3, 2]), median([])], [2, 2.5, 0]);
  });

  it('takes as percentile the smallest value that reaches that share', () => {
    const hundred = Array.from({ length: 100 }, (_, n) => 100 - n);
    assert.deepEqual(
      [0.5, 0.99, 1, 0].map(share => percentile(hundred, share)),
      [50, 99, 100, 1],
    );
    assert.equal(percentile([], 0.5), 0);
    fc.assert(
      fc.property(
        fc.array(fc.integer(), { minLength: 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, share) => {
          const found = percentile(values, share);
          assert.ok(values.filter(value => value <= found).length >= share * values.length - 1e-9);
        },
      ),
    );
  });

  it('makes a row of medians, ratio, paired differences, quartiles and goal', () => {
    const row = makeRow({
      name: 'a',
      unit,
      ours: [0.5, 0.4, 0.6],
      floor: [0.25, 0.2, 0.3],
      goal: { limit: 0.45, of: 'ours' },
    });
    assert.deepEqual(
      { ...row, note: '', incumbent: '' },
      {
        name: 'a',
        unit,
        ours: 0.5,
        floor: 0.25,
        ratio: 2,
        goal: '≤ 0.45 ms',
        met: false,
        node: '',
        rounds: 3,
        bare: null,
        bareRatio: null,
        difference: { median: 0.25, quartiles: [0.2, 0.3] },
        noisy: false,
        others: [],
        spread: { ours: [0.4, 0.6], floor: [0.2, 0.3] },
        incumbent: '',
        note: '',
      },
    );
    assert.equal(verdict(row), 'missed by 11 %');
    const ratio = makeRow({ name: 'b', unit, ours: [1.2], floor: [1], goal: { limit: 1.3, of: 'ratio' } });
    assert.deepEqual([ratio.goal, ratio.met, verdict(ratio)], ['≤ 1.3 × floor', true, 'met']);
    const far = makeRow({ name: 'c', unit, ours: [2.6], floor: [1], goal: { limit: 1.3, of: 'ratio' } });
    assert.equal(verdict(far), 'missed by 100 %');
    const bare = makeRow({ name: 'd', unit: 'ms, wall clock', ours: [3], goal: { limit: 10, of: 'ours' } });
    assert.deepEqual([bare.floor, bare.ratio, bare.goal, bare.met], [null, null, '≤ 10 ms', true]);
    assert.equal(verdict(makeRow({ name: 'e', unit, ours: [1] })), '');
  });

  it('tells no ratio where the paired differences scatter more than they differ', () => {
    const goal = { limit: 1.5, of: 'ratio' } as const;
    const noisy = makeRow({ name: 'n', unit, ours: [1, 3, 2, 1.5], floor: [1.5, 1, 1, 2], goal });
    assert.deepEqual([noisy.noisy, noisy.ratio, noisy.met, verdict(noisy)], [true, null, null, 'noisy']);
    assert.match(markdownTable([noisy]), /\| noisy \|.*\| noisy \|/);
    // The same scatter on both sides is none of the differences.
    const paired = makeRow({ name: 'p', unit, ours: [2, 4, 8, 3], floor: [1, 3, 7, 2], goal });
    assert.deepEqual([paired.noisy, paired.ratio, paired.difference?.median], [false, 1.4, 1]);
    const level = makeRow({ name: 'l', unit, ours: [1, 1.1, 1.05, 0.9], floor: [1, 1, 1.1, 1], goal });
    assert.deepEqual([level.ratio, level.met, verdict(level)], [null, true, 'noisy, within the goal']);
  });

  it('judges a figure that scatters only where three quarters of its rounds agree', () => {
    const goal = { limit: 20, of: 'ours', byQuartiles: true } as const;
    const judged = (ours: number[]): string => verdict(makeRow({ name: 'p', unit: 'ms', ours, goal }));
    assert.deepEqual(
      [judged([1, 5, 9, 90]), judged([30, 40, 50, 60]), judged([1, 2, 40, 50])],
      ['met', 'missed by 125 %', 'noisy'],
    );
  });

  it('has the figures of another version of Node, and of the bare floor, beside', () => {
    const others = [{ node: '24', ours: [3], floor: [2], bare: [1] }];
    const row = makeRow({ name: 'a', unit, node: '20', ours: [4], floor: [2], bare: [1], others });
    assert.deepEqual([row.ratio, row.bareRatio, row.others[0]?.ratio, row.others[0]?.bareRatio], [2, 4, 1.5, 3]);
    const [head, , line] = markdownTable([row, makeRow({ name: 'b', unit, ours: [1] })]).split('\n');
    assert.match(head ?? '', /\| bare floor \| Node 24: ours \| floor \| ratio \|/);
    assert.match(line ?? '', /\| 1, 4 × \| 3 \(3–3\) \| 2 \(2–2\) \| 1.5 × \|/);
  });

  it('rounds figures to three significant digits below 100', () => {
    assert.deepEqual([0.123456, 12.3456, 1234.5].map(rounded), [0.123, 12.3, 1235]);
  });

  it('interleaves the rounds of several measures, another one first each time', async () => {
    const request: string[] = [];
    const one = (name: string) => async (): Promise<string> => {
      request.push(name);
      return name;
    };
    assert.deepEqual(await interleaved(2, [one('a'), one('b')]), [
      ['a', 'a'],
      ['b', 'b'],
    ]);
    assert.deepEqual(request, ['a', 'b', 'b', 'a']);
  });

  it('spreads participating devices over the stored ones', () => {
    const devices = { count: 4, stored: 100 };
    assert.deepEqual(
      [0, 1, 2, 3, 4].map(nth => participant(devices, nth)),
      [0, 25, 50, 75, 0],
    );
  });

  it('waits by the retry table of TR-069 3.2.1.1, widest from the tenth retry on', () => {
    const random = seededRandom(3);
    for (const [retry, low] of [
      [1, 5000],
      [2, 10_000],
      [10, 2_560_000],
      [15, 2_560_000],
    ] as const) {
      const wait = retryWaitMs(retry, random);
      assert.ok(wait >= low && wait <= 2 * low, `${retry}: ${wait}`);
    }
  });
});

describe('bench: /proc', () => {
  it('reads nanoseconds of schedstat, ticks of stat, kilobytes of status', () => {
    assert.equal(scheduledNs('198677 0 1\n'), 198_677);
    assert.equal(scheduledNs(''), undefined);
    assert.equal(statMs('7 (a) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 12 3 0 0 20 0 1'), 150);
    assert.equal(residentKb('Name:\tnode\nVmRSS:\t   2048 kB\n'), 2048);
    assert.equal(overflowsIn('TcpExt: A ListenOverflows B\nTcpExt: 1 22 3\nIpExt: A\nIpExt: 4\n'), 22);
  });

  it('counts more CPU after work', () => {
    const before = cpuMs(process.pid);
    const until = performance.now() + 30;
    while (performance.now() < until);
    assert.ok(cpuMs(process.pid) > before);
  });
});

describe('bench: tables', () => {
  const rows = [
    makeRow({ name: 'a | b', unit, ours: [2, 4], floor: [1, 1], goal: { limit: 2, of: 'ratio' }, incumbent: '9 ms' }),
  ];

  it('writes Markdown with one line per row and escapes bars in names', () => {
    const [head, rule, line] = markdownTable(rows).split('\n');
    assert.equal(head?.split(' | ').length, rule?.split(' | ').length);
    assert.equal(
      line,
      '| a \\| b | ms server CPU / session | 3 (2–4) | 1 (1–1) | 2 (1–3) | 3 × |  | ≤ 2 × floor | missed by 50 % | 9 ms |  |',
    );
  });

  it('writes date, commit and machine into the results', () => {
    const page = resultsPage({ ...about, rows, failed: [] });
    for (const fact of [about.date, about.commit, about.machine, about.options, ...about.nodes])
      assert.ok(page.includes(fact), fact);
    assert.match(page, /GenieACS\*\* 1\.2\.16 was measured in another run/);
    assert.doesNotMatch(page, /not measured|not idle/);
    assert.match(
      resultsPage({ ...about, rows, failed: [], busy: 30 }),
      /the machine was not idle: other programs took 30 %/,
    );
  });

  it('names a failed measure with its reason in the results', () => {
    const page = resultsPage({ ...about, rows, failed: [{ name: 'storm', reason: 'no answer' }] });
    assert.match(page, /^- not measured: `storm` failed: no answer$/m);
    assert.ok(page.includes(markdownTable(rows)));
  });

  it('puts a later run of single measures apart, and replaces rows of the same name', () => {
    const row = (name: string, ours: number): Row => makeRow({ name, unit, ours: [ours] });
    const first: Results = { ...about, rows: [row('one', 1), row('two', 2)], failed: [] };
    const second = withPart(first, {
      ...about,
      date: '2030-01-02',
      rows: [row('two', 3), row('three', 4)],
      failed: [],
    });
    const third = withPart(second, { ...about, date: '2030-01-03', rows: [row('two', 5)], failed: [] });
    const namesIn = (results: Omit<Results, 'apart'>): string[] =>
      results.rows.map(({ name, ours }) => `${name} ${ours}`);
    assert.deepEqual(namesIn(third), ['one 1']);
    assert.deepEqual(third.apart?.map(namesIn), [['three 4'], ['two 5']]);
    const page = resultsPage(third);
    assert.deepEqual(page.match(/^- 2030-01-0\d, commit/gm), ['- 2030-01-02, commit', '- 2030-01-03, commit']);
    assert.deepEqual(page.match(/^\| (one|two|three) /gm), ['| one ', '| three ', '| two ']);
    const tied = makeRow({ name: 'Inform', unit, ours: [1], capacity: 'clear' });
    assert.throws(() => withPart(first, { ...about, rows: [tied], failed: [] }), /only a run of all measures/);
  });

  it('writes JSON with the fields that other programs read', () => {
    const parsed = JSON.parse(jsonText({ ...about, rows, failed: [] })) as { rows: Record<string, unknown>[] };
    for (const name of ['name', 'unit', 'ours', 'floor', 'ratio', 'goal'])
      assert.ok(name in (parsed.rows[0] ?? {}), name);
  });

  it('takes --results with and without a file', () => {
    const given = (...argv: string[]): string[] => withResultsFile(argv, ['inform'], 'R.md');
    assert.deepEqual(given('--results'), ['--results', 'R.md']);
    assert.deepEqual(given('--results', 'inform'), ['--results', 'R.md', 'inform']);
    assert.deepEqual(given('--results', '--rounds', '2'), ['--results', 'R.md', '--rounds', '2']);
    assert.deepEqual(given('--results', 'X.md'), ['--results', 'X.md']);
    assert.equal(benchOptions.devices.default, 100_000);
  });
});

describe('bench: capacity', () => {
  const rows = [
    makeRow({ name: 'Inform', unit, ours: [0.5], capacity: 'clear' }),
    makeRow({ name: 'TLS', unit, ours: [2], capacity: 'rsa-new' }),
    makeRow({ name: 'other', unit, ours: [9] }),
  ];

  it('derives the devices of a core from the measured rows, 70 % of it planned with', () => {
    assert.deepEqual([devicesACore(0.5, 300), devicesACore(2, 3600)], [420_000, 1_300_000]);
    const lines = capacityTable({ ...about, rows, failed: [] }).split('\n');
    assert.equal(lines.length, 6);
    assert.equal(lines[4], '| in clear, no login | 0.5 ms (0.5–0.5) | 420,000 | 5,000,000 | 120,000,000 |');
  });

  it('has in docs/capacity.md the table of the published results', () => {
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const page = readFileSync(join(root, 'docs', 'capacity.md'), 'utf8');
    const results = JSON.parse(readFileSync(join(root, 'test', 'bench', 'results.json'), 'utf8')) as Results;
    assert.equal(page, withCapacity(page, results));
    assert.equal(readFileSync(join(root, 'test', 'bench', 'RESULTS.md'), 'utf8'), resultsPage(results));
  });
});
