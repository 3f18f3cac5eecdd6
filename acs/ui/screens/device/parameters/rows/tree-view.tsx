// The tree of parameters on the screen: only what is in sight is drawn. Arrow keys move, open and close; Enter edits.
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { parameters } from '../../../../words/en/device/parameters.ts';
import { textsOf } from '../../../../words/texts.ts';
import type { Row } from '../tree.ts';
import { BranchLine, LeafLine } from './leaf.tsx';
import { roles, type TreeTools } from './tools.ts';
import { reveal, useSight } from './virtual.ts';

const words = textsOf('deviceParameters', parameters);
/** Rows that Page Up and Page Down pass. */
const PAGE = 12;
const HEAD = 32;

const headRole = { ...roles.row, 'aria-rowindex': 1 };
const treeRole = (count: number) => ({
  ...roles.tree,
  ...{ 'aria-label': words().label, 'aria-rowcount': count + 1, 'aria-colcount': Object.keys(words().heads).length },
});

export type GivenTools = Omit<TreeTools, 'edges' | 'heights' | 'key' | 'click'>;

export interface TreeViewProps {
  rows: readonly Row[];
  tools: GivenTools;
  beginEdit: (path: string) => void;
}

/** The height of a row, as the design system has it for this screen and density. */
function useRowHeight(): { height: number; isNarrow: boolean } {
  const [size, setSize] = useState({ height: 34, isNarrow: false });
  useEffect(() => {
    const narrow = matchMedia('(max-width: 680px)');
    const look = (): void => {
      const height = Number.parseInt(getComputedStyle(document.documentElement).getPropertyValue('--row'), 10);
      setSize({ height: Number.isNaN(height) ? 34 : height, isNarrow: narrow.matches });
    };
    look();
    narrow.addEventListener('change', look);
    const density = new MutationObserver(look);
    density.observe(document.documentElement, { attributeFilter: ['data-density'] });
    return () => {
      narrow.removeEventListener('change', look);
      density.disconnect();
    };
  }, []);
  return size;
}

/** Lines of a value on a narrow screen, beside its name. */
function narrowLines(row: Row, tools: GivenTools): number {
  if (row.kind === 'branch') return 0;
  if (tools.isEdited(row.path)) return 3;
  return row.known.decidedBy === undefined ? 1 : 2;
}

const LINE = 24;

export function TreeView({ rows, tools: given, beginEdit }: TreeViewProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const { height, isNarrow } = useRowHeight();
  const heights = useMemo(
    () => rows.map(row => height + (isNarrow ? narrowLines(row, given) * LINE : 0)),
    [rows, height, isNarrow, given.editing, given.changes],
  );
  const { from, to, edges } = useSight(box, heights);
  const activeIndex = rows.findIndex(({ path }) => path === given.active);
  /** The focus goes to the active row once it is drawn. */
  const wantsFocus = useRef(false);
  const moveTo = (index: number): void => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
    if (!row) return;
    wantsFocus.current = true;
    given.activate(row.path);
  };
  useLayoutEffect(() => {
    if (activeIndex >= 0) reveal(box.current, edges, activeIndex, HEAD);
  }, [given.active]);
  useLayoutEffect(() => {
    if (!wantsFocus.current) return;
    wantsFocus.current = false;
    rowElement(box.current, given.active)?.focus({ preventScroll: true });
  });
  const tools: TreeTools = {
    ...{ ...given, edges, heights },
    endEdit: (path, keeps) => {
      wantsFocus.current = true;
      given.endEdit(path, keeps);
    },
    click: (row, event) => {
      if (event.target instanceof Element && event.target.closest('a, input, select, button, label')) return;
      given.activate(row.path);
      if (row.kind === 'branch') given.turn(row.path);
      else if (event.target instanceof Element && event.target.closest('.val')) beginEdit(row.path);
    },
    key: (row, index, event) => onRowKey({ rows, row, index, event, given, moveTo, beginEdit }),
  };
  const shown = rows.slice(from, to).map((row, at) => ({ row, index: from + at }));
  const active = rows[activeIndex];
  if (active && (activeIndex < from || activeIndex >= to)) shown.push({ row: active, index: activeIndex });
  return (
    <div class="tree-box" ref={box}>
      <div class="tree" {...treeRole(rows.length)}>
        <div class="leaf heads" {...headRole}>
          {Object.entries(words().heads).map(([name, text]) => (
            <span {...roles.head} key={name}>
              {text}
            </span>
          ))}
        </div>
        <div class="virtual" {...roles.group} style={{ '--total': `${edges.at(-1) ?? 0}px` }}>
          {shown.map(({ row, index }) =>
            row.kind === 'branch' ? (
              <BranchLine key={row.path} row={row} index={index} tools={tools} />
            ) : (
              <LeafLine key={row.path} row={row} index={index} tools={tools} />
            ),
          )}
        </div>
      </div>
    </div>
  );
}

const rowElement = (box: HTMLElement | null, path: string | undefined): HTMLElement | undefined =>
  path === undefined
    ? undefined
    : [...(box?.querySelectorAll<HTMLElement>('[data-path]') ?? [])].find(row => row.dataset.path === path);

interface RowKey {
  rows: readonly Row[];
  row: Row;
  index: number;
  event: KeyboardEvent;
  given: GivenTools;
  moveTo: (index: number) => void;
  beginEdit: (path: string) => void;
}

/** Keys of a row that has the focus itself; those in its editor belong to the editor. */
function onRowKey({ rows, row, index, event, given, moveTo, beginEdit }: RowKey): void {
  if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
  const to = {
    ...{ ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: rows.length - 1 },
    ...{ PageDown: index + PAGE, PageUp: index - PAGE },
  }[event.key];
  if (to !== undefined) moveTo(to);
  else if (event.key === 'ArrowRight') openOrEnter({ row, index, given, moveTo });
  else if (event.key === 'ArrowLeft') closeOrLeave({ rows, row, index, given, moveTo });
  else if (event.key === 'Enter' && row.kind === 'branch') given.turn(row.path);
  else if (event.key === 'Enter') beginEdit(row.path);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function openOrEnter({ row, index, given, moveTo }: Pick<RowKey, 'row' | 'index' | 'given' | 'moveTo'>): void {
  if (row.kind !== 'branch') return;
  if (row.isOpen) moveTo(index + 1);
  else given.turn(row.path);
}

/** The branch that a row is in comes before it, one level up. */
function closeOrLeave({ rows, row, index, given, moveTo }: Omit<RowKey, 'event' | 'beginEdit'>): void {
  if (row.kind === 'branch' && row.isOpen) given.turn(row.path);
  else {
    const above = rows.slice(0, index).findLastIndex(({ depth }) => depth < row.depth);
    if (above >= 0) moveTo(above);
  }
}
