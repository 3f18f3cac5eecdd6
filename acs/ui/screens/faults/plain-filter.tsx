// A filter as plain text, used a moment after the last key.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Problem } from '../../api/problem.ts';
import { Icon } from '../../components/icon.tsx';
import { after } from '../../state/clock.ts';
import { useShortcuts } from '../../state/keys.ts';
import { faults } from '../../words/en/faults/faults.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('faults', faults);
const SEND_MS = 300;
const KEY = '/';

export interface PlainFilterProps {
  text: string;
  problem: Problem | undefined;
  onText: (text: string) => void;
}

export function PlainFilter({ text, problem, onText }: PlainFilterProps): JSX.Element {
  const [draft, setDraft] = useState(text);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => setDraft(text), [text]);
  useEffect(() => (draft === text ? undefined : after(SEND_MS, () => onText(draft))), [draft]);
  useShortcuts([{ keys: KEY, label: words().filter, run: () => field.current?.select() }]);
  const wrong = problem?.column === undefined ? undefined : problem.message;
  return (
    <div class="stack tight faults-filter">
      <div class="filter">
        <Icon name="search" />
        <input
          ref={field}
          class="q bare"
          aria-label={words().filter}
          aria-invalid={wrong !== undefined}
          placeholder={words().placeholder}
          spellcheck={false}
          value={draft}
          onInput={event => setDraft(event.currentTarget.value)}
        />
        <kbd class="notphone">{KEY}</kbd>
      </div>
      {wrong && (
        <p class="help bad" role="status">
          {wrong}
        </p>
      )}
    </div>
  );
}
