// The table of CWMP rules (requirements.tsv): reading it, finding the tests that it names, and what is wrong with it.
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const root = fileURLToPath(new URL('../..', import.meta.url));

const levels = ['must', 'should', 'may', 'choice'] as const;
export type Level = (typeof levels)[number];

/** One rule. `choice` is a rule of ours where the standard leaves it open or could not be confirmed. */
export interface Requirement {
  /** Line of the table, from 1. */
  line: number;
  id: string;
  clause: string;
  side: string;
  level: string;
  /** The requirement, in our words. */
  text: string;
  /** Full titles of the tests that hold it. */
  tests: string[];
  /** `not built: why`, or a remark. */
  note: string;
}

const columns = ['id', 'clause', 'side', 'level', 'text', 'test', 'note'];

/** @throws Error when the table is no table */
export function readRequirements(
  text = readFileSync(new URL('requirements.tsv', import.meta.url), 'utf8'),
): Requirement[] {
  const [head = '', ...lines] = text.split('\n');
  if (head !== columns.join('\t')) throw new Error(`the columns are not ${columns.join(', ')}`);
  return lines.flatMap((row, at) => {
    if (row === '') return [];
    const cells = row.split('\t');
    if (cells.length !== columns.length) throw new Error(`line ${at + 2} has ${cells.length} cells`);
    const [id = '', clause = '', side = '', level = '', words = '', test = '', note = ''] = cells;
    const tests = test.split(' | ').filter(Boolean);
    return [{ line: at + 2, id, clause, side, level, text: words, tests, note }];
  });
}

/** `3.4.1`, `A.3.2.1`, `3.7.1.5 Table 8`, `Annex G`; of another document with its name in front. */
const clausePattern =
  /^((TR-\d{3}|SOAP 1\.1|RFC \d{3,5}) )?(\d+(\.\d+)*|[A-Z]\.\d+(\.\d+)*|Annex [A-Z]|ManagementServer)( Table \d+)?$/;

const notBuilt = /^not built: \S.{10,}/;
/** A rule that we knowingly leave out, with the reason. */
export const isLeftOut = ({ note }: Requirement): boolean => notBuilt.test(note);

/** True for a test that exists; a test in a suite that is skipped for want of a program counts. */
function exists(title: string, titles: ReadonlySet<string>): boolean {
  if (titles.has(title)) return true;
  for (const known of titles) {
    const at = known.indexOf(' skipped: needs ');
    if (at > 0 && title.startsWith(`${known.slice(0, at)} `)) return true;
  }
  return false;
}

/** Everything that is wrong with the table, in words; empty when each rule is held by a test or left out for a reason. */
export function problemsOf(rows: readonly Requirement[], titles: ReadonlySet<string>): string[] {
  const seen = new Set<string>();
  return rows.flatMap(row => {
    const problems = [...malformed(row), ...unheld(row, titles)];
    if (seen.has(row.id)) problems.push('the id is there twice');
    seen.add(row.id);
    return problems.map(what => `line ${row.line}, ${row.id || 'no id'}: ${what}`);
  });
}

function malformed({ id, clause, side, level, text }: Requirement): string[] {
  return [
    ...(/^[A-Za-z0-9][\w.-]*$/.test(id) ? [] : ['the id is malformed']),
    ...(clausePattern.test(clause) ? [] : [`'${clause}' is no clause`]),
    ...(['ACS', 'CPE', 'both'].includes(side) ? [] : [`'${side}' is no side`]),
    ...((levels as readonly string[]).includes(level) ? [] : [`'${level}' is no level`]),
    ...(text.length < 15 ? ['says nothing'] : []),
  ];
}

function unheld(row: Requirement, titles: ReadonlySet<string>): string[] {
  if (isLeftOut(row)) return row.tests.length > 0 ? ['is left out and has a test'] : [];
  if (row.tests.length === 0) return ['no test holds it, and no reason is given'];
  return row.tests.filter(title => !exists(title, titles)).map(title => `there is no test '${title}'`);
}

export interface Totals {
  rules: number;
  levels: Record<Level, number>;
  covered: number;
  leftOut: number;
}

export function totalsOf(rows: readonly Requirement[]): Totals {
  const count = (level: Level): number => rows.filter(row => row.level === level).length;
  return {
    rules: rows.length,
    levels: { must: count('must'), should: count('should'), may: count('may'), choice: count('choice') },
    covered: rows.filter(row => !isLeftOut(row)).length,
    leftOut: rows.filter(isLeftOut).length,
  };
}

/** The totals as `npm run conformance` prints them: what is left out by name, and each gap. */
export function reportOf(rows: readonly Requirement[], problems: readonly string[]): string {
  const { rules, levels: of, covered, leftOut } = totalsOf(rows);
  return [
    ...rows.filter(isLeftOut).map(row => `${row.id} (${row.clause}, ${row.side}, ${row.level}) ${row.note}`),
    ...problems,
    `${rules} rules: ${of.must} must, ${of.should} should, ${of.may} may, ${of.choice} choice`,
    `${covered} covered, ${leftOut} not built with reason, ${problems.length} gaps`,
  ].join('\n');
}

/** The tests that `npm test` runs. */
const testFiles = (): string[] =>
  readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.test.ts') && !file.startsWith('long'))
    .map(file => join('test', file))
    .sort();

/** Titles of all tests, as mocha itself knows them: it loads every file and runs none. */
export async function allTitles(): Promise<Set<string>> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-titles-'));
  try {
    const output = join(folder, 'titles.json');
    const mocha = fileURLToPath(new URL('../../node_modules/mocha/bin/mocha.js', import.meta.url));
    const options = ['--dry-run', '--reporter', 'json', '--reporter-option', `output=${output}`];
    await promisify(execFile)(process.execPath, [mocha, ...options, ...testFiles()], {
      cwd: root,
      maxBuffer: 64 << 20,
    });
    const { tests } = JSON.parse(readFileSync(output, 'utf8')) as { tests: { fullTitle: string }[] };
    return new Set(tests.map(({ fullTitle }) => fullTitle));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Titles below a suite that is loaded already; undefined unless every test file is in it. */
export function loadedTitles(suite: Mocha.Suite): Set<string> | undefined {
  const titles = new Set<string>();
  const files = new Set<string>();
  suite.eachTest(test => {
    titles.add(test.fullTitle());
    if (test.file) files.add(test.file);
  });
  return testFiles().every(file => files.has(join(root, file))) ? titles : undefined;
}
