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

function cellText(value: Cell | Markup): string | Markup {
  if (typeof value === 'object') return value;
  if (value === undefined || value === '') return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return clip(String(value), MAX_CELL);
}

/** Roles are written out: a table that is shown as blocks on a narrow screen stays one for a screen reader. */
export function table({ title, columns }: TableHead, rows: readonly Readonly<Record<string, Cell | Markup>>[]): Markup {
  const names = Object.entries(columns);
  return html`<div class="scroll" role="region" aria-label="${title}" tabindex="0"><table role="table"><thead role="rowgroup"><tr role="row">${names.map(
    ([, heading]) => html`<th role="columnheader" scope="col">${heading}</th>`,
  )}</tr></thead><tbody role="rowgroup">
${rows.map(
  row =>
    html`<tr role="row">${names.map(([field, heading]) => html`<td role="cell" data-label="${heading}">${cellText(row[field])}</td>`)}</tr>\n`,
)}</tbody></table></div>`;
}
