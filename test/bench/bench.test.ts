// One tiny run of the bench from end to end, as a command.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

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
    // Counts do not depend on the machine, but for a write in the background of a slow one.
    assert.deepEqual(
      rows.slice(1).map(row => [Math.round(Number(row.ours)), row.met]),
      [
        [0, true],
        [2, true],
        [1, true],
        [2, true],
      ],
    );
    assert.match(await readFile(results, 'utf8'), /^# Measurements/);
  }).timeout(300_000);

  it('measures registrations, calls and a change of policy at the exchange', async () => {
    const json = join(folder, 'pbx.json');
    await bench('pbx', '--devices', '400', '--rounds', '1', '--live', '5', '--json', json);
    const { rows } = JSON.parse(await readFile(json, 'utf8')) as { rows: Record<string, unknown>[] };
    assert.deepEqual(
      rows.map(({ unit }) => unit),
      [
        ...Array.from({ length: 2 }, () => [
          'ms server CPU / registration',
          'ms server CPU / registration',
          'KB / registration',
        ]).flat(),
        ...['% of one core', 'ms, wall clock', 's, wall clock', 'ms server CPU / telephone'],
      ],
    );
    for (const row of rows) assert.ok(Number(row.ours) > 0, JSON.stringify(row));
    for (const at of [0, 1, 3, 4]) assert.ok(Number(rows[at]?.floor) > 0, JSON.stringify(rows[at]));
    assert.deepEqual(
      rows.slice(6, 9).map(({ met }) => met),
      [true, true, true],
    );
  }).timeout(300_000);

  it('refuses a --node that is no Node', async () => {
    await assert.rejects(bench('inform', '--node', '/bin/true'), (error: { code: number; stderr: string }) => {
      assert.equal(error.code, 2);
      assert.match(error.stderr, /^usage: --node: \/bin\/true is no Node/);
      return true;
    });
  }).timeout(60_000);

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
