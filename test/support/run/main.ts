// The whole run of the tests, `npm test`: files that share nothing at the same time, then those in a browser, those on the ports of real programs, and
// last those that nothing may run beside. The last line of output is 'N passed, N failed, N skipped'.
// `npm test -- test/acs test/shared/sip` runs the files below these paths only.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundlePages } from '../../../acs/server/pages/bundle.ts';
import { compileInto } from '../processes/build.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const MAX_JOBS = 4;
/** Files at the same time where each has a network of its own: a call takes its time, and little else. */
const NETWORKS = 3;
const SLOWEST = 10;
const MAX_AGAIN = 5;
/** The part of files that run once more. */
const AGAIN = 'again';

/** Real programs listen on ports that are theirs. */
const onPorts = /^test\/peers\/(?!(api-pages|csv|envelopes|schema|schemathesis|soap)\b)/;
/** A bench measures, and others have seconds to keep: nothing runs beside them. The judge of all that was sent is the last. */
const alone = /^test\/(bench|processes\/(disk|several)|peers\/envelopes\.)/;
/** A browser takes more of a machine than other tests: as many at the same time as there are usually cores. */
const inBrowser = /^test\/(ui\/|pbx\/status\/page\.)/;
const BROWSERS = '2';
/** Not part of this run: `npm run test:long`. */
const long = /^test\/long\/|\.long\.test\.ts$/;
/** Files that take longest, longest first: they begin first, so that no lane ends with one of them. */
const longest = [
  // It counts the objects of its process, which are few as long as no other file is loaded.
  'test/cpe/fleet-memory.test.ts',
  'test/fuzz/fuzz.test.ts',
  'test/fuzz/planted/',
  'test/processes/database-killed.test.ts',
  'test/processes/crash.test.ts',
  'test/processes/jobs/job.test.ts',
  'test/processes/workers.test.ts',
  'test/processes/rollout.test.ts',
  'test/cpe/control.test.ts',
  'test/processes/acs.test.ts',
  'test/acs/store/mongo/mongo.test.ts',
  'test/processes/killed.test.ts',
  'test/crash/exchange/',
  'test/end-to-end/',
  'test/processes/',
  'test/scenarios/',
  'test/acs/store/',
  'test/demo/',
];

/** Compiled once for all tests that start programs; of the tests themselves a server with planted bugs. */
const compiled = ['cpe', 'pbx', 'test/support/acs/planted-acs.ts'];
/** Files of a run that is worth the seconds of compilation. */
const MANY = 50;

interface FileTotals {
  name: string;
  ms: number;
  passed: number;
  failed: number;
  skipped: number;
  /** Each failed test with the first line of its error. */
  failures: string[];
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

/** The programs, which all processes of the run start from here. Where coverage is measured they run from their sources, which it names. */
async function compilePrograms(folder: string, files: readonly string[]): Promise<void> {
  if (process.env.NODE_V8_COVERAGE !== undefined || files.length < MANY) return;
  const build = join(folder, 'build');
  await compileInto(build, compiled);
  const pages = join(build, 'dist', 'acs', 'ui');
  mkdirSync(pages, { recursive: true });
  for (const [name, content] of await bundlePages()) writeFileSync(join(pages, name), content);
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
async function runOnPorts(
  folder: string,
  files: readonly string[],
  { name: part = 'on-ports', networks = NETWORKS }: { name?: string; networks?: number } = {},
): Promise<number[]> {
  const within = ownNetwork();
  if (!within) return [await runPart(folder, { name: part, files })];
  const codes: number[] = [];
  const waiting = files.entries();
  const lane = async (): Promise<void> => {
    for (const [number, file] of waiting)
      codes.push(await runPart(folder, { name: `${part}-${number}`, files: [file], within }));
  };
  await Promise.all(Array.from({ length: networks }, lane));
  return codes;
}

/** The totals of a part of the run; of all parts without its name. */
function totalsIn(folder: string, part = ''): FileTotals[] {
  const names = readdirSync(folder).filter(file => file.startsWith(part) && file.endsWith('.totals.json'));
  return names.flatMap(name => JSON.parse(readFileSync(join(folder, name), 'utf8')) as FileTotals[]);
}

/**
 * Runs files that have failed beside others once more, with nothing beside them: a busy machine fails some tests, and an error of the project
 * fails again. More files than a few have another reason, and are left as they are.
 * @returns the totals after that, and the files that have passed now
 */
async function runAgain(
  folder: string,
  first: readonly FileTotals[],
): Promise<{ totals: FileTotals[]; recovered: FileTotals[] }> {
  const failed = first.filter(({ name, failed: count }) => count > 0 && name !== '' && !alone.test(name));
  if (failed.length === 0 || failed.length > MAX_AGAIN) return { totals: [...first], recovered: [] };
  process.stdout.write(`\n  once more, alone: ${failed.map(({ name }) => name).join(', ')}\n`);
  await runOnPorts(
    folder,
    failed.map(({ name }) => name),
    { name: AGAIN, networks: 1 },
  );
  const again = totalsIn(folder, AGAIN);
  const recovered = failed.filter(({ name }) => again.some(file => file.name === name && file.failed === 0));
  const better = new Set(recovered.map(({ name }) => name));
  const totals = [...first.filter(({ name }) => !better.has(name)), ...again.filter(({ name }) => better.has(name))];
  return { totals, recovered };
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1).padStart(7);
const listed = (head: string, lines: readonly string[]): string =>
  lines.length === 0 ? '' : `  ${head}\n${lines.join('\n')}\n\n`;

async function main(wanted: readonly string[]): Promise<void> {
  const files = testFiles(wanted);
  const folder = mkdtempSync(join(tmpdir(), 'tandem-test-run-'));
  try {
    // Some files wait for others' time-outs: one more than there are cores keeps these busy.
    const jobs = String(Math.min(MAX_JOBS, availableParallelism() + 1));
    await compilePrograms(folder, files);
    const together = files.filter(file => ![alone, onPorts, inBrowser].some(kind => kind.test(file)));
    const parts = [
      await runPart(folder, { name: 'together', files: together, options: ['--parallel', '--jobs', jobs] }),
      await runPart(folder, {
        name: 'in-browser',
        files: files.filter(file => inBrowser.test(file)),
        options: ['--parallel', '--jobs', BROWSERS],
      }),
      ...(await runOnPorts(
        folder,
        files.filter(file => onPorts.test(file)),
      )),
      await runPart(folder, { name: 'alone', files: files.filter(file => alone.test(file)) }),
    ];
    const first = totalsIn(folder);
    const { totals, recovered } = await runAgain(folder, first);
    const sum = (count: (file: FileTotals) => number): number => totals.reduce((all, file) => all + count(file), 0);
    const passed = sum(file => file.passed);
    const failed = sum(file => file.failed);
    const slowest = totals
      .filter(({ name }) => name !== '')
      .sort((a, b) => b.ms - a.ms)
      .slice(0, SLOWEST);
    const failures = (some: readonly FileTotals[]): string[] =>
      some.flatMap(({ name, failures: each }) => each.map(failure => `  ${name}: ${failure}`));
    process.stdout.write(
      listed(
        'the slowest files',
        slowest.map(({ name, ms }) => `${seconds(ms)} s  ${name}`),
      ),
    );
    process.stdout.write(listed('failed beside others, passed alone', failures(recovered)));
    process.stdout.write(listed('failed', failures(totals)));
    process.stdout.write(`${passed} passed, ${failed} failed, ${sum(file => file.skipped)} skipped\n`);
    // A part that ends badly without a failed test has not run to its end.
    const isBroken = parts.filter(code => code !== 0).length > 0 && first.every(file => file.failed === 0);
    process.exitCode = isBroken || failed > 0 || passed === 0 ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main(process.argv.slice(2));
