// The options of the bench.
import type { OptionSpecs, OptionValues } from '../../shared/config.ts';

export const benchOptions = {
  json: { kind: 'string', value: 'FILE', help: 'write {"rows": [{name, unit, ours, floor, ratio, goal, …}]}' },
  results: {
    kind: 'string',
    value: '[FILE]',
    help: 'write the table as Markdown with machine, date and commit; test/bench/RESULTS.md without FILE',
  },
  profile: { kind: 'string', value: 'DIR', help: 'write CPU profiles of the ACS and its store threads to DIR/NAME' },
  devices: { kind: 'number', help: 'devices stored', default: 100_000, min: 10, max: 1_000_000 },
  sessions: { kind: 'number', help: 'sessions of each round', default: 500, min: 10, max: 100_000 },
  rounds: { kind: 'number', help: 'rounds of ours and the floor in turn', default: 5, min: 1, max: 100 },
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
