// A row of values of which one narrows a list; the address keeps it.
import type { JSX } from 'preact';
import { hrefOf, place } from '../../state/location.ts';
import { records } from '../../words/en/records.ts';
import { number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('records', records);

export interface ChipsProps {
  label: string;
  /** The part of the query that has the value. */
  name: string;
  values: readonly { value: string; text: string; count?: number | undefined }[];
}

export function Chips({ label, name, values }: ChipsProps): JSX.Element {
  const { path, query } = place.value;
  const current = query.get(name) ?? '';
  const hrefWith = (value: string): string =>
    hrefOf(path, { ...Object.fromEntries(query), at: undefined, [name]: value });
  return (
    <nav class="chips" aria-label={label}>
      {[{ value: '', text: words().all, count: undefined }, ...values].map(({ value, text, count }) => (
        <a
          class="chip"
          key={value}
          href={hrefWith(value)}
          {...(value === current ? { 'aria-current': 'true' as const } : {})}
        >
          {text}
          {count !== undefined && <b>{number(count)}</b>}
        </a>
      ))}
    </nav>
  );
}
