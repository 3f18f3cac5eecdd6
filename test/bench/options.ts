// The options of the bench.
import type { OptionSpecs, OptionValues } from '../../shared/config.ts';

export const benchOptions = {
  json: { kind: 'string', value: 'FILE', help: 'write {"rows": [{name, unit, ours, floor, ratio, goal, …}]}' },
  results: {
    kind: 'string',
    value: '[FILE]',
    help: 'write the tables as Markdown, and as JSON beside it; without FILE test/bench/RESULTS.md, and the table of docs/capacity.md too',
  },
  add: {
    kind: 'boolean',
    help: 'put the rows of the named measures into those that the file of --results has, with the date of this run',
  },
  profile: {
    kind: 'string',
    value: 'DIR',
    help: 'write CPU profiles of the ACS and its store threads, or of the exchange, to DIR/NAME',
  },
  node: {
    kind: 'list',
    value: 'PATH',
    help: 'a Node to measure under, repeatable: each has its columns; default: the one that runs the bench, and a Node 24 where it is found (npm install --no-save node@24)',
  },
  store: {
    kind: 'string',
    choices: ['sqlite', 'mongo', 'mongo-durable'],
    default: 'sqlite',
    help: 'mongo: also the rows on a MongoDB in memory; mongo-durable: on one that writes before it answers',
  },
  devices: { kind: 'number', help: 'devices stored', default: 100_000, min: 10, max: 1_000_000 },
  sessions: { kind: 'number', help: 'sessions of each round', default: 500, min: 10, max: 100_000 },
  rounds: { kind: 'number', help: 'rounds of ours and the floors in turn', default: 7, min: 1, max: 100 },
  boots: { kind: 'number', help: 'CPEs that boot at once in under-load', default: 100_000, min: 10, max: 1_000_000 },
  live: { kind: 'number', help: 'seconds of live updates of the pages in ui', default: 60, min: 5, max: 36_000 },
} as const satisfies OptionSpecs;

export type BenchOptions = OptionValues<typeof benchOptions>;

/** `--results` may stand without its file. */
export function withResultsFile(argv: readonly string[], names: readonly string[], file: string): string[] {
  return argv.flatMap((word, at) => {
    const next = argv[at + 1];
    const alone = word === '--results' && (next === undefined || next.startsWith('--') || names.includes(next));
    return alone ? [word, file] : [word];
  });
}
