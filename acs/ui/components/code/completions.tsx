// Completions: a list under an editor of texts that can come next, gone through with the arrow keys.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { isAborted } from '../../api/problem.ts';
import { after } from '../../state/clock.ts';
import { frame } from '../../words/en/frame.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('frame', frame);
const WAIT_MS = 120;

export interface Completion {
  /** Shown, and compared with what is written. */
  label: string;
  note?: string | undefined;
  insert: string;
  /** The part of the text that it replaces. */
  from: number;
  to: number;
  /** The part of the label that was written. */
  mark?: string | undefined;
}

export interface CompletionList {
  isOpen: boolean;
  items: readonly Completion[];
  at: number;
  open: (offset: number) => void;
  /** Asks again, if the list is open. */
  follow: (offset: number) => void;
  close: () => void;
  choose: (at: number) => void;
  /** @returns the key was for the list */
  onKey: (event: KeyboardEvent, accept: (completion: Completion | undefined) => void) => boolean;
}

type Complete = (offset: number, signal: AbortSignal) => Promise<readonly Completion[]>;

export function useCompletions(complete: Complete | undefined): CompletionList {
  const [place, setPlace] = useState<{ offset: number; wait: number } | undefined>(undefined);
  const [items, setItems] = useState<readonly Completion[]>([]);
  const [at, setAt] = useState(0);
  const asked = useRef(complete);
  asked.current = complete;
  useEffect(() => {
    if (!place) return;
    const stop = new AbortController();
    const ask = async (): Promise<void> => {
      try {
        const found = (await asked.current?.(place.offset, stop.signal)) ?? [];
        if (stop.signal.aborted) return;
        setItems(found);
        setAt(0);
      } catch (error) {
        // Completion is a help: without it the text is written by hand.
        if (!isAborted(error)) setItems([]);
      }
    };
    const forget = after(place.wait, () => void ask());
    return () => {
      forget();
      stop.abort();
    };
  }, [place]);
  const isOpen = place !== undefined;
  const close = (): void => {
    setPlace(undefined);
    setItems([]);
  };
  const onKey: CompletionList['onKey'] = ({ key, ctrlKey, metaKey }, accept) => {
    if (!isOpen) return false;
    if (key === 'Escape') close();
    else if (items.length === 0 || ctrlKey || metaKey) return false;
    else if (key === 'ArrowDown') setAt((at + 1) % items.length);
    else if (key === 'ArrowUp') setAt((at + items.length - 1) % items.length);
    else if (key === 'Enter' || key === 'Tab') accept(items[at]);
    else return false;
    return true;
  };
  return {
    ...{ isOpen, items, at, close, onKey, choose: setAt },
    open: offset => complete && setPlace({ offset, wait: 0 }),
    follow: offset => isOpen && setPlace({ offset, wait: WAIT_MS }),
  };
}

export function Completions({
  id,
  list: { isOpen, items, at, choose },
  onAccept,
}: {
  id: string;
  list: CompletionList;
  onAccept: (completion: Completion) => void;
}): JSX.Element {
  return (
    <>
      <span class="sr" role="status">
        {isOpen && words().completions(items.length)}
      </span>
      <div class="pop inset" hidden={!isOpen || items.length === 0}>
        <div class="list" role="listbox" id={id} aria-label={words().completionList}>
          {items.map((item, index) => (
            <div
              key={item.label}
              id={`${id}-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === at}
              onMouseMove={() => choose(index)}
              onMouseDown={event => {
                event.preventDefault();
                onAccept(item);
              }}
            >
              <Marked text={item.label} mark={item.mark} />
              {item.note && <span class="num">{item.note}</span>}
            </div>
          ))}
        </div>
      </div>
    </>
  );
}

/** The text with the part that was written already. */
export function Marked({ text, mark }: { text: string; mark: string | undefined }): JSX.Element {
  const at = mark ? text.toLowerCase().lastIndexOf(mark.toLowerCase()) : -1;
  if (!mark || at < 0) return <span class="mono cut">{text}</span>;
  return (
    <span class="mono cut">
      {text.slice(0, at)}
      <mark>{text.slice(at, at + mark.length)}</mark>
      {text.slice(at + mark.length)}
    </span>
  );
}
