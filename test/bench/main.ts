// npm run bench: what the design promises, measured beside a floor in the same run.
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { helpText, readOptions, UsageError } from '../../shared/config.ts';
import { settled } from '../../shared/program.ts';
import { benches } from './benches.ts';
import { withCapacity } from './capacity.ts';
import { pause, type Setting } from './measure.ts';
import { type NodeBinary, nodesToMeasure } from './nodes.ts';
import { type BenchOptions, benchOptions, withResultsFile } from './options.ts';
import { type Circumstances, jsonText, markdownTables, type Results, resultsPage, withPart } from './render.ts';
import { ROOT } from './servers/build.ts';
import { BenchServers } from './servers/servers.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const PUBLISHED = join(HERE, 'RESULTS.md');
const CAPACITY = join(ROOT, 'docs', 'capacity.md');

function help(): string {
  const names = Object.entries(benches).map(([name, { about }]) => `  ${name.padEnd(12)}${about}`);
  return helpText(
    'npm run bench -- [NAME …] [options]',
    `Measures what the design promises; all of it unless named:\n${names.join('\n')}\n\nAll of it takes about 20 minutes at its default size on an idle machine of two cores; figures to be published come from such a machine.`,
    benchOptions,
  );
}

async function main(argv: string[]): Promise<number> {
  if (argv.includes('--help')) {
    process.stdout.write(help());
    return 0;
  }
  const names = Object.keys(benches);
  const { values, positionals } = readOptions(benchOptions, { argv: withResultsFile(argv, names, PUBLISHED) });
  if (values.add && (!values.results || positionals.length === 0))
    throw new UsageError('--add needs --results and names');
  const wrong = positionals.find(name => !benches[name]);
  if (wrong) throw new UsageError(`'${wrong}' is not one of ${names.join(', ')}`);
  const nodes = nodesToMeasure(values.node, ROOT);
  const about = await circumstances(values, nodes);
  const results = { ...about, ...(await measureAll(positionals.length ? positionals : names, values, nodes)) };
  const versions = `Node ${about.nodes.join(', ')}`;
  process.stdout.write(`${about.machine}; ${versions}; ${about.options}\n\n${markdownTables(results.rows)}\n`);
  await writeResults(results, values);
  return results.failed.length > 0 ? 1 : 0;
}

async function writeResults(measured: Results, { json, results: file, add }: BenchOptions): Promise<void> {
  if (json) await writeFile(json, jsonText(measured));
  if (!file) return;
  const isPublished = resolve(file) === PUBLISHED;
  const beside = isPublished ? join(HERE, 'results.json') : file.replace(/(\.md)?$/, '.json');
  const results = add ? withPart(JSON.parse(await readFile(beside, 'utf8')) as Results, measured) : measured;
  await writeFile(file, resultsPage(results));
  await writeFile(beside, jsonText(results));
  if (isPublished) await writeFile(CAPACITY, withCapacity(await readFile(CAPACITY, 'utf8'), results));
}

/** A measure that fails takes no other along. */
async function measureAll(
  names: readonly string[],
  values: BenchOptions,
  nodes: readonly NodeBinary[],
): Promise<Pick<Results, 'rows' | 'failed'>> {
  const results: Pick<Results, 'rows' | 'failed'> = { rows: [], failed: [] };
  const servers = await BenchServers.open();
  const { devices, sessions, rounds, boots, live, store } = values;
  const setting: Setting = { servers, devices, sessions, rounds, boots, live, store, nodes };
  try {
    for (const [name, bench] of Object.entries(benches).filter(([known]) => names.includes(known))) {
      const began = performance.now();
      servers.profile = values.profile && join(resolve(values.profile), name);
      try {
        results.rows.push(...(await bench.run(setting)));
        process.stderr.write(`${name}: ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
      } catch (error) {
        process.stderr.write(`${name} failed: ${(error as Error).stack ?? String(error)}\n`);
        results.failed.push({ name, reason: (error as Error).message });
        servers.stopAll();
      }
    }
  } finally {
    await servers.close();
  }
  return results;
}

const LOOK_MS = 3000;

/** Share of the CPUs that is taken now, percent. */
async function busyShare(): Promise<number> {
  const sum = (): { idle: number; all: number } => {
    const times = cpus().map(cpu => cpu.times);
    const all = times.reduce((total, each) => total + each.user + each.nice + each.sys + each.irq + each.idle, 0);
    return { idle: times.reduce((total, { idle }) => total + idle, 0), all };
  };
  const before = sum();
  await pause(LOOK_MS);
  const after = sum();
  return Math.round(100 * (1 - (after.idle - before.idle) / Math.max(1, after.all - before.all)));
}

async function circumstances(
  { devices, sessions, rounds, boots, store }: BenchOptions,
  nodes: readonly NodeBinary[],
): Promise<Circumstances> {
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: HERE, encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain') ? ' with changes' : '';
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: `${git('rev-parse', '--short', 'HEAD')}${changed}`,
    machine: `${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}`,
    busy: await busyShare(),
    nodes: nodes.map(({ version }) => version),
    options: `${devices} devices stored, ${rounds} rounds of ${sessions} sessions, ${boots} boots, store ${store}`,
  };
}

settled(process, 'bench', main(process.argv.slice(2))).then(
  code => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const wrongUse = error instanceof UsageError;
    process.stderr.write(`${wrongUse ? `usage: ${error.message}` : ((error as Error).stack ?? String(error))}\n`);
    process.exitCode = wrongUse ? 2 : 1;
  },
);
