// One press of a button below the settings: the fields that were changed become one change of the configuration, through the
// same door as those of the ACS and of scripts.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import { tableOf } from '../../../shared/model/path.ts';
import type { SetItem } from '../../state/changes.ts';
import {
  type Cell,
  deleteColumn,
  editableCells,
  isShown,
  mayAdd,
  mayDelete,
  newCell,
  rowPaths,
  tableDef,
} from '../render/cells.ts';
import { fieldName } from '../render/field.ts';
import { variableLabel } from '../render/labels.ts';
import type { Part, TablePart } from '../render/part.ts';
import { mayChange, type View } from '../render/view.ts';

export type Outcome =
  | { kind: 'saved'; text: string }
  /** A row came or went, while other fields hold what was typed and is not saved. */
  | { kind: 'typed'; text: string; typed: ReadonlyMap<string, string> }
  | { kind: 'refused'; text: string; typed: ReadonlyMap<string, string>; errors: ReadonlyMap<string, string> };

interface Sent {
  /** By path of the parameter, or of the cell of a new row. */
  typed: Map<string, string>;
  changes: SetItem[];
  /** Paths with changes that are not on the page any more, or not this person's to change. */
  gone: string[];
}

const SAVED = 'The changes have been saved.';

/** Carries out the button `do` of the form; without one, the settings are applied. */
export async function submit(view: View, parts: readonly Part[], fields: URLSearchParams): Promise<Outcome> {
  const sent = readFields(view, parts, fields);
  const [verb = '', what = ''] = split(fields.get('do') ?? 'apply', ':');
  try {
    switch (verb) {
      case 'add':
        return await addRow(view, parts, what, sent);
      case 'delete':
        return await deleteRow(view, parts, what, sent);
      case 'command':
        return await command(view, parts, what, sent);
      default:
        return await apply(view, parts, sent);
    }
  } catch (error) {
    if (!(error instanceof CwmpFault)) throw error;
    return refusal(error, sent, editableCells(view, parts));
  }
}

/** `['add', 'SipEp.Gateway']` */
function split(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** A text area or a text field of another system may send line ends in its own way. */
const asSent = (text: string): string => text.replaceAll('\r\n', '\n');

function readFields(view: View, parts: readonly Part[], fields: URLSearchParams): Sent {
  const cells = new Map(editableCells(view, parts).map(cell => [cell.path, cell]));
  const sent: Sent = { typed: new Map(), changes: [], gone: [] };
  for (const [name, value] of fields) {
    if (!name.startsWith(fieldName.typed)) continue;
    const path = name.slice(fieldName.typed.length);
    const typed = asSent(value);
    sent.typed.set(path, typed);
    if (path.includes('.+.')) continue;
    const cell = cells.get(path);
    if (!isChanged(cell, path, typed, fields)) continue;
    if (cell) sent.changes.push({ name: path, value: typed });
    else sent.gone.push(path);
  }
  return sent;
}

/** A field counts as changed against what the page showed, so that others' changes in the meantime are not undone. */
function isChanged(cell: Cell | undefined, path: string, typed: string, fields: URLSearchParams): boolean {
  const shown = fields.get(fieldName.shown + path);
  if (shown !== null) return asSent(shown) !== typed;
  return cell?.def?.hidden === true ? typed !== '' || fields.has(fieldName.empty + path) : typed !== cell?.value;
}

async function apply(view: View, parts: readonly Part[], sent: Sent): Promise<Outcome> {
  const { typed, changes, gone } = sent;
  const errors = new Map<string, string>();
  for (const part of parts) {
    for (const cell of newCells(view, part)) {
      if (typed.get(cell)) errors.set(cell, 'Press + to add this row, or leave the field empty.');
    }
  }
  if (errors.size > 0) return { kind: 'refused', text: 'Nothing was saved.', typed, errors };
  if (gone.length > 0) {
    const text = `Nothing was saved: ${variableLabel(gone[0] ?? '')} can no longer be changed here.`;
    return { kind: 'refused', text, typed, errors };
  }
  if (changes.length === 0) return { kind: 'saved', text: 'Nothing was changed.' };
  await view.unit.config.set(changes, 'web');
  return { kind: 'saved', text: SAVED };
}

/** Cells of the row with `+`. */
function newCells(view: View, part: Part): string[] {
  if (part.kind !== 'table' || !isShown(view, part) || !mayAdd(view, part)) return [];
  const def = tableDef(view, part);
  return def ? (part.add ?? []).map(key => newCell(def, key)) : [];
}

const tablesOf = (view: View, parts: readonly Part[]): TablePart[] =>
  parts.filter(part => part.kind === 'table').filter(part => isShown(view, part));

async function addRow(view: View, parts: readonly Part[], name: string, sent: Sent): Promise<Outcome> {
  const part = tablesOf(view, parts).find(each => each.table === name && mayAdd(view, each));
  const def = part && tableDef(view, part);
  if (!part || !def) return refuse('This table takes no rows.', sent);
  const keys = (part.add ?? []).map(key => [key, sent.typed.get(newCell(def, key)) ?? ''] as const);
  const given = Object.fromEntries(keys.filter(([, value]) => value !== ''));
  if (keys.length > 0 && Object.keys(given).length === 0) {
    const errors = new Map([[newCell(def, keys[0]?.[0] ?? ''), 'A new row needs this.']]);
    return { kind: 'refused', text: 'Nothing was saved.', typed: sent.typed, errors };
  }
  try {
    await view.unit.config.insert(tableOf(def.path), given, 'web');
  } catch (error) {
    if (!(error instanceof CwmpFault)) throw error;
    const message = error.parameters[0]?.message ?? error.message;
    const errors = new Map([[newCell(def, keys[0]?.[0] ?? ''), message]]);
    return { kind: 'refused', text: 'Nothing was saved.', typed: sent.typed, errors };
  }
  for (const [key] of keys) sent.typed.delete(newCell(def, key));
  return rowsChanged('The row has been added.', sent);
}

async function deleteRow(view: View, parts: readonly Part[], row: string, sent: Sent): Promise<Outcome> {
  const part = tablesOf(view, parts).find(each => mayDelete(view, each) && rowPaths(view, each).includes(row));
  const def = part && tableDef(view, part);
  if (!def) return refuse('This row cannot be deleted.', sent);
  const column = deleteColumn(view, def);
  if (column) await view.unit.config.set([{ name: row + column.name, value: 'Delete' }], 'web');
  else await view.unit.config.remove(row, 'web');
  sent.changes = sent.changes.filter(({ name }) => !name.startsWith(row));
  return rowsChanged('The row has been deleted.', sent);
}

/** Other fields keep what was typed: they are saved by the button below them. */
function rowsChanged(text: string, { typed, changes }: Sent): Outcome {
  return changes.length === 0 ? { kind: 'saved', text } : { kind: 'typed', text, typed };
}

async function command(view: View, parts: readonly Part[], what: string, sent: Sent): Promise<Outcome> {
  const [path, value] = split(what, '=');
  const { config } = view.unit;
  const column = path.slice(path.lastIndexOf('.') + 1);
  const isHere = tablesOf(view, parts).some(
    part =>
      part.columns.some(each => (typeof each === 'string' ? each : each.name) === column) &&
      rowPaths(view, part).some(row => row + column === path),
  );
  const def = isHere ? config.tree.find(path)?.def : undefined;
  if (!def?.rowCommand || !mayChange(view, def.service)) return refuse('There is no such command here.', sent);
  await config.set([{ name: path, value }], 'web');
  return rowsChanged(`${value} has been ordered.`, sent);
}

const refuse = (text: string, { typed }: Sent): Outcome => ({ kind: 'refused', text, typed, errors: new Map() });

/** The messages of a fault at the fields that they are about; others above the page. */
function refusal(fault: CwmpFault, { typed }: Sent, cells: readonly Cell[]): Outcome {
  const here = new Set(cells.map(({ path }) => path));
  const errors = new Map(
    fault.parameters.filter(({ name }) => here.has(name)).map(({ name, message }) => [name, message]),
  );
  const others = fault.parameters.filter(({ name }) => !here.has(name)).map(({ message }) => message);
  const reasons = fault.parameters.length === 0 ? [fault.message] : others;
  return { kind: 'refused', text: ['Nothing was saved.', ...reasons].join(' '), typed, errors };
}
