// The facets of the list of devices, counted once its rows are there.
import type { JSX } from 'preact';
import type { Facets as Counts } from '../../api/devices.ts';
import { type FacetSection, Facets, type FacetValue } from '../../components/facets/facets.tsx';
import { Liveness } from '../../components/liveness.tsx';
import { comparisonOf, filterOf, hasPart, withoutPart, withPart } from '../../state/filter-text.ts';
import { devices } from '../../words/en/devices.ts';
import { textsOf } from '../../words/texts.ts';
import { facetNames } from './use-facets.ts';

const words = textsOf('devices', devices);
type Name = (typeof facetNames)[number];
const lives = ['online', 'late', 'lost'] as const;

export interface DeviceFacetsProps {
  /** The filter as it was typed. */
  text: string;
  counts: Counts;
  onText: (text: string) => void;
  /** Begins to write a comparison with one more value. */
  onBegin: (text: string) => void;
}

export const DeviceFacets = ({ text, counts, onText, onBegin }: DeviceFacetsProps): JSX.Element => (
  <Facets
    label={words().facets}
    total={counts.total}
    sections={facetNames.flatMap(name => sectionOf(name, counts, text, onBegin) ?? [])}
    onPick={(name, picked, isNot) => onText(pickedText(text, name, picked, isNot))}
  />
);

/** The text with the comparison, or without it where it is there already. */
export function pickedText(
  text: string,
  name: string,
  { value, is }: Pick<FacetValue, 'value' | 'is'>,
  isNot: boolean,
): string {
  if (is) return withoutPart(text, comparisonOf(name, value, is === 'excluded'));
  return withPart(text, comparisonOf(name, value, isNot));
}

function sectionOf(
  name: Name,
  counts: Counts,
  text: string,
  onBegin: (text: string) => void,
): FacetSection | undefined {
  const facet = counts.facets[name];
  if (!facet) return undefined;
  const stateOf = (value: string | null): FacetValue['is'] =>
    hasPart(text, comparisonOf(name, value))
      ? 'chosen'
      : hasPart(text, comparisonOf(name, value, true))
        ? 'excluded'
        : undefined;
  const values = facet.values.map(({ value, count }) => ({
    value,
    count,
    label: labelOf(name, value),
    is: stateOf(value),
  }));
  const sorted = name === 'liveness' ? lives.flatMap(life => values.find(({ value }) => value === life) ?? []) : values;
  const none = { value: null, count: facet.missing, label: noneOf(name), is: stateOf(null) };
  const all: readonly FacetValue[] = facet.missing > 0 ? [...sorted, none] : sorted;
  if (all.length === 0) return undefined;
  const filter = filterOf(text);
  const begin = (): void => onBegin(`${filter}${filter && ' and '}${name} = "`);
  const more = facet.others > 0 ? { text: words().moreValues(facet.others), run: begin } : undefined;
  return { name, title: words().facetNames[name], values: all, ...(more ? { more } : {}) };
}

const labelOf = (name: Name, value: string): string | JSX.Element =>
  name === 'liveness' ? <Liveness of={value as (typeof lives)[number]} /> : value;

const noneOf = (name: Name): string | JSX.Element => (name === 'liveness' ? <Liveness of={null} /> : words().none);
