// The table of docs/capacity.md: how many devices one core serves, each figure from a measured row.
import { type Row, rounded } from './figures.ts';
import { otherwiseBusy, type Results } from './render.ts';

/** The ways in which devices come, by the key that their rows carry. */
const ways: Readonly<Record<string, string>> = {
  clear: 'in clear, no login',
  digest: 'in clear, digest with a nonce at hand',
  challenged: 'in clear, digest with a 401 round',
  'rsa-new': 'TLS 1.2, RSA-2048, new',
  'rsa-resumed': 'TLS 1.2, RSA-2048, resumed',
  'ec12-new': 'TLS 1.2, EC P-256, new',
  'ec12-resumed': 'TLS 1.2, EC P-256, resumed',
  'ec-new': 'TLS 1.3, EC P-256, new',
  'ec-resumed': 'TLS 1.3, EC P-256, resumed',
};

const intervals: readonly [text: string, seconds: number][] = [
  ['300 s', 300],
  ['1 h', 3600],
  ['24 h', 86_400],
];

/** The share of a core that is planned with; the rest is for storms, tasks and what else the machine does. */
const PLANNED = 0.7;

const FROM = '<!-- table of npm run bench -->';
const TO = '<!-- end of the table -->';

/** Devices that Inform once an interval and share one core, two significant digits. */
export function devicesACore(milliseconds: number, seconds: number): number {
  const exact = (PLANNED * seconds * 1000) / milliseconds;
  return Number(Math.floor(exact).toPrecision(2));
}

const count = (value: number): string => value.toLocaleString('en-GB');

function lineOf(row: Row): string {
  const cells = intervals.map(([, seconds]) => count(devicesACore(row.ours, seconds)));
  const [low, high] = row.spread.ours;
  return `| ${ways[row.capacity ?? '']} | ${rounded(row.ours)} ms (${low}–${high}) | ${cells.join(' | ')} |`;
}

export function capacityTable(results: Results): string {
  const { rows, date, commit, machine, nodes } = results;
  const known = Object.keys(ways).flatMap(key => rows.filter(({ capacity }) => capacity === key));
  const head = ['session', 'CPU of a session', ...intervals.map(([text]) => `one each ${text}`)];
  const others = otherwiseBusy(results);
  return [
    `Devices a core, of ${date}, commit \`${commit}\`, ${machine}, Node ${nodes[0] ?? ''}${others ? `; ${others}` : ''}.`,
    '',
    `| ${head.join(' | ')} |`,
    `| ${head.map(() => '---').join(' | ')} |`,
    ...known.map(lineOf),
  ].join('\n');
}

/** The page with the table of these results in the place of its old one. @throws Error for a page without a place */
export function withCapacity(page: string, results: Results): string {
  const [from, to] = [page.indexOf(FROM), page.indexOf(TO)];
  if (from < 0 || to < from) throw new Error('the page has no place for the table');
  return `${page.slice(0, from)}${FROM}\n${capacityTable(results)}\n${page.slice(to)}`;
}
