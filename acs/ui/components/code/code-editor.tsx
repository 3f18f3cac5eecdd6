// An editor for texts of code: a text area under coloured lines with their numbers and marks, and completion on demand.
import type { JSX } from 'preact';
import { useId, useRef, useState } from 'preact/hooks';
import { CodeLines, type Mark } from './code-lines.tsx';
import { type Completion, Completions, useCompletions } from './completions.tsx';

export interface CodeEditorProps {
  label: string;
  value: string;
  onInput: (value: string) => void;
  /** By lines, from 1. */
  marks: ReadonlyMap<number, Mark>;
  isReadOnly?: boolean;
  /** The text is not as it must be; the element of this id says why. */
  isInvalid?: boolean;
  describedBy?: string;
  /** Texts that can come at an offset. Asked for by Ctrl Space, and as long as the list is open. */
  complete?: (offset: number, signal: AbortSignal) => Promise<readonly Completion[]>;
}

export function CodeEditor({
  label,
  value,
  onInput,
  marks,
  isReadOnly = false,
  isInvalid = false,
  describedBy,
  complete,
}: CodeEditorProps): JSX.Element {
  const area = useRef<HTMLTextAreaElement>(null);
  const [isFocused, setFocused] = useState(false);
  const id = useId();
  const list = useCompletions(complete);
  const accept = (completion: Completion | undefined): void => {
    if (completion && area.current) replaceText(area.current, completion);
    list.close();
  };
  const onKeyDown = (event: KeyboardEvent & { currentTarget: HTMLTextAreaElement }): void => {
    if (isReadOnly || event.isComposing) return;
    if (list.onKey(event, accept)) event.preventDefault();
    else if (event.key === ' ' && event.ctrlKey) {
      event.preventDefault();
      list.open(event.currentTarget.selectionStart);
    } else if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      breakLine(event.currentTarget);
    }
  };
  const active = list.isOpen && list.items.length > 0 ? `${id}-${list.at}` : undefined;
  return (
    <>
      <div class="code-box" {...(isFocused ? { 'data-focus-within': true } : {})}>
        <div class="code-in">
          <CodeLines text={value} marks={marks} />
          <textarea
            ref={area}
            aria-label={label}
            aria-multiline="true"
            aria-invalid={isInvalid}
            spellcheck={false}
            autocapitalize="off"
            autocomplete="off"
            wrap="off"
            readOnly={isReadOnly}
            value={value}
            {...(describedBy === undefined ? {} : { 'aria-describedby': describedBy })}
            {...(complete ? { 'aria-autocomplete': 'list' as const, 'aria-controls': id } : {})}
            {...(active === undefined ? {} : { 'aria-activedescendant': active })}
            onInput={event => {
              onInput(event.currentTarget.value);
              list.follow(event.currentTarget.selectionStart);
            }}
            onKeyDown={onKeyDown}
            onClick={list.close}
            onFocus={() => setFocused(true)}
            onBlur={() => {
              setFocused(false);
              list.close();
            }}
          />
        </div>
      </div>
      <Completions id={id} list={list} onAccept={accept} />
    </>
  );
}

/** Writes as a typing hand does, so that undo takes it back. */
function write(area: HTMLTextAreaElement, text: string): void {
  if (document.execCommand('insertText', false, text)) return;
  area.setRangeText(text, area.selectionStart, area.selectionEnd, 'end');
  area.dispatchEvent(new InputEvent('input', { bubbles: true }));
}

function replaceText(area: HTMLTextAreaElement, { from, to, insert }: Completion): void {
  area.setSelectionRange(from, to);
  write(area, insert);
}

/** A new line begins where the one before does, and deeper within a bracket. */
function breakLine(area: HTMLTextAreaElement): void {
  const { value, selectionStart: at } = area;
  const line = value.slice(value.lastIndexOf('\n', at - 1) + 1, at);
  const indent = /^[ \t]*/.exec(line)?.[0] ?? '';
  write(area, `\n${indent}${/[{[]\s*$/.test(line) ? '  ' : ''}`);
}
