// npm run bench: what the design promises, measured beside a bare floor in the same run.
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { helpText, readOptions, UsageError } from '../../shared/config.ts';
import { settled } from '../../shared/program.ts';
import { benches } from './benches.ts';
import type { Row } from './figures.ts';
import { type BenchOptions, benchOptions, withResultsFile } from './options.ts';
import { type Circumstances, type FailedMeasure, jsonText, markdownTable, resultsPage } from './render.ts';
import { BenchServers } from './servers/servers.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));

function help(): string {
  const names = Object.entries(benches).map(([name, { about }]) => `  ${name.padEnd(12)}${about}`);
  return helpText(
    'npm run bench -- [NAME …] [options]',
    `Measures what the design promises; all of it unless named:\n${names.join('\n')}`,
    benchOptions,
  );
}

async function main(argv: string[]): Promise<number> {
  if (argv.includes('--help')) {
    process.stdout.write(help());
    return 0;
  }
  const names = Object.keys(benches);
  const { values, positionals } = readOptions(benchOptions, {
    argv: withResultsFile(argv, names, join(HERE, 'RESULTS.md')),
  });
  const wrong = positionals.find(name => !benches[name]);
  if (wrong) throw new UsageError(`'${wrong}' is not one of ${names.join(', ')}`);
  const about = circumstances(values);
  const { rows, failed } = await measureAll(positionals.length ? positionals : names, values);
  process.stdout.write(`${about.machine}; ${about.node}; ${about.options}\n\n${markdownTable(rows)}\n`);
  if (values.json) await writeFile(values.json, jsonText(rows, about));
  if (values.results) await writeFile(values.results, resultsPage(rows, about, failed));
  return failed.length > 0 ? 1 : 0;
}

/** A measure that fails takes no other along. */
async function measureAll(
  names: readonly string[],
  values: BenchOptions,
): Promise<{ rows: Row[]; failed: FailedMeasure[] }> {
  const rows: Row[] = [];
  const failed: FailedMeasure[] = [];
  const servers = await BenchServers.open();
  try {
    for (const [name, bench] of Object.entries(benches).filter(([known]) => names.includes(known))) {
      const began = performance.now();
      servers.profile = values.profile && join(resolve(values.profile), name);
      try {
        rows.push(...(await bench.run({ servers, ...values })));
        process.stderr.write(`${name}: ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
      } catch (error) {
        process.stderr.write(`${name} failed: ${(error as Error).stack ?? String(error)}\n`);
        failed.push({ name, reason: (error as Error).message });
      }
    }
  } finally {
    await servers.close();
  }
  return { rows, failed };
}

function circumstances({ devices, sessions, rounds }: BenchOptions): Circumstances {
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: HERE, encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain') ? ' with changes' : '';
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: `${git('rev-parse', '--short', 'HEAD')}${changed}`,
    machine: `${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}`,
    node: `Node ${process.version}`,
    options: `${devices} devices stored, ${rounds} rounds of ${sessions} sessions`,
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
