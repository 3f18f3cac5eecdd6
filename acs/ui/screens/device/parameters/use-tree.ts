// The shown part of the tree: the search, the kinds of values, the open branches, the active row.
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Parameter } from '../../../api/device/parameters.ts';
import type { Device } from '../../../api/shapes.ts';
import { place, setQuery } from '../../../state/location.ts';
import { type Shape, type Show, shows } from './bar.tsx';
import { itemOf } from './changes.ts';
import { flatRows, isFound, modelPath, type Row, rowsOf, treeOf, wayTo, wordsOf } from './tree.ts';
import { useFound, type Values } from './use-values.ts';

export interface TreeState {
  find: string;
  words: readonly string[];
  show: Show;
  shape: Shape;
  setShape: (shape: Shape) => void;
  rows: readonly Row[];
  /** Values that are found. */
  found: number;
  counts: Partial<Record<Show, number>>;
  active: string | undefined;
  activate: (path: string | undefined) => void;
  turn: (path: string) => void;
  /** Opens the way to a path and makes it the active row. */
  reveal: (path: string) => void;
}

/** The judgement of each kind of values. */
function kindsOf(values: Values, { drift }: Pick<Device, 'drift'>): Record<Show, (known: Parameter) => boolean> {
  const changed = new Set(drift.map(({ path }) => path));
  return {
    all: () => true,
    writable: ({ path, writable }) => writable ?? values.models.get(modelPath(path))?.writable === true,
    wanted: ({ decidedBy }) => decidedBy !== undefined,
    changed: ({ path }) => changed.has(path),
    notFactory: ({ path, value, time }) => {
      const factory = values.models.get(modelPath(path))?.factory;
      return time !== '' && factory !== undefined && value !== factory;
    },
  };
}

export function useTree(device: Device, values: Values): TreeState {
  const { query } = place.value;
  const find = query.get('find') ?? '';
  const show = shows.find(each => each === query.get('show')) ?? 'all';
  const [shape, setShape] = useState<Shape>('tree');
  const asked = query.get('path') ?? undefined;
  const [active, activate] = useState(asked);
  const [open, setOpen] = useState<ReadonlySet<string>>(() => new Set(asked === undefined ? [] : wayTo(asked)));
  /** Branches that were closed while all that is found is open. */
  const [shut, setShut] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => setShut(new Set()), [find, show]);
  const words = useMemo(() => wordsOf(find), [find]);
  const served = useFound(device.id, find, values.list.length);
  const kinds = useMemo(() => kindsOf(values, device), [values.list, values.models, device.drift]);
  const counts = useMemo(
    () => Object.fromEntries(shows.map(each => [each, values.list.filter(kinds[each]).length])),
    [kinds],
  );
  const list = useMemo(
    () =>
      values.list.filter(known => {
        if (!kinds[show](known)) return false;
        if (words.length === 0) return true;
        const item = itemOf(values.models, known.path);
        return (served?.has(known.path) ?? true) && isFound(known, words, item);
      }),
    [kinds, show, words, served],
  );
  const isPart = words.length > 0 || show !== 'all';
  const tables = useMemo(
    () => (show === 'all' ? values.emptyTables.filter(path => isFound({ path, value: '' }, words, {})) : []),
    [show, words, values.emptyTables],
  );
  const tree = useMemo(() => treeOf(list, tables), [list, tables]);
  const rows = useMemo(
    () => (shape === 'flat' ? flatRows(list) : rowsOf(tree, path => (isPart ? !shut.has(path) : open.has(path)))),
    [shape, list, tree, isPart, shut, open],
  );
  const turn = (path: string): void => {
    const flip = (set: ReadonlySet<string>): ReadonlySet<string> => {
      const turned = new Set(set);
      if (!turned.delete(path)) turned.add(path);
      return turned;
    };
    if (isPart) setShut(flip);
    else setOpen(flip);
  };
  const reveal = (path: string): void => {
    setOpen(set => new Set([...set, ...wayTo(path)]));
    activate(path);
    setQuery({ find: undefined, show: undefined });
  };
  return { find, words, show, shape, setShape, rows, found: list.length, counts, active, activate, turn, reveal };
}
