// Facets of a list: how many of its entries have which value. A value that is picked is written into the filter.
import type { ComponentChildren, JSX } from 'preact';
import { number } from '../../words/format.ts';

export interface FacetValue {
  /** As it is written into the filter; null for entries without a value. */
  value: string | null;
  label: ComponentChildren;
  count: number;
  /** It is in the filter, or what the filter leaves out. */
  is?: 'chosen' | 'excluded' | undefined;
}

export interface FacetSection {
  name: string;
  title: string;
  values: readonly FacetValue[];
  /** A link to the values that are not listed. */
  more?: { text: string; run: () => void } | undefined;
}

export interface FacetsProps {
  label: string;
  total: number;
  sections: readonly FacetSection[];
  /** @param isNot with Shift: without it */
  onPick: (name: string, value: FacetValue, isNot: boolean) => void;
}

export const Facets = ({ label, total, sections, onPick }: FacetsProps): JSX.Element => (
  <aside class="facets" aria-label={label}>
    {sections.map(({ name, title, values, more }) => (
      <section key={name}>
        <h2>
          {title}
          {more && <span class="push">{number(values.length)}+</span>}
        </h2>
        {values.map(each => (
          <button
            key={String(each.value)}
            type="button"
            class={`facet ${each.is === 'excluded' ? 'not' : ''}`}
            aria-pressed={each.is === 'chosen'}
            style={{ '--v': total > 0 ? (each.count / total).toFixed(3) : '0' }}
            onClick={event => onPick(name, each, event.shiftKey)}
          >
            <span class="cut">{each.label}</span>
            <span class="num">{number(each.count)}</span>
          </button>
        ))}
        {more && (
          <button class="all btn quiet tiny" type="button" onClick={more.run}>
            {more.text}
          </button>
        )}
      </section>
    ))}
  </aside>
);
