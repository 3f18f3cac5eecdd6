// The question in the address: which devices, grouped by what, which kind, which group is open.
import { bothFilters } from '../../api/faults.ts';
import { filterOf } from '../../state/filter-text.ts';
import { place, setQuery } from '../../state/location.ts';

export const kinds = ['all', 'today', 'drift', 'muted'] as const;
export type Kind = (typeof kinds)[number];

/** Filters over faults. */
export const kindFilters: Readonly<Record<Kind, string | undefined>> = {
  all: undefined,
  today: 'fault.since >= now - 24h',
  drift: 'fault.cause like "drift:%" or fault.cause like "fight:%"',
  muted: undefined,
};

export interface Asked {
  /** The text of the filter, as it was typed. */
  text: string;
  /** The filter that it stands for. */
  devices: string;
  kind: Kind;
  /** Undefined: as the server groups by itself. */
  by: string | undefined;
  open: string | undefined;
  /** The text and the kind as one filter. */
  filter: string | undefined;
}

export function asked(): Asked {
  const { query } = place.value;
  const text = query.get('q') ?? '';
  const kind = kinds.find(each => each === query.get('kind')) ?? 'all';
  const by = query.get('by') || undefined;
  const devices = filterOf(text);
  const filter = bothFilters(devices, kindFilters[kind]);
  return { text, devices, kind, by, open: query.get('open') || undefined, filter };
}

export const ask = (changes: Partial<Record<'q' | 'kind' | 'by' | 'open', string | undefined>>): void =>
  setQuery(changes);
