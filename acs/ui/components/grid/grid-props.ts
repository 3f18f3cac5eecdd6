// The columns and properties of a grid.
import type { ComponentChildren } from 'preact';

export interface GridColumn<T> {
  /** Unique among the columns; `sort` and `onSort` use it. */
  name: string;
  title: string;
  /** In pixels; the columns share what is left. */
  width: number;
  isNumber?: boolean;
  isSortable?: boolean;
  /** The place in a row of two lines, on a phone: right above, left below, right below. Others are hidden there. */
  phone?: 'p2' | 'p3' | 'p4';
  cell: (item: T) => ComponentChildren;
}

export interface GridProps<T> {
  label: string;
  /** The first one stays in place, and is the head of its row. */
  columns: readonly GridColumn<T>[];
  total: number;
  /** Undefined for a row that is not loaded yet. */
  itemAt: (index: number) => T | undefined;
  /** The name of a column, with `-` in front for descending. */
  sort?: string | undefined;
  onSort?: (name: string) => void;
  /** @param by places, to the right */
  onMoveColumn?: (name: string, by: number) => void;
  /** The row with the focus of the list, and its cell. */
  at: number;
  cellAt?: number;
  onAt: (index: number) => void;
  onCellAt?: (cell: number) => void;
  onOpen?: (item: T) => void;
  /** Called with the first row that can be seen, and the last, both counted from 0. */
  onSeen?: (first: number, last: number) => void;
  /** A row that is shown as gone. */
  isGone?: (item: T) => boolean;
  /** A cell whose value has just changed. */
  isNew?: (item: T, column: string) => boolean;
  isBusy?: boolean;
  /** Another list: it is shown from its begin. */
  listKey?: string | undefined;
}
