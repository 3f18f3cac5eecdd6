// The whole run of the tests, `npm test`: files that share nothing at the same time, then those that use the ports of real programs one
// after the other, and last what judges all that was sent. The last line of output is 'N passed, N failed, N skipped'.
// `npm test -- test/acs test/shared/sip` runs the files below these paths only.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const MAX_JOBS = 4;
const SLOWEST = 10;

/** Real programs listen on ports that are theirs, a bench measures, and others have seconds to keep: nothing runs beside them. */
const alone = /^test\/(peers|bench|processes\/(disk|several))/;
/** Not part of this run: `npm run test:long`. */
const long = /^test\/long\//;
/** Files that take longest, longest first: they begin first, so that no lane ends with one of them. */
const longest = [
  'test/fuzz/fuzz.test.ts',
  'test/fuzz/planted/',
  'test/processes/database-killed.test.ts',
  'test/processes/crash.test.ts',
  'test/processes/workers.test.ts',
  'test/processes/rollout.test.ts',
  'test/processes/acs.test.ts',
  'test/acs/store/mongo/mongo.test.ts',
  'test/processes/killed.test.ts',
  'test/end-to-end/',
  'test/processes/',
  'test/scenarios/',
  'test/acs/store/',
  'test/demo/',
];

interface Totals {
  passed: number;
  failed: number;
  skipped: number;
  files: [name: string, milliseconds: number][];
}

const rank = (file: string): number => {
  const at = longest.findIndex(start => file.startsWith(start));
  return at < 0 ? longest.length : at;
};

function testFiles(wanted: readonly string[]): string[] {
  const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .map(name => `test/${name.replaceAll('\\', '/')}`)
    .filter(file => file.endsWith('.test.ts') && !long.test(file))
    .filter(file => wanted.length === 0 || wanted.some(start => file.startsWith(start)));
  return files.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

/** Runs mocha over the files. @returns its exit code; its totals lie in the folder */
async function runPart(folder: string, part: string, files: readonly string[], options: string[]): Promise<number> {
  if (files.length === 0) return 0;
  const mocha = join(root, 'node_modules', 'mocha', 'bin', 'mocha.js');
  const child = spawn(process.execPath, [mocha, ...options, ...files], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, TANDEM_TEST_RUN: folder, TANDEM_TEST_PART: part },
  });
  return await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', code => resolve(code ?? 1));
  });
}

function totalsOf(folder: string): Totals {
  const sum: Totals = { passed: 0, failed: 0, skipped: 0, files: [] };
  for (const name of readdirSync(folder).filter(file => file.endsWith('.totals.json'))) {
    const part = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Totals;
    sum.passed += part.passed;
    sum.failed += part.failed;
    sum.skipped += part.skipped;
    sum.files.push(...part.files);
  }
  return sum;
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1).padStart(7);

async function main(wanted: readonly string[]): Promise<void> {
  const files = testFiles(wanted);
  const folder = mkdtempSync(join(tmpdir(), 'tandem-test-run-'));
  try {
    const jobs = String(Math.min(MAX_JOBS, availableParallelism()));
    const together = files.filter(file => !alone.test(file));
    const codes = [
      await runPart(folder, 'together', together, jobs === '1' ? [] : ['--parallel', '--jobs', jobs]),
      await runPart(
        folder,
        'alone',
        files.filter(file => alone.test(file)),
        [],
      ),
    ];
    const { passed, failed, skipped, files: times } = totalsOf(folder);
    const slowest = times.sort(([, a], [, b]) => b - a).slice(0, SLOWEST);
    const lines = slowest.map(([file, ms]) => `${seconds(ms)} s  ${file}`);
    process.stdout.write(`  the slowest files\n${lines.join('\n')}\n\n`);
    process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
    process.exitCode = codes.some(code => code !== 0) || failed > 0 || passed === 0 ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main(process.argv.slice(2));
