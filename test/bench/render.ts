// The tables of the bench as text for the terminal, Markdown for RESULTS.md, JSON for programs.
import { type Figures, type Quartiles, type Row, verdict } from './figures.ts';

/** Where and how the figures came about. */
export interface Circumstances {
  date: string;
  commit: string;
  machine: string;
  /** Share of the CPUs that other programs took when the run began, percent. */
  busy: number;
  /** Versions of Node, the first one that of the goals. */
  nodes: string[];
  options: string;
}

/** A measure that came to no figure. */
export interface FailedMeasure {
  name: string;
  reason: string;
}

export interface Results extends Circumstances {
  rows: Row[];
  failed: FailedMeasure[];
  /** Later runs of single measures, oldest first. */
  apart?: readonly Omit<Results, 'apart'>[];
}

/**
 * The results with a later run of single measures apart; a row of the same name is replaced.
 * @throws Error for rows of docs/capacity.md, which has the circumstances of one run alone
 */
export function withPart(results: Results, part: Results): Results {
  const tied = part.rows.find(({ capacity }) => capacity);
  if (tied) throw new Error(`'${tied.name}' stands in docs/capacity.md: only a run of all measures replaces it`);
  const names = new Set(part.rows.map(({ name }) => name));
  const others = (rows: readonly Row[]): Row[] => rows.filter(({ name }) => !names.has(name));
  const before = (results.apart ?? []).map(one => ({ ...one, rows: others(one.rows) }));
  return { ...results, rows: others(results.rows), apart: [...before.filter(({ rows }) => rows.length > 0), part] };
}

const spread = (range: Quartiles | null): string => (range ? ` (${range[0]}–${range[1]})` : '');

const floorCell = ({ floor, spread: { floor: range } }: Figures): string =>
  floor === null ? '' : `${floor}${spread(range)}`;
const differenceCell = ({ difference }: Figures): string =>
  difference ? `${difference.median}${spread(difference.quartiles)}` : '';
const ratioCell = ({ noisy, ratio }: Figures): string => (noisy ? 'noisy' : ratio === null ? '' : `${ratio} ×`);
const bareCell = ({ bare, bareRatio }: Figures): string =>
  bare === null ? '' : `${bare}${bareRatio === null ? '' : `, ${bareRatio} ×`}`;

interface Column {
  head: string;
  cell(row: Row): string;
}

const otherNodes = (rows: readonly Row[]): string[] => [
  ...new Set(rows.flatMap(({ others }) => others.map(({ node }) => node))),
];

/** The columns of one more version of Node. */
function nodeColumns(node: string): Column[] {
  const of = (cell: (figures: Figures) => string) => (row: Row) => {
    const figures = row.others.find(other => other.node === node);
    return figures ? cell(figures) : '';
  };
  return [
    { head: `Node ${node}: ours`, cell: of(({ ours, spread: { ours: range } }) => `${ours}${spread(range)}`) },
    { head: 'floor', cell: of(floorCell) },
    { head: 'ratio', cell: of(ratioCell) },
  ];
}

const columnsOf = (rows: readonly Row[]): Column[] => [
  { head: 'measure', cell: row => row.name },
  { head: 'unit', cell: row => row.unit },
  { head: 'ours', cell: row => `${row.ours}${spread(row.spread.ours)}` },
  { head: 'floor', cell: floorCell },
  { head: 'ours − floor', cell: differenceCell },
  { head: 'ratio', cell: ratioCell },
  { head: 'bare floor', cell: bareCell },
  ...otherNodes(rows).flatMap(nodeColumns),
  { head: 'goal', cell: row => row.goal },
  { head: 'verdict', cell: verdict },
  { head: 'GenieACS, another run', cell: row => row.incumbent },
  { head: 'told', cell: row => row.note },
];

const layerColumns: readonly Column[] = [
  { head: 'layer of an Inform-only session', cell: row => row.name },
  { head: 'with it, ms', cell: row => `${row.ours}${spread(row.spread.ours)}` },
  { head: 'without it, ms', cell: floorCell },
  { head: 'it costs, ms', cell: row => differenceCell(row) || `${row.ours}` },
  { head: '', cell: row => (row.noisy ? 'noisy' : '') },
];

export function markdownTable(rows: readonly Row[]): string {
  return tableOf(columnsOf(rows), rows);
}

/** The tables, one after the other. */
export function markdownTables(rows: readonly Row[]): string {
  const [layers, others] = [rows.filter(row => row.section), rows.filter(row => !row.section)];
  const waterfall = layers.length ? `\n\n## Waterfall\n\n${waterfallTold}\n\n${tableOf(layerColumns, layers)}` : '';
  return `${markdownTable(others)}${waterfall}`;
}

const waterfallTold = `An Inform-only session in clear, layer by layer: the rounds with and without a layer take turns, and \`it costs\` is the median of their
differences with its quartiles. The floor is built up part by part; from the whole ACS one layer is left out at a time.`;

function tableOf(columns: readonly Column[], rows: readonly Row[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [
    line(columns.map(({ head }) => head)),
    line(columns.map(() => '---')),
    ...rows.map(row => line(columns.map(({ cell }) => cell(row)))),
  ].join('\n');
}

export const jsonText = (results: Results): string => `${JSON.stringify(results, null, 2)}\n`;

const method = `Medians of short rounds in which ours, the floor and the bare floor take turns, with the quartiles in brackets; \`ours − floor\` is the
difference of the rounds of one turn. Where these differences scatter more than their median, the row is \`noisy\` and has no ratio. CPU is
user and system time of the whole process with all its threads, from \`/proc\`; all programs run as compiled JavaScript; the load is a process
of its own on the same machine, over raw sockets. Each round is held against its work: bytes each way, requests, values sent and stored.
The **floor** is a \`node:http(s)\` server with saxes and SQLite that does the same durably, with a writer thread, a signed cookie, an idle
timer and a log line, and without rules, tasks, accounts or API (\`test/bench/servers/floor/\`). The **bare floor** has none of these four.
**GenieACS** 1.2.16 was measured in another run: ms of CPU, its worker + its database in memory. In a run of the worker alone
an Inform took 2.3 ms, one with its default presets 7.0–7.5 ms, one with a model of 1,000 parameters read 22–25 ms.
Ratios travel between machines better than milliseconds do.`;

const IDLE = 5;

/** '' for a machine that did nothing else; otherwise how much it did. */
export const otherwiseBusy = ({ busy }: Circumstances): string =>
  busy < IDLE ? '' : `the machine was not idle: other programs took ${busy} % of its CPUs`;

export function resultsPage({ apart = [], ...all }: Results): string {
  const parts = apart.map(one => `\n## Measured apart\n\n${factsOf(one)}\n\n${markdownTables(one.rows)}\n`);
  return `# Measurements\n\n${factsOf(all)}\n\n${method}\n\n${markdownTables(all.rows)}\n${parts.join('')}`;
}

function factsOf({ failed, ...about }: Omit<Results, 'apart'>): string {
  const others = otherwiseBusy(about);
  const idle = others ? `; ${others}, so the figures are not to be published` : ', otherwise idle';
  const facts = [
    `- ${about.date}, commit \`${about.commit}\``,
    `- ${about.machine}${idle}`,
    `- Node ${about.nodes.join(', ')}`,
    `- \`npm run bench\` with ${about.options}`,
  ];
  const missing = failed.map(({ name, reason }) => `- not measured: \`${name}\` failed: ${reason}`);
  return [...facts, ...missing].join('\n');
}
