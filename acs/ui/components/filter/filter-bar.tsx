// The filter of a list as it is typed: coloured by the parser of the server, completed by its vocabulary, sent when it can be read.
import type { JSX } from 'preact';
import { useId, useRef } from 'preact/hooks';
import type { Problem } from '../../api/problem.ts';
import { type ColouredPart, colouredParts, readFilter } from '../../state/filter-text.ts';
import { useShortcuts } from '../../state/keys.ts';
import { type Lazy, useLazy } from '../../state/lazy.ts';
import { filter as english } from '../../words/en/filter.ts';
import { textsOf } from '../../words/texts.ts';
import { Icon } from '../icon.tsx';
import type { CompletionListProps } from './completion-list.tsx';
import { useDraft } from './use-draft.ts';

const words = textsOf('filter', english);
const KEY = '/';

const completionList: Lazy<CompletionListProps> = {
  load: async () => (await import('./completion-list.tsx')).CompletionList,
};

export interface FilterBarProps {
  /** The text in use. Another one replaces what is being typed. */
  text: string;
  /** Called with a text that can be read. */
  onText: (text: string) => void;
  /** The complaint of the server about the text in use. */
  problem?: Problem | undefined;
  /** Begins to write here: the text is taken over, with the completions open. */
  begun?: { text: string } | undefined;
}

export function FilterBar({ text, onText, problem, begun }: FilterBarProps): JSX.Element {
  const field = useRef<HTMLTextAreaElement>(null);
  const draft = useDraft({ text, onText, begun, field });
  const id = useId();
  const { Component: CompletionList } = useLazy(draft.found.length > 0 ? completionList : undefined);
  useShortcuts([{ keys: KEY, label: words().shortcut, run: () => field.current?.select() }]);
  const complaint = complaintOf(draft.text, draft.text === text ? problem : undefined);
  const wrong = draft.isComplained || draft.text === text ? complaint : undefined;
  return (
    <div class="stack tight">
      <div class="filter">
        <Icon name="search" />
        <div class="q edit">
          <Coloured parts={colouredParts(draft.text, wrong?.column)} />
          <textarea
            ref={field}
            rows={1}
            aria-label={words().label}
            {...(CompletionList ? { 'aria-controls': `${id}-list` } : {})}
            aria-autocomplete="list"
            aria-invalid={wrong !== undefined}
            aria-describedby={`${id}-help`}
            {...(draft.chosen >= 0 ? { 'aria-activedescendant': `${id}-${draft.chosen}` } : {})}
            placeholder={words().placeholder}
            spellcheck={false}
            autocomplete="off"
            value={draft.text}
            onInput={({ currentTarget: { value, selectionStart } }) =>
              draft.edit(value.replace(/[\r\n]+/g, ' '), selectionStart)
            }
            onClick={event => draft.move(event.currentTarget.selectionStart)}
            onBlur={draft.close}
            onKeyDown={draft.onKeyDown}
          />
        </div>
        <kbd class="notphone">{KEY}</kbd>
        {draft.text !== '' && (
          <button
            class="btn quiet tiny square"
            type="button"
            aria-label={words().clear}
            onClick={() => draft.edit('', 0)}
          >
            <Icon name="close" />
          </button>
        )}
        {CompletionList && <CompletionList id={id} found={draft.found} chosen={draft.chosen} onTake={draft.take} />}
      </div>
      <p class="help bad" id={`${id}-help`} role="status">
        {wrong ? words().wrong(wrong.column, wrong.message) : ''}
      </p>
    </div>
  );
}

/** Of the text that is typed, else of the server about the text in use. */
function complaintOf(text: string, problem: Problem | undefined): { column: number; message: string } | undefined {
  const reading = readFilter(text);
  if (reading.kind === 'wrong') return reading;
  if (problem?.column === undefined) return undefined;
  return { column: problem.column, message: problem.message.replace(/ \(column \d+\)$/, '') };
}

const tags = { field: 'b', text: 'i', word: 's', wrong: 'u', plain: 'span' } as const;

/** A filter in colours. */
export const Coloured = ({ parts }: { parts: readonly ColouredPart[] }): JSX.Element => (
  <span aria-hidden="true">
    {parts.map(({ colour, text }, nth) => {
      const Tag = tags[colour];
      return <Tag key={nth}>{text}</Tag>;
    })}
  </span>
);
