// The bench's arithmetic, its reading of /proc and its tables; and one tiny run of it from end to end.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { seededRandom } from '../../shared/clock.ts';
import { interleaved, makeRow, median, percentile, rounded, verdict } from './figures.ts';
import { retryWaitMs } from './load/boot-storm.ts';
import { answersOf, informTemplate } from './load/envelopes.ts';
import { emptyReport, type LoadRequest, participant } from './load/requests.ts';
import type { SessionSettings } from './load/session.ts';
import { read } from './measures/sessions.ts';
import { benchOptions, withResultsFile } from './options.ts';
import { jsonText, markdownTable, resultsPage } from './render.ts';
import { cpuMs, residentKb, scheduledNs, statMs } from './servers/process-cost.ts';
import { BenchServers, seenIn } from './servers/servers.ts';
import { workMissing } from './work.ts';

const unit = 'ms server CPU / session';
const about = { date: '2026-01-01', commit: 'abc', machine: '2 × CPU', node: 'Node v20', options: 'few' };

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

  it('makes a row of medians, ratio, smallest and largest round, and goal', () => {
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

  it('rounds figures to three significant digits below 100', () => {
    assert.deepEqual([0.123456, 12.3456, 1234.5].map(rounded), [0.123, 12.3, 1235]);
  });

  it('interleaves the rounds of several measures', async () => {
    const request: string[] = [];
    const one = (name: string) => async (): Promise<string> => {
      request.push(name);
      return name;
    };
    assert.deepEqual(await interleaved(2, [one('a'), one('b')]), [
      ['a', 'a'],
      ['b', 'b'],
    ]);
    assert.deepEqual(request, ['a', 'b', 'a', 'b']);
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
      '| a \\| b | ms server CPU / session | 3 (2–4) | 1 (1–1) | 3 × | ≤ 2 × floor | missed by 50 % | 9 ms |  |',
    );
  });

  it('writes date, commit and machine into the results', () => {
    const page = resultsPage(rows, about);
    for (const fact of Object.values(about)) assert.ok(page.includes(fact), fact);
    assert.match(page, /measured elsewhere/);
    assert.doesNotMatch(page, /not measured/);
  });

  it('names a failed measure with its reason in the results', () => {
    const page = resultsPage(rows, about, [{ name: 'storm', reason: 'no answer' }]);
    assert.match(page, /^- not measured: `storm` failed: no answer$/m);
    assert.ok(page.includes(markdownTable(rows)));
  });

  it('writes JSON with the fields that other programs read', () => {
    const parsed = JSON.parse(jsonText(rows, about)) as { rows: Record<string, unknown>[] };
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

const settingsOf = (port: number, read = 1): SessionSettings => ({
  port,
  path: '/read',
  inform: informTemplate(),
  answers: answersOf(read),
});

/** The servers of a bench whose load is another than it was asked for. */
const withLoad = (servers: BenchServers, load: (request: LoadRequest) => LoadRequest): BenchServers =>
  new Proxy(servers, {
    get: (target, name: keyof BenchServers) => {
      if (name === 'load') return async (request: LoadRequest) => await target.load(load(request));
      const member = target[name] as unknown;
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });

describe('bench: the work', () => {
  let servers: BenchServers;
  before(async () => {
    servers = await BenchServers.open();
  });
  after(async () => {
    await servers.close();
  });
  const small = { devices: 40, sessions: 200, rounds: 1 };

  it('G1: answers with the values that each request for load names, one after the other', async () => {
    const { port, stop } = await servers.baseline({ devices: 10 });
    const devices = { count: 4, stored: 10 };
    const reports = [];
    for (const read of [1, 1000])
      reports.push(
        await servers.load({
          kind: 'closed',
          sessions: 4,
          concurrency: 2,
          devices,
          settings: settingsOf(port, read),
        }),
      );
    await stop();
    assert.deepEqual(
      reports.map(({ values }) => values),
      [4 * (25 + 1), 4 * (25 + 1000)],
    );
    assert.ok((reports[1]?.sent ?? 0) > 4 * 100_000, `${reports[1]?.sent} bytes`);
  }).timeout(60_000);

  it('G1: fails a full read whose CPEs answer one parameter instead of 1,000', async () => {
    const lie = (request: LoadRequest): LoadRequest => ({
      ...request,
      settings: { ...request.settings, answers: answersOf(1) },
    });
    await assert.rejects(read.run({ servers: withLoad(servers, lie), ...small }), (error: Error) => {
      assert.match(error.message, /the work was not done/);
      assert.match(error.message, /parameter values sent: 26 a session, not 1025/);
      assert.match(error.message, /bytes sent: \d+ a session, not \d{6} and headers/);
      return true;
    });
  }).timeout(120_000);

  it('G1: measures a full read of 1,000 parameters that were sent and stored', async () => {
    const [row] = await read.run({ servers, ...small });
    assert.match(row?.note ?? '', /^1\d\d\.\d KB in/);
  }).timeout(120_000);

  it('fails work that the server has not seen', () => {
    const report = { ...emptyReport(), sessions: 2, values: 50, sent: 12_000, received: 1000 };
    const work = { rpcs: 0, values: 25, sent: 5000 };
    assert.deepEqual(workMissing(work, report, { sessions: 2, rpcs: 0, values: 50 }), []);
    assert.deepEqual(workMissing(work, report, { sessions: 1, rpcs: 0, values: 26 }), [
      'sessions seen by the server: 0.5 a session, not 1',
      'parameter values stored: 13 a session, not 25',
    ]);
    assert.match(workMissing(work, { ...report, received: 10 }, undefined).join(), /^bytes received: 5 a session/);
    assert.match(workMissing({ ...work, rpcs: 1 }, report, undefined).join(), /^requests answered by the CPEs: 0/);
  });

  it('reads sessions and requests from the metrics of the ACS', () => {
    const metrics =
      'acs_sessions_total{outcome="ok"} 12\nacs_sessions_total{outcome="lost"} 1\nacs_rpcs_total{method="Reboot",direction="to-cpe"} 3\nacs_rpcs_total{method="GetParameterValues",direction="to-cpe"} 4\nacs_rpcs_total{method="TransferComplete",direction="to-acs"} 9\n';
    assert.deepEqual(seenIn(metrics), { sessions: 12, rpcs: 7 });
  });
});

describe('bench: the whole', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tandem-bench-test-'));
  });
  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  const bench = async (...args: string[]): Promise<{ stdout: string }> =>
    await promisify(execFile)(process.execPath, ['--import', 'tsx', 'test/bench/main.ts', ...args], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
    });

  it('measures and writes JSON and Markdown', async () => {
    const [json, results] = [join(folder, 'rows.json'), join(folder, 'results.md')];
    const small = ['--devices', '50', '--sessions', '50', '--rounds', '1'];
    await bench('inform', 'operations', ...small, '--json', json, '--results', results);
    const { rows } = JSON.parse(await readFile(json, 'utf8')) as { rows: Record<string, unknown>[] };
    assert.equal(rows.length, 5);
    for (const row of rows) {
      assert.ok(typeof row.name === 'string' && typeof row.unit === 'string' && typeof row.goal === 'string');
      assert.equal(typeof row.ours, 'number');
    }
    assert.ok(typeof rows[0]?.floor === 'number' && typeof rows[0].ratio === 'number');
    // Counts do not depend on the machine.
    assert.deepEqual(
      rows.slice(1).map(row => [row.ours, row.met]),
      [
        [0, true],
        [2, true],
        [1, true],
        [2, true],
      ],
    );
    assert.match(await readFile(results, 'utf8'), /^# Measurements/);
  }).timeout(120_000);

  it('names its measures in --help and refuses an unknown one', async () => {
    const { stdout } = await bench('--help');
    for (const name of ['inform', 'tls12', 'storm', '--devices']) assert.ok(stdout.includes(name), name);
    await assert.rejects(bench('nothing'), (error: { code: number; stderr: string }) => {
      assert.equal(error.code, 2);
      assert.match(error.stderr, /^usage: 'nothing' is not one of/);
      return true;
    });
  });
});
