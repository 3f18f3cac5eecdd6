// The draft of an object in a dialog: begun with given values, or with those that are stored.
import { useEffect } from 'preact/hooks';
import type { Answer } from '../../api/call.ts';
import { type Resource, useResource } from '../../state/resource.ts';
import { useKeptDraft } from './kept-draft.ts';

export interface StoredDraft<T, D> {
  draft: D;
  change: (to: Partial<D>) => void;
  /** The stored values are there, or none are waited for: nothing is typed before. */
  isThere: boolean;
  stored: Resource<Answer<T>>;
}

export interface StoredDraftOptions<T, D> {
  /** The kind of the object. */
  kind: string;
  /** Of an object that is there; undefined for a new one. */
  name: string | undefined;
  load: (name: string, signal: AbortSignal) => Promise<Answer<T>>;
  draftOf: (stored: T) => D;
  /** Of a new object. */
  first: D;
}

export function useStoredDraft<T, D extends { name: string }>({
  kind,
  name,
  load,
  draftOf,
  first,
}: StoredDraftOptions<T, D>): StoredDraft<T, D> {
  const stored = useResource(name, async signal => await load(name ?? '', signal));
  const { draft, set, isKept } = useKeptDraft<D>(`${kind} ${name ?? ''}`, first);
  useEffect(() => {
    if (stored.value && !isKept) set(draftOf(stored.value.value));
  }, [stored.value]);
  const change = (to: Partial<D>): void => set({ ...draft, ...to });
  return { draft, change, isThere: name === undefined || draft.name === name, stored };
}
