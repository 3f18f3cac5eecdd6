// The cells behind the parts of a page: each parameter with its value, its label and whether this person may change it.
import type { ObjectDef, ParameterDef } from '../../../shared/model/definitions.ts';
import { tableOf } from '../../../shared/model/path.ts';
import { columnLabel, variableLabel } from './labels.ts';
import { type Field, type FormPart, fieldOf, type Part, type TablePart } from './part.ts';
import { isEditable, mayChange, type View } from './view.ts';

export interface Cell {
  /** Concrete path; '' where the unit has no such parameter. */
  path: string;
  def: ParameterDef | undefined;
  /** As stored; '' for a secret. */
  value: string;
  field: Field;
  label: string;
  /** The name by which scripts know it, or that of its row in a table. */
  of: string;
  isEditable: boolean;
}

export interface Row {
  /** `Device.X_0090F8_SipEp.Gateway.1.` */
  path: string;
  /** The value of its first key. */
  name: string;
  cells: Cell[];
}

function cellAt(view: View, path: string, named: Pick<Cell, 'field' | 'label' | 'of'> & { isFixed: boolean }): Cell {
  const { tree } = view.unit.config;
  const found = path === '' ? undefined : tree.find(path);
  const { isFixed, ...names } = named;
  if (!found) return { path: '', def: undefined, value: '', isEditable: false, ...names };
  const { def } = found;
  const value = def.hidden ? '' : tree.value(path, found);
  return { path, def, value, isEditable: !isFixed && isEditable(view, def), ...names };
}

export function formCells(view: View, part: FormPart): Cell[] {
  return part.fields.map(fieldOf).map(field =>
    cellAt(view, view.unit.config.pathOf(field.name) ?? '', {
      field,
      label: field.label ?? variableLabel(field.name),
      of: field.name,
      isFixed: field.isReadOnly === true,
    }),
  );
}

export const tableDef = (view: View, part: TablePart): ObjectDef | undefined => view.unit.model.table(part.table);

/** Paths of the rows that the part shows. */
export function rowPaths(view: View, part: TablePart): string[] {
  const def = tableDef(view, part);
  const path = def && tableOf(def.path);
  if (path === undefined || !view.unit.config.tree.findObject(path)) return [];
  const rows = view.unit.config.tree.rows(path).map(row => `${path}${row}.`);
  return part.hasRow ? rows.filter(row => part.hasRow?.(view, row)) : rows;
}

export function tableRows(view: View, part: TablePart): Row[] {
  const columns = part.columns.map(fieldOf);
  return rowPaths(view, part).map(path => {
    const name = rowName(view, tableDef(view, part), path);
    const cells = columns.map(field =>
      cellAt(view, path + field.name, {
        field,
        label: headOf(part, field),
        of: name,
        isFixed: part.isReadOnly === true || field.isReadOnly === true,
      }),
    );
    return { path, name, cells };
  });
}

export const headOf = (part: TablePart, field: Field): string => field.label ?? columnLabel(part.table, field.name);

function rowName({ unit }: View, def: ObjectDef | undefined, path: string): string {
  const key = def?.keys[0];
  const found = key === undefined ? undefined : unit.config.tree.find(path + key);
  return (found && unit.config.tree.value(path + key, found)) || (path.split('.').at(-2) ?? '');
}

/** The column by which a row of the table is deleted, where its rows are deleted so. */
export const deleteColumn = ({ unit }: View, def: ObjectDef): ParameterDef | undefined => {
  const column = unit.model.parameters.get(`${def.path}Delete`);
  return column?.rowCommand ? column : undefined;
};

export function mayDelete(view: View, part: TablePart): boolean {
  const def = tableDef(view, part);
  if (!def || !part.hasDelete || !mayChange(view, def.service)) return false;
  return def.writable || deleteColumn(view, def) !== undefined;
}

export function mayAdd(view: View, part: TablePart): boolean {
  const def = tableDef(view, part);
  return def !== undefined && part.add !== undefined && def.writable && !def.fixed && mayChange(view, def.service);
}

export const isShown = (view: View, part: Part): boolean => part.isShown?.(view) ?? true;

/** All cells of the parts that this person may change. */
export function editableCells(view: View, parts: readonly Part[]): Cell[] {
  return parts
    .filter(part => isShown(view, part))
    .flatMap(part => {
      if (part.kind === 'form') return formCells(view, part);
      return part.kind === 'table' ? tableRows(view, part).flatMap(({ cells }) => cells) : [];
    })
    .filter(cell => cell.isEditable);
}

/** Tells whether there is anything to be changed, by definitions alone: values of many rows cost more to read. */
export function hasEditable(view: View, parts: readonly Part[]): boolean {
  const { model, config } = view.unit;
  return parts.some(part => {
    if (!isShown(view, part)) return false;
    if (part.kind === 'form') {
      return part.fields.map(fieldOf).some(({ name, isReadOnly }) => {
        const def = isReadOnly ? undefined : config.tree.find(config.pathOf(name) ?? '')?.def;
        return def !== undefined && isEditable(view, def);
      });
    }
    if (part.kind !== 'table' || part.isReadOnly) return false;
    const row = tableDef(view, part)?.path;
    const columns = part.columns.map(fieldOf).some(({ name, isReadOnly }) => {
      const def = isReadOnly || row === undefined ? undefined : model.parameters.get(row + name);
      return def !== undefined && isEditable(view, def);
    });
    return columns && rowPaths(view, part).length > 0;
  });
}

/** Path of the cell in which the key of a new row is typed: `Device.X_0090F8_SipEp.Gateway.+.Name`. */
export const newCell = (def: ObjectDef, key: string): string => `${tableOf(def.path)}+.${key}`;
