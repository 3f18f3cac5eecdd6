// Above the tree of parameters: the search, its shape, and what is shown only.
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { Icon } from '../../../components/icon.tsx';
import { useShortcuts } from '../../../state/keys.ts';
import { parameters } from '../../../words/en/device/parameters.ts';
import { number } from '../../../words/format.ts';
import { textsOf } from '../../../words/texts.ts';

const words = textsOf('deviceParameters', parameters);

export const shows = ['all', 'writable', 'wanted', 'changed', 'notFactory'] as const;
export type Show = (typeof shows)[number];
export type Shape = 'tree' | 'flat';

export interface BarProps {
  find: string;
  onFind: (find: string) => void;
  /** Values that are found, and all that are known. */
  found: number;
  all: number;
  shape: Shape;
  onShape: (shape: Shape) => void;
  show: Show;
  onShow: (show: Show) => void;
  counts: Readonly<Partial<Record<Show, number>>>;
  /** The focus leaves the search downwards. */
  onDown: () => void;
}

export function ParameterBar(props: BarProps): JSX.Element {
  const { find, onFind, found, all, shape, onShape, show, onShow, counts, onDown } = props;
  const input = useRef<HTMLInputElement>(null);
  useShortcuts([{ keys: '/', label: words().keyHelp.find, run: () => input.current?.select() }]);
  return (
    <div class="row">
      <div class="filter grows">
        <Icon name="search" />
        <input
          class="q"
          type="search"
          ref={input}
          aria-label={words().find}
          placeholder={words().find}
          spellcheck={false}
          value={find}
          onInput={event => onFind(event.currentTarget.value)}
          onKeyDown={event => {
            if (event.key === 'ArrowDown') onDown();
            else if (event.key === 'Escape') onFind('');
            else return;
            event.preventDefault();
          }}
        />
        <span class="small ink-3" role="status">
          {words().found(found, all)}
        </span>
        {find !== '' && (
          <button class="btn quiet tiny square" type="button" aria-label={words().clear} onClick={() => onFind('')}>
            <Icon name="close" />
          </button>
        )}
      </div>
      <fieldset class="btns" aria-label={words().shape}>
        {(['tree', 'flat'] as const).map(each => (
          <button class="btn" type="button" key={each} aria-pressed={shape === each} onClick={() => onShape(each)}>
            {words().shapes[each]}
          </button>
        ))}
      </fieldset>
      <nav class="chips" aria-label={words().showOnly}>
        {shows.map(each => (
          <button
            class="chip"
            type="button"
            key={each}
            title={words().showTitles[each]}
            aria-current={show === each ? 'true' : undefined}
            onClick={() => onShow(each)}
          >
            {words().shows[each]}
            {counts[each] !== undefined && <b>{number(counts[each])}</b>}
          </button>
        ))}
      </nav>
    </div>
  );
}
