// The table of the bench as text for the terminal, Markdown for RESULTS.md, JSON for programs.
import { type Row, verdict } from './figures.ts';

/** Where and how the figures came about. */
export interface Circumstances {
  date: string;
  commit: string;
  machine: string;
  node: string;
  options: string;
}

const spread = (range: [number, number] | null): string => (range ? ` (${range[0]}–${range[1]})` : '');

const cellsOf = (row: Row): string[] => [
  row.name,
  row.unit,
  `${row.ours}${spread(row.spread.ours)}`,
  row.floor === null ? '' : `${row.floor}${spread(row.spread.floor)}`,
  row.ratio === null ? '' : `${row.ratio} ×`,
  row.goal,
  verdict(row),
  row.incumbent,
  row.note,
];

const head = ['measure', 'unit', 'ours', 'floor', 'ratio', 'goal', 'verdict', 'incumbent', 'told'];

export function markdownTable(rows: readonly Row[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(row => line(cellsOf(row)))].join('\n');
}

export const jsonText = (rows: readonly Row[], about: Circumstances): string =>
  `${JSON.stringify({ ...about, rows }, null, 2)}\n`;

const method = `Medians of short rounds, ours and the floor in turn, with the smallest and largest round in brackets. CPU is user and system time of
the server process with all its threads, from \`/proc\`; the load is a process of its own on the same machine, over raw sockets. The
floor is a bare \`node:http(s)\` server with saxes and SQLite that does the same durably, without rules, tasks, accounts or API
(\`test/bench/servers/baseline.ts\`). **Incumbent**: measured elsewhere, on another machine, its database's CPU not counted. Ratios travel between machines
better than milliseconds do.`;

/** A measure that came to no figure. */
export interface FailedMeasure {
  name: string;
  reason: string;
}

export function resultsPage(rows: readonly Row[], about: Circumstances, failed: readonly FailedMeasure[] = []): string {
  const facts = [
    `- ${about.date}, commit \`${about.commit}\``,
    `- ${about.machine}`,
    `- ${about.node}`,
    `- \`npm run bench\` with ${about.options}`,
  ];
  const missing = failed.map(({ name, reason }) => `- not measured: \`${name}\` failed: ${reason}`);
  return `# Measurements\n\n${[...facts, ...missing].join('\n')}\n\n${method}\n\n${markdownTable(rows)}\n`;
}
