// The preset that is edited: its text, what is wrong in it, and what differs from the stored one.
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Answer } from '../../api/call.ts';
import type { Document } from '../../api/presets.ts';
import { type Walk, walkOf } from '../../components/code/json-walk.ts';
import { type Change, changesBetween, documentOf, textOf } from './document.ts';
import { type Draft, dropDraft, keepDraft, keptDraft } from './draft.ts';

export interface Editing {
  draft: Draft;
  walk: Walk;
  /** Undefined while the text is no whole JSON object. */
  document: Document | undefined;
  /** Against the text that it began from. */
  changes: readonly Change[];
  isChanged: boolean;
  isNew: boolean;
  /** Another writer has stored another version since it was begun. */
  isOvertaken: boolean;
  write: (text: string) => void;
  /** Begins from another version, with a text of its own or that of the version. */
  rebase: (stored: Answer<Document>, text?: string) => void;
  discard: () => void;
}

const draftOf = ({ value, etag }: Answer<Document>, text?: string): Draft => {
  const base = textOf(value);
  return { text: text ?? base, base, etag };
};

/** Another version: the rest of a tag tells apart what different readers are shown. */
const isOther = (one: string | undefined, other: string | undefined): boolean =>
  one?.split('.')[0]?.replaceAll('"', '') !== other?.split('.')[0]?.replaceAll('"', '');

/** @param stored undefined for a new preset, which has a draft */
export function useEditing(name: string, stored: Answer<Document> | undefined): Editing {
  const begin = (): Draft => keptDraft(name) ?? (stored ? draftOf(stored) : { text: '', base: '', etag: undefined });
  const [draft, setDraft] = useState(begin);
  const isChanged = draft.text !== draft.base;
  useEffect(() => {
    if (!isChanged && stored && isOther(stored.etag, draft.etag)) setDraft(draftOf(stored));
  }, [stored]);
  const change = (next: Draft): void => {
    keepDraft(name, next);
    setDraft(next);
  };
  const walk = useMemo(() => walkOf(draft.text), [draft.text]);
  const document = useMemo(() => (walk.flaw ? undefined : documentOf(draft.text)), [walk, draft.text]);
  const changes = useMemo(
    () => (document ? changesBetween(documentOf(draft.base) ?? {}, document) : []),
    [document, draft.base],
  );
  return {
    ...{ draft, walk, document, changes, isChanged },
    isNew: draft.etag === undefined,
    isOvertaken: isChanged && stored !== undefined && isOther(stored.etag, draft.etag),
    write: text => change({ ...draft, text }),
    rebase: (version, text) => change(draftOf(version, text)),
    discard: () => {
      dropDraft(name);
      setDraft(stored ? draftOf(stored) : { ...draft, text: draft.base });
    },
  };
}
