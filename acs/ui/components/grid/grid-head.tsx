// The head of a grid: sorts, and moves columns by drag or by Alt with the arrow keys.
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { Icon } from '../icon.tsx';
import type { GridColumn, GridProps } from './grid-props.ts';

type HeadProps<T> = Pick<GridProps<T>, 'columns' | 'sort' | 'onSort' | 'onMoveColumn'>;

export function GridHead<T>({ columns, sort = '', onSort, onMoveColumn }: HeadProps<T>): JSX.Element {
  const dragged = useRef<number | undefined>(undefined);
  const drop = (to: number): void => {
    const from = dragged.current;
    dragged.current = undefined;
    const column = from === undefined ? undefined : columns[from];
    if (column && from !== undefined && from !== to) onMoveColumn?.(column.name, to - from);
  };
  return (
    <thead>
      <tr aria-rowindex={1}>
        {columns.map((column, nth) => (
          <th
            key={column.name}
            scope="col"
            class={`${nth === 0 ? 'pin' : ''} ${column.isNumber ? 'num' : ''}`.trim()}
            title={column.title}
            draggable={onMoveColumn !== undefined && nth > 0}
            onDragStart={() => {
              dragged.current = nth;
            }}
            onDragOver={event => {
              if (dragged.current !== undefined && nth > 0) event.preventDefault();
            }}
            onDrop={() => drop(nth)}
            {...sorted(column, sort)}
          >
            <HeadButton {...{ column, sort }} onSort={onSort} onMove={nth > 0 ? onMoveColumn : undefined} />
          </th>
        ))}
      </tr>
    </thead>
  );
}

function HeadButton<T>({
  column: { name, title, isSortable = false },
  sort,
  onSort,
  onMove,
}: {
  column: GridColumn<T>;
  sort: string;
  onSort: ((name: string) => void) | undefined;
  onMove: ((name: string, by: number) => void) | undefined;
}): JSX.Element {
  if (!isSortable) return <>{title}</>;
  return (
    <button
      type="button"
      onClick={() => onSort?.(sort === name ? `-${name}` : name)}
      onKeyDown={event => {
        const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
        if (!event.altKey || by === 0 || !onMove) return;
        event.preventDefault();
        event.stopPropagation();
        onMove(name, by);
      }}
    >
      {title}
      {sort === name && <Icon name="up" />}
      {sort === `-${name}` && <Icon name="down" />}
    </button>
  );
}

/** Only the column that sorts says so. */
const sorted = <T,>({ name }: GridColumn<T>, sort: string): { 'aria-sort'?: 'ascending' | 'descending' } =>
  sort === name ? { 'aria-sort': 'ascending' } : sort === `-${name}` ? { 'aria-sort': 'descending' } : {};
