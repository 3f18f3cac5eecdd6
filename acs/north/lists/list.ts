// The lists of the API, all alike: a page as JSON, its number of entries, or all pages as CSV.
import { mapInTurns } from '../../../shared/turns.ts';
import type { OperationInput, OperationOutput } from '../operation.ts';
import { iso } from '../views/times.ts';
import { prefersCsv } from './accept.ts';
import { csvLines, type Separator } from './csv-writer.ts';
import { cellOf, fieldsOf, pick } from './fields.ts';

type View = Record<string, unknown>;

/** The part of a list that is asked for. */
export interface ListRequest {
  limit: number;
  cursor?: string;
  /** Names of the fields that are shown; absent: all. */
  fields?: readonly string[];
}

interface ListPage<T> {
  items: readonly T[];
  next?: string | null;
  /** The page has all entries that there are, so that they need not be counted. */
  isWhole?: boolean;
}

export interface Counted {
  total: number;
  /** The number is that of now; else it was counted at `countedAt`, milliseconds. */
  exact: boolean;
  countedAt: number;
}

/** Entries of one kind: how they are found, counted and shown. */
export interface List<T> {
  /** Names the file of its CSV. */
  name: string;
  /** Fields of an entry by which it may be asked for, dotted ones by their first part; throws for one that the caller may not see. */
  isField(name: string): boolean;
  /** The fields that CSV has by default. */
  columns: readonly string[];
  /** Entries of a page; default: 50. */
  limit?: number;
  page(request: ListRequest): Promise<ListPage<T>>;
  /** Absent: the list cannot be counted, and its schema has no `count`. @param known their number, from a page that has all */
  count?(known?: number): Promise<Counted>;
  /** The entry as JSON; with `fields` it may leave out all others, and may have a dotted one by its whole name. */
  view(entry: T, fields?: readonly string[]): View;
}

const DEFAULT_LIMIT = 50;
/** Entries that are read at a time for CSV. */
const CSV_PAGE = 250;
/** Views that are made without a break: about a millisecond. */
const VIEWS = 64;

interface ListInput {
  limit?: number;
  cursor?: string;
  fields?: string;
  count?: boolean;
  format?: 'json' | 'csv';
  separator?: Separator;
}

/** Answers as the query and the `Accept` header ask. @throws UserError 400 `bad-field`; what the list throws */
export async function answerList<T>(input: OperationInput, list: List<T>): Promise<OperationOutput> {
  const query = input.query as ListInput;
  const fields = query.fields === undefined ? undefined : fieldsOf(query.fields, list.isField);
  const isCsv = query.format === undefined ? prefersCsv(input.accept) : query.format === 'csv';
  const request = { ...(query.cursor === undefined ? {} : { cursor: query.cursor }), ...(fields ? { fields } : {}) };
  if (input.isHead) return await head(list, isCsv);
  if (isCsv) return await csv(list, request, query);
  const { items, next, isWhole } = await list.page({ ...request, limit: query.limit ?? list.limit ?? DEFAULT_LIMIT });
  const views = await mapInTurns(items, VIEWS, item => shown(list, item, fields));
  const counted = query.count ? await list.count?.(isWhole ? items.length : undefined) : undefined;
  return {
    body: { items: views, next: next ?? null, ...(counted ? countView(counted) : {}) },
    headers: { vary: 'accept', ...(counted ? countHeaders(counted) : {}) },
  };
}

const shown = <T>(list: List<T>, item: T, fields: readonly string[] | undefined): View => {
  const view = list.view(item, fields);
  return fields ? Object.fromEntries(fields.map(name => [name, pick(view, name) ?? null])) : view;
};

const countView = ({ countedAt, ...counted }: Counted): View => ({
  ...counted,
  countedAt: iso(countedAt),
});

const countHeaders = ({ total, exact }: Counted): Record<string, string> => ({
  'x-total-count': String(total),
  'x-total-exact': String(exact),
});

/** The number alone. */
async function head<T>(list: List<T>, isCsv: boolean): Promise<OperationOutput> {
  const counted = await list.count?.();
  const type = isCsv ? CSV_TYPE : 'application/json; charset=utf-8';
  const headers = { 'content-type': type, vary: 'accept', ...(counted ? countHeaders(counted) : {}) };
  return { bytes: nothing(), headers };
}

async function* nothing(): AsyncGenerator<Buffer> {}

const CSV_TYPE = 'text/csv; charset=utf-8';

/** Reads the first page at once, so that a refusal is an answer of its own; the others as they are sent. */
async function csv<T>(
  list: List<T>,
  request: Omit<ListRequest, 'limit'>,
  { limit = Number.POSITIVE_INFINITY, separator = ',' }: ListInput,
): Promise<OperationOutput> {
  const columns = request.fields ?? list.columns;
  const asked = { ...request, fields: columns };
  const first = await list.page({ ...asked, limit: Math.min(limit, CSV_PAGE) });
  const rows = async function* (): AsyncGenerator<unknown[][]> {
    let left = limit;
    for (let page = first; ; ) {
      yield await mapInTurns(page.items, VIEWS, item => {
        const view = list.view(item, columns);
        return columns.map(name => cellOf(pick(view, name)));
      });
      left -= page.items.length;
      if (left <= 0 || page.next === undefined || page.next === null) return;
      page = await list.page({ ...asked, limit: Math.min(left, CSV_PAGE), cursor: page.next });
    }
  };
  return { bytes: csvLines(columns, rows(), separator), headers: csvHeaders(list.name) };
}

export const csvHeaders = (name: string): Record<string, string> => ({
  'content-type': CSV_TYPE,
  'content-disposition': `attachment; filename="${name}.csv"`,
  vary: 'accept',
});
