// The whole run of the tests, `npm test`: files that share nothing at the same time, then those that use the ports of real programs, and
// last those that nothing may run beside. The last line of output is 'N passed, N failed, N skipped'.
// `npm test -- test/acs test/shared/sip` runs the files below these paths only.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const MAX_JOBS = 4;
/** Files at the same time where each has a network of its own: a call takes its time, and little else. */
const NETWORKS = 2;
const SLOWEST = 10;

/** Real programs listen on ports that are theirs. */
const onPorts = /^test\/peers\/(?!(api-pages|csv|envelopes|schema|schemathesis|soap)\b)/;
/** A bench measures, and others have seconds to keep: nothing runs beside them. The judge of all that was sent is the last. */
const alone = /^test\/(bench|processes\/(disk|several)|peers\/envelopes\.)/;
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

/** A command that gives another a network of its own, with nothing but loopback; undefined where that is not allowed. */
function ownNetwork(): string[] | undefined {
  const command = ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];
  return spawnSync(command[0] ?? '', [...command.slice(1), 'true']).status === 0 ? command : undefined;
}

interface Part {
  name: string;
  files: readonly string[];
  /** Options of mocha. */
  options?: readonly string[];
  /** A command that runs mocha. */
  within?: readonly string[];
}

/** Runs mocha over the files. @returns its exit code; its totals lie in the folder */
async function runPart(folder: string, { name, files, options = [], within = [] }: Part): Promise<number> {
  if (files.length === 0) return 0;
  const mocha = join(root, 'node_modules', 'mocha', 'bin', 'mocha.js');
  const [command = '', ...args] = [...within, process.execPath, mocha, ...options, ...files];
  const child = spawn(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, TANDEM_TEST_RUN: folder, TANDEM_TEST_PART: name },
  });
  return await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', code => resolve(code ?? 1));
  });
}

/** Runs each file in a network of its own, some at the same time; else all of them one after the other. @returns the exit codes */
async function runOnPorts(folder: string, files: readonly string[]): Promise<number[]> {
  const within = ownNetwork();
  if (!within) return [await runPart(folder, { name: 'on-ports', files })];
  const codes: number[] = [];
  const waiting = files.entries();
  const lane = async (): Promise<void> => {
    for (const [number, file] of waiting)
      codes.push(await runPart(folder, { name: `on-ports-${number}`, files: [file], within }));
  };
  await Promise.all(Array.from({ length: NETWORKS }, lane));
  return codes;
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
    // Some files wait for others' time-outs: one more than there are cores keeps these busy.
    const jobs = String(Math.min(MAX_JOBS, availableParallelism() + 1));
    const together = files.filter(file => !alone.test(file) && !onPorts.test(file));
    const codes = [
      await runPart(folder, { name: 'together', files: together, options: ['--parallel', '--jobs', jobs] }),
      ...(await runOnPorts(
        folder,
        files.filter(file => onPorts.test(file)),
      )),
      await runPart(folder, { name: 'alone', files: files.filter(file => alone.test(file)) }),
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
