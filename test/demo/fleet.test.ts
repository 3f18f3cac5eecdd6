// npm run demo:fleet: the story of a fleet ends well, and the same seed is the same story.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Report {
  ok: boolean;
  steps: { name: string; ok: boolean; ms: number; detail: Record<string, unknown> }[];
}

const root = new URL('../..', import.meta.url).pathname;

function run(argv: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise(resolve => {
    execFile(process.execPath, ['--import', 'tsx', 'test/demo/fleet.ts', ...argv], { cwd: root }, (error, out, err) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, out, err }),
    );
  });
}

describe('npm run demo:fleet', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tandem-fleet-test-'));
  });
  after(async () => await rm(folder, { recursive: true, force: true }));

  const story = async (name: string): Promise<Report> => {
    const file = join(folder, name);
    const { code, out, err } = await run(['--count', '12', '--seed', '5', '--json', file]);
    assert.equal(code, 0, out + err);
    return JSON.parse(await readFile(file, 'utf8')) as Report;
  };

  it('carries out its steps in order, the same twice for the same seed', async function () {
    this.timeout(120_000);
    const first = await story('a.json');
    assert.deepEqual(
      first.steps.map(({ name }) => name),
      ['enrol', 'credentials', 'configure', 'monitor', 'firmware', 'stragglers', 'job', 'reconciled'],
    );
    assert.ok(first.ok && first.steps.every(({ ok }) => ok));
    const firmware = first.steps.find(({ name }) => name === 'firmware')?.detail ?? {};
    const [waves, pauses] = [firmware.waves as { size: number }[], firmware.pauses as unknown[]];
    assert.deepEqual(
      waves.map(({ size }) => size),
      [1, 2, 9],
    );
    assert.ok(pauses.length > 0, 'some fail, so it pauses itself');
    const last = first.steps.at(-1)?.detail ?? {};
    assert.deepEqual(last.differences, []);
    const timeless = ({ steps }: Report): unknown[] => steps.map(({ ms: _ms, ...rest }) => rest);
    assert.deepEqual(timeless(await story('b.json')), timeless(first));
  });

  it('names a wrong option and exits 2', async () => {
    const { code, err } = await run(['--faults', 'wild']);
    assert.equal(code, 2);
    assert.match(err, /--faults: 'wild' is no profile/);
    assert.equal(err.trim().split('\n').length, 1);
  });
});
