// The text of a filter while it is typed: it is used a moment after the last key, as far as it can be read.
import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { after } from '../../state/clock.ts';
import { isBegun, readFilter } from '../../state/filter-text.ts';
import type { Completion } from './completion.ts';
import { useCompletions } from './use-completions.ts';

/** Time after the last key before the filter is used. */
const SEND_MS = 120;
/** Time before a text that cannot be read is complained of. */
const COMPLAIN_MS = 500;

export interface Draft {
  text: string;
  /** The text has been wrong for a while, or was to be used. */
  isComplained: boolean;
  found: readonly Completion[];
  /** The chosen completion; -1 for none. */
  chosen: number;
  edit: (text: string, caret: number) => void;
  take: (completion: Completion) => void;
  /** The caret has moved. */
  move: (caret: number) => void;
  close: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

export interface DraftOptions {
  text: string;
  onText: (text: string) => void;
  begun: { text: string } | undefined;
  field: RefObject<HTMLTextAreaElement | null>;
}

export function useDraft({ text, onText, begun, field }: DraftOptions): Draft {
  const [draft, setDraft] = useState(text);
  const [caret, setCaret] = useState(text.length);
  const [isOpen, setOpen] = useState(false);
  const [chosen, setChosen] = useState(-1);
  const [isComplained, setComplained] = useState(false);
  const sent = useRef(text);
  const found = useCompletions(isOpen ? draft : undefined, caret);
  const send = (typed: string): void => {
    const isReadable = readFilter(typed).kind !== 'wrong';
    if (!isReadable) setComplained(true);
    if (!isReadable || typed === sent.current) return;
    sent.current = typed;
    onText(typed);
  };
  useEffect(() => {
    if (text === sent.current) return;
    sent.current = text;
    setDraft(text);
  }, [text]);
  useEffect(() => {
    setComplained(false);
    if (draft === sent.current) return;
    const isReady = readFilter(draft).kind !== 'wrong' && !isBegun(draft);
    return isReady ? after(SEND_MS, () => send(draft)) : after(COMPLAIN_MS, () => setComplained(true));
  }, [draft]);
  useEffect(() => {
    if (begun) edit(begun.text, begun.text.length);
  }, [begun]);
  const edit = (typed: string, at: number): void => {
    setDraft(typed);
    setCaret(at);
    setOpen(true);
    setChosen(-1);
    const element = field.current;
    if (!element) return;
    if (element.value !== typed) element.value = typed;
    element.focus();
    element.setSelectionRange(at, at);
  };
  const take = ({ from, to, insert }: Completion): void => {
    const before = draft.slice(0, from);
    const added = /\s$|^$/.test(before) ? insert.trimStart() : insert;
    edit(before + added + draft.slice(to).trimStart(), before.length + added.length);
  };
  const close = (): void => {
    setOpen(false);
    setChosen(-1);
  };
  const submit = (): void => {
    close();
    send(draft);
  };
  const open = (): void => setOpen(true);
  const onKeyDown = keysOf({ found, chosen, isOpen, take, close, submit, open, choose: setChosen });
  return { text: draft, isComplained, found, chosen, edit, take, move: setCaret, close, onKeyDown };
}

interface Keys extends Pick<Draft, 'found' | 'chosen' | 'take' | 'close'> {
  isOpen: boolean;
  submit: () => void;
  open: () => void;
  choose: (nth: number) => void;
}

type Action = (event: KeyboardEvent) => void;

/** Keys while there are completions. */
function listKeys({ found, chosen, take, close, choose }: Keys): Readonly<Record<string, Action | undefined>> {
  const [first] = found;
  if (!first) return {};
  const option = found[chosen];
  return {
    Tab: () => take(option ?? first),
    ArrowDown: () => choose((chosen + 1) % found.length),
    ArrowUp: () => choose((Math.max(chosen, 0) - 1 + found.length) % found.length),
    Escape: close,
    ...(option ? { Enter: () => take(option) } : {}),
  };
}

const keysOf =
  (keys: Keys) =>
  (event: KeyboardEvent): void => {
    if (event.key === 'Tab' && event.shiftKey) return;
    const plain: Readonly<Record<string, Action | undefined>> = {
      ArrowDown: keys.open,
      Enter: keys.submit,
      Escape: ({ currentTarget }) => (currentTarget as HTMLElement).blur(),
      ...(event.ctrlKey ? { ' ': keys.open } : {}),
    };
    const run = (keys.isOpen ? listKeys(keys)[event.key] : undefined) ?? plain[event.key];
    if (!run) return;
    event.preventDefault();
    event.stopPropagation();
    run(event);
  };
