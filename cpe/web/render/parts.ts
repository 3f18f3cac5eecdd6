// Parts of a page as HTML.

import type { ParameterDef } from '../../../shared/model/definitions.ts';
import {
  type Cell,
  formCells,
  headOf,
  isShown,
  mayAdd,
  mayDelete,
  newCell,
  type Row,
  rowPaths,
  tableDef,
  tableRows,
} from './cells.ts';
import { cellContent, doButton, fieldName, SETTINGS, tip } from './field.ts';
import { html, type Markup, none } from './markup.ts';
import { type FactsPart, type FormPart, fieldOf, type Part, type TablePart } from './part.ts';
import { addressOf, type View } from './view.ts';

/** Rows of a table that are drawn; the rest is counted. */
const MAX_ROWS = 200;

/** The effect of a variable in words. */
const markOf = ({ writable, needsRestart, effect }: ParameterDef): string =>
  [effect ?? (writable ? '' : 'status'), writable && needsRestart ? 'after a restart of the service' : '']
    .filter(text => text !== '')
    .join(', ');

export function renderPart(view: View, part: Part): Markup {
  if (!isShown(view, part)) return none;
  const note = part.note?.(view);
  return html`<section><h2>${part.heading}</h2>${note !== undefined && html`<p class="note">${note}</p>`}${content(view, part)}</section>`;
}

function content(view: View, part: Part): Markup {
  switch (part.kind) {
    case 'form':
      return renderForm(view, part);
    case 'table':
      return renderTable(view, part);
    case 'facts':
      return renderFacts(part, view);
    case 'custom':
      return part.render(view);
  }
}

/** A table that scrolls by itself where the window is narrow. */
const scrolling = (heading: string, head: readonly string[], rows: readonly Markup[], kind = ''): Markup =>
  html`<div class="scroll" role="region" tabindex="0" aria-label="${heading}"><table${kind !== '' && html` class="${kind}"`}><tr>${head.map(text => html`<th>${text}</th>`)}</tr>${rows}</table></div>`;

function renderForm(view: View, part: FormPart): Markup {
  const rows = formCells(view, part).map(cell => formRow(view, cell, part.hasMarks));
  return scrolling(
    part.heading,
    ['Setting', 'Variable', 'Value', ...(part.hasMarks ? ['Effect'] : [])],
    rows,
    'settings',
  );
}

function formRow(view: View, cell: Cell, hasMark = false): Markup {
  const { path, label, def, field, isEditable } = cell;
  const name = isEditable
    ? html`<label for="${path}">${label}</label>`
    : view.hasHelp && def?.description !== undefined
      ? html`<span class="helped" tabindex="0">${label}${tip(view, path, def.description)}</span>`
      : html`${label}`;
  return html`<tr><td>${name}</td><td>${field.name}</td><td>${cellContent(view, cell)}</td>${hasMark && html`<td class="mark">${def && markOf(def)}</td>`}</tr>`;
}

function renderTable(view: View, part: TablePart): Markup {
  const columns = part.columns.map(fieldOf);
  const hasDelete = mayDelete(view, part);
  const hasAdd = mayAdd(view, part);
  const all = rowPaths(view, part).length;
  const rows = tableRows(view, part).slice(0, MAX_ROWS);
  if (rows.length === 0 && !hasAdd) return html`<p>None.</p>`;
  const head = columns.map(field => headOf(part, field));
  const lines = rows.map(row => tableRow(view, row, hasDelete));
  const more = all > rows.length ? html`<p>${all - rows.length} more rows are not shown.</p>` : none;
  return html`${scrolling(
    part.heading,
    [...head, ...(hasDelete || hasAdd ? ['Action'] : [])],
    [
      ...lines,
      ...(hasAdd
        ? [
            newRow(
              view,
              part,
              columns.map(({ name }) => name),
            ),
          ]
        : []),
    ],
  )}${more}`;
}

function tableRow(view: View, row: Row, hasDelete: boolean): Markup {
  const cells = row.cells.map(cell => html`<td>${cellContent(view, cell, `${cell.label} ${row.name}`)}</td>`);
  const last = hasDelete ? html`<td>${doButton(`delete:${row.path}`, '-', `Delete ${row.name}`)}</td>` : none;
  return html`<tr>${cells}${last}</tr>`;
}

/** The last row: the keys of a new one, and `+`. */
function newRow(view: View, part: TablePart, columns: readonly string[]): Markup {
  const def = tableDef(view, part);
  if (!def) return none;
  const keys = part.add ?? [];
  const shown = [...columns, ...keys.filter(key => !columns.includes(key))];
  const cells = shown.map(column =>
    keys.includes(column) ? newField(view, part, newCell(def, column), column) : html`<td></td>`,
  );
  return html`<tr class="new">${cells}<td>${doButton(`add:${part.table}`, '+', `Add a row to ${part.heading}`)}</td></tr>`;
}

function newField(view: View, part: TablePart, path: string, column: string): Markup {
  const problem = view.errors.get(path);
  return html`<td><input type="text" id="${path}" name="${fieldName.typed}${path}" form="${SETTINGS}" aria-label="${headOf(part, { name: column })}" value="${view.typed.get(path) ?? ''}" autocomplete="off" spellcheck="false"${
    problem !== undefined && html` aria-invalid="true" aria-describedby="wrong-${path}"`
  }>${problem !== undefined && html`<span class="wrong" id="wrong-${path}">${problem}</span>`}</td>`;
}

function renderFacts(part: FactsPart, view: View): Markup {
  return factsTable(part.heading, part.head, part.facts(view));
}

/** A table of texts, for custom parts too. */
export function factsTable(
  heading: string,
  head: readonly string[],
  rows: readonly (readonly (string | Markup)[])[],
): Markup {
  if (rows.length === 0) return html`<p>None.</p>`;
  return scrolling(
    heading,
    head,
    rows.map(row => html`<tr>${row.map(text => html`<td>${text}</td>`)}</tr>`),
  );
}

/** A form of a custom part, which the action of that name answers. Its content has the fields and the button. */
export function actionForm(view: View, action: string, content: Markup, isUpload = false): Markup {
  return html`<form method="post" action="${addressOf(view)}"${isUpload && html` enctype="multipart/form-data"`}><input type="hidden" name="token" value="${view.token}"><input type="hidden" name="action" value="${action}">${content}</form>`;
}
