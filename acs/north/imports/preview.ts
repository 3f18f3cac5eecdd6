// The preview of an import: what it would change, and what is wrong with it; nothing is stored.
import { UserError } from '../../errors.ts';
import { changeOf } from '../audit-change.ts';
import { ownText } from '../csv.ts';
import type { DeviceLine } from './device-csv.ts';

/** Wrong lines, and changes, that are told. */
const MOST_WRONG = 1000;
const MOST_SAMPLES = 20;
/** Devices that are known again in a later line: those of longer imports beyond these are not. */
const MOST_SEEN = 200_000;
/** Lines that are looked at together. */
const AT_ONCE = 64;

type View = Record<string, unknown>;

/** A device as it is, absent for one that is not there, and as it would be. */
export interface Preview {
  id: string;
  before?: View;
  after: View;
  /** Beyond what a view shows. */
  isChanged?: boolean;
}

export interface ImportReport {
  dryRun: true;
  new: number;
  changed: number;
  same: number;
  wrong: { line: number; why: string }[];
  /** Of wrong ones those beyond `wrong`. */
  moreWrong: number;
  sample: { line: number; id: string; before: View; after: View }[];
}

/** @param preview of one device @throws UserError for one that would be refused */
export async function previewOf(
  lines: AsyncIterable<DeviceLine>,
  preview: (line: DeviceLine) => Promise<Preview>,
): Promise<ImportReport> {
  const report: ImportReport = { dryRun: true, new: 0, changed: 0, same: 0, wrong: [], moreWrong: 0, sample: [] };
  const seen = new Map<string, number>();
  const one = async (line: DeviceLine): Promise<void> => {
    try {
      const found = await preview(line);
      const first = seen.get(found.id);
      if (first !== undefined) throw new UserError(400, 'bad-csv', `${found.id} is in line ${first} already`);
      if (seen.size < MOST_SEEN) seen.set(ownText(found.id), line.line);
      note(report, line.line, found);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      if (report.wrong.length < MOST_WRONG) report.wrong.push({ line: line.line, why: error.message });
      else report.moreWrong++;
    }
  };
  for await (const group of groupsOf(lines, AT_ONCE)) await Promise.all(group.map(one));
  report.wrong.sort((a, b) => a.line - b.line);
  report.sample.sort((a, b) => a.line - b.line);
  return report;
}

/** The items in groups of at most `most`. */
export async function* groupsOf<T>(items: AsyncIterable<T>, most: number): AsyncGenerator<T[]> {
  let group: T[] = [];
  for await (const item of items) {
    group.push(item);
    if (group.length < most) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

function note(report: ImportReport, line: number, { id, before, after, isChanged }: Preview): void {
  const change = changeOf(before, after);
  const differs = isChanged === true || Object.keys(change).length > 0;
  if (!before) report.new++;
  else if (differs) report.changed++;
  else report.same++;
  if (differs && report.sample.length < MOST_SAMPLES)
    report.sample.push({ line, id, before: change.before ?? {}, after: change.after ?? {} });
}
