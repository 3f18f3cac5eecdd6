// A list of records as a table: the first column leads to the record, `j` and `k` go through the rows.
import type { ComponentChildren, JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { useShortcuts } from '../../state/keys.ts';
import { records } from '../../words/en/records.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('records', records);

export interface Column<T> {
  name: string;
  head: string;
  /** The head is for screen readers alone. */
  hidesHead?: boolean;
  cell: (item: T) => ComponentChildren;
  /** Classes of its cells: `num`, `mono`; `p2` to `p4` for its place on a phone, where others are left out. */
  class?: string;
}

export interface RecordsProps<T> {
  label: string;
  /** The first one is the name, and the link. */
  columns: readonly [Column<T>, ...Column<T>[]];
  items: readonly T[];
  keyOf: (item: T) => string;
  /** The address of a record, or of its drawer. */
  hrefOf: (item: T) => string;
  /** The key of the record that is open. */
  at?: string | undefined;
}

export function Records<T>({ label, columns, items, keyOf, hrefOf, at }: RecordsProps<T>): JSX.Element {
  const body = useRef<HTMLTableSectionElement>(null);
  useShortcuts([
    { keys: 'j', label: words().nextRow, run: () => step(body.current, 1) },
    { keys: 'k', label: words().previousRow, run: () => step(body.current, -1) },
  ]);
  const [first, ...others] = columns;
  return (
    <div class="grid-box bare" tabIndex={-1}>
      <table class="grid stacks" aria-label={label}>
        <thead>
          <tr>
            {columns.map(column => (
              <th scope="col" key={column.name} class={`${column === first ? 'pin' : ''} ${headClass(column.class)}`}>
                {column.hidesHead ? <span class="sr">{column.head}</span> : column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {items.map(item => {
            const key = keyOf(item);
            return (
              <tr key={key} class={key === at ? 'at' : ''}>
                <th scope="row" class={`pin ${first.class ?? ''}`}>
                  <a href={hrefOf(item)} {...(key === at ? { 'aria-current': 'true' as const } : {})}>
                    {first.cell(item)}
                  </a>
                </th>
                {others.map(column => (
                  <td key={column.name} class={column.class ?? ''}>
                    {column.cell(item)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

const headClass = (classes = ''): string => (classes.includes('num') ? 'num' : '');

/** Moves the focus to the link of the next row, or the one before. */
function step(body: HTMLElement | null, by: 1 | -1): void {
  const links = [...(body?.querySelectorAll<HTMLElement>('tr > th > a') ?? [])];
  const row = document.activeElement?.closest('tr');
  const at = links.findIndex(link => link.closest('tr') === row);
  links[Math.max(0, Math.min(links.length - 1, at + by))]?.focus();
}
