// A table of any length: rows of one height, of which only those are drawn that can be seen; head and first column stay in place.
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { density } from '../../state/preferences.ts';
import { GridHead } from './grid-head.tsx';
import type { GridProps } from './grid-props.ts';
import { useRowsInView } from './rows-in-view.ts';

const steps: Readonly<Record<string, (height: number, total: number) => number>> = {
  ArrowDown: () => 1,
  ArrowUp: () => -1,
  PageDown: height => height,
  PageUp: height => -height,
  End: (_height, total) => total,
  Home: (_height, total) => -total,
};

/** A table whose rows take the focus. */
const asGrid = { role: 'grid' } as const;

export function Grid<T>(props: GridProps<T>): JSX.Element {
  const { label, columns, total, itemAt, at, onAt, onSeen, listKey, isBusy = false } = props;
  const { cellAt, onCellAt, onOpen } = props;
  const box = useRef<HTMLElement>(null);
  const view = useRowsInView(box, total, density.value === 'cosy' ? 42 : 34);
  const { from, to, first, end, rowHeight } = view;
  const before = useRef({ at, listKey });
  useEffect(() => onSeen?.(first, Math.max(first, end - 1)), [first, end, total, listKey]);
  useLayoutEffect(() => {
    const isOther = before.current.listKey !== listKey;
    if (isOther && box.current) box.current.scrollTop = 0;
    if (isOther ? at > 0 : before.current.at !== at) view.reveal(at);
    before.current = { at, listKey };
  }, [at, listKey]);
  useLayoutEffect(() => focusRow(box.current, at), [at, from, to]);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || (event.target as Element).closest('thead')) return;
    const step = steps[event.key]?.(Math.max(1, end - first - 1), total);
    const aside = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    const item = itemAt(at);
    if (step !== undefined) onAt(Math.max(0, Math.min(total - 1, at + step)));
    else if (aside !== 0 && onCellAt) onCellAt(Math.max(0, Math.min(columns.length - 1, (cellAt ?? 0) + aside)));
    else if (event.key === 'Enter' && item !== undefined && onOpen) onOpen(item);
    else return;
    event.preventDefault();
  };
  const width = columns.reduce((sum, column) => sum + column.width, 0);
  const rows = Array.from({ length: Math.max(0, Math.min(to, total) - from) }, (_, nth) => from + nth);
  const stop = at >= from && at < to ? at : first;
  return (
    <section
      class="grid-box fill"
      ref={box}
      aria-label={label}
      aria-busy={isBusy}
      onKeyDown={onKeyDown}
      onScroll={event => event.currentTarget.toggleAttribute('data-scrolled', event.currentTarget.scrollLeft > 0)}
    >
      <table
        class="grid stacks even"
        {...asGrid}
        aria-label={label}
        aria-rowcount={total + 1}
        style={{ '--w': `${width}px` }}
      >
        <colgroup>
          {columns.map(({ name, width: wide }) => (
            <col key={name} style={{ width: `${wide}px` }} />
          ))}
        </colgroup>
        <GridHead {...props} />
        <Spacer rows={from} height={rowHeight} span={columns.length} />
        <tbody>
          {rows.map(index => (
            <GridRow key={index} {...props} index={index} isStop={index === stop} />
          ))}
        </tbody>
        <Spacer rows={Math.max(0, total - to)} height={rowHeight} span={columns.length} />
      </table>
    </section>
  );
}

/** The focus goes with the row where it is in the list already, or nowhere. */
function focusRow(box: HTMLElement | null, at: number): void {
  const active = document.activeElement;
  if (!box || !(active === document.body || box.contains(active))) return;
  if (active?.closest('thead')) return;
  const row = box.querySelector<HTMLElement>(`tr[aria-rowindex="${at + 2}"]`);
  if (row && (active !== document.body || at > 0)) row.focus({ preventScroll: true });
}

/** The room of rows that are not drawn. */
const Spacer = ({ rows, height, span }: { rows: number; height: number; span: number }): JSX.Element | null =>
  rows > 0 ? (
    <tbody class="spacer" aria-hidden="true">
      <tr style={{ height: `${rows * height}px` }}>
        <td colSpan={span} style={{ height: `${rows * height}px` }} />
      </tr>
    </tbody>
  ) : null;

function GridRow<T>({
  columns,
  itemAt,
  index,
  at,
  cellAt,
  onAt,
  onCellAt,
  onOpen,
  isGone,
  isNew,
  isStop,
}: GridProps<T> & { index: number; isStop: boolean }): JSX.Element {
  const item = itemAt(index);
  const isAt = index === at;
  const classes = [isAt ? 'at' : '', item !== undefined && isGone?.(item) ? 'gone' : ''].join(' ').trim();
  return (
    <tr
      class={classes}
      aria-rowindex={index + 2}
      aria-selected={isAt}
      tabIndex={isStop ? 0 : -1}
      onFocus={() => onAt(index)}
      onDblClick={() => item !== undefined && onOpen?.(item)}
    >
      {columns.map(({ name, cell, phone, isNumber }, nth) => {
        const Cell = nth === 0 ? 'th' : 'td';
        const isHere = isAt && cellAt === nth;
        const flags = [nth === 0 ? 'pin' : '', phone ?? '', isNumber ? 'num' : '', isHere ? 'here' : ''];
        if (item !== undefined && isNew?.(item, name)) flags.push('flash');
        return (
          <Cell
            key={name}
            class={flags.filter(Boolean).join(' ')}
            {...(nth === 0 ? { scope: 'row' as const } : {})}
            onClick={() => onCellAt?.(nth)}
          >
            {item === undefined ? (
              <span class="skel" style={{ '--v': `${50 + ((index + nth) % 4) * 12}%` }} />
            ) : (
              cell(item)
            )}
          </Cell>
        );
      })}
    </tr>
  );
}
