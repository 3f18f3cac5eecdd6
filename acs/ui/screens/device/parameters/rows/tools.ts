// The view that rows of the tree of parameters have of the whole, and their requests to it.
import type { ModelItem } from '../../../../api/device/parameters.ts';
import type { Change } from '../changes.ts';
import type { Row } from '../tree.ts';

export interface TreeTools {
  /** The words of the search, to be marked. */
  words: readonly string[];
  /** The row that has the focus when the tree gets it. */
  active: string | undefined;
  /** The path whose editor has the focus. */
  editing: string | undefined;
  changes: ReadonlyMap<string, Change>;
  edges: readonly number[];
  heights: readonly number[];
  itemOf: (path: string, type?: string) => Partial<ModelItem>;
  isReadOnly: (path: string) => boolean;
  isEdited: (path: string) => boolean;
  /** The value is another than what is wanted. */
  differs: (path: string) => boolean;
  /** A fault keeps the device from the value. */
  isKept: (path: string, preset: string) => boolean;
  activate: (path: string) => void;
  /** Opens or closes a branch. */
  turn: (path: string) => void;
  click: (row: Row, event: MouseEvent) => void;
  key: (row: Row, index: number, event: KeyboardEvent) => void;
  input: (path: string, value: string) => void;
  enterEdit: (path: string) => void;
  leaveEdit: (path: string) => void;
  endEdit: (path: string, keeps: boolean) => void;
}

/** Roles of a tree in columns: no element of HTML has them by itself. */
export const roles = {
  tree: { role: 'treegrid' },
  group: { role: 'rowgroup' },
  row: { role: 'row' },
  head: { role: 'columnheader' },
  cell: { role: 'gridcell' },
} as const;
