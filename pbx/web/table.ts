// A table of a page: rows of texts, numbers and markup under headings.
import { clip } from '../../shared/clip.ts';
import { html, type Markup } from './markup.ts';

export type Cell = string | number | boolean | undefined;
export type Row = Readonly<Record<string, Cell>>;

export interface TableHead {
  title: string;
  /** Heading by the field of a row, in their order. */
  columns: Readonly<Record<string, string>>;
}

/** Characters of one cell. */
const MAX_CELL = 200;

/** Columns of times, in UTC as the time of the page: they break between day and hour alone. */
const timeColumns = new Set(['time', 'since']);
/** Columns of addresses, which are short: they break nowhere. */
const wholeColumns = new Set(['remote']);

function cellContent(field: string, value: Cell | Markup): string | Markup {
  if (!timeColumns.has(field) || typeof value !== 'string') return cellText(value);
  const parts = value.split(/[TZ]/, 2).map((part, at) => html`${at > 0 ? ' ' : ''}<span>${part}</span>`);
  return html`<span>${parts}</span>`;
}

function cellText(value: Cell | Markup): string | Markup {
  if (typeof value === 'object') return value;
  if (value === undefined || value === '') return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return clip(String(value), MAX_CELL);
}

/**
 * Roles are written out: a table that is shown as blocks on a narrow screen stays one for a screen reader. A table of names and values
 * has the names as headings of its rows.
 */
export function table({ title, columns }: TableHead, rows: readonly Readonly<Record<string, Cell | Markup>>[]): Markup {
  const names = Object.entries(columns);
  const hasRowHeadings = names.length === 2 && names[1]?.[0] === 'value';
  const cell = (row: (typeof rows)[number], [field, heading]: readonly [string, string], at: number): Markup => {
    const content = cellContent(field, row[field]);
    if (hasRowHeadings && at === 0) return html`<th role="rowheader" scope="row">${content}</th>`;
    const whole = wholeColumns.has(field) ? html` class="whole"` : undefined;
    return html`<td role="cell"${whole} data-label="${heading}">${content}</td>`;
  };
  return html`<div class="scroll" role="region" aria-label="${title}" tabindex="0"><table role="table"><thead role="rowgroup"><tr role="row">${names.map(
    ([, heading]) => html`<th role="columnheader" scope="col">${heading}</th>`,
  )}</tr></thead><tbody role="rowgroup">
${rows.map(row => html`<tr role="row">${names.map((name, at) => cell(row, name, at))}</tr>\n`)}</tbody></table></div>`;
}
