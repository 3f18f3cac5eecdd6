// A filter that narrows the devices of a part of enrolment; the address keeps it.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Problem } from '../../api/problem.ts';
import { Icon } from '../../components/icon.tsx';
import { place, setQuery } from '../../state/location.ts';
import { useRested } from '../../state/rested.ts';
import { enrolment } from '../../words/en/enrolment.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('enrolment', enrolment);
const REST_MS = 120;

/** Both conditions in one filter. */
export const within = (state: string, filter: string): string =>
  filter === '' ? `state = "${state}"` : `state = "${state}" and (${filter})`;

export function Narrow({ problem }: { problem: Problem | undefined }): JSX.Element {
  const asked = place.value.query.get('q') ?? '';
  const [text, setText] = useState(asked);
  const rested = useRested(text, REST_MS);
  useEffect(() => setQuery({ q: rested.trim(), at: undefined }), [rested]);
  useEffect(() => setText(asked), [asked]);
  const isWrong = problem?.column !== undefined;
  return (
    <div class="filter">
      <Icon name="search" />
      <input
        class="q"
        aria-label={words().narrow}
        aria-invalid={isWrong}
        placeholder={words().narrowHint}
        spellcheck={false}
        value={text}
        onInput={event => setText(event.currentTarget.value)}
      />
    </div>
  );
}
