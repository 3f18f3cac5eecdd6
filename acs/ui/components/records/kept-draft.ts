// The draft of a dialog, kept where the session ends in the middle of it: in memory, as it may be a secret, and for its user alone.
import { useEffect, useRef, useState } from 'preact/hooks';
import { session } from '../../state/session.ts';

interface Kept {
  user: string | undefined;
  draft: unknown;
}

/** By the names of dialogs. */
const kept = new Map<string, Kept>();

export interface KeptDraft<D> {
  draft: D;
  set: (draft: D) => void;
  /** The draft is that of a dialog whose session has ended. */
  isKept: boolean;
}

/**
 * A dialog that is closed forgets its draft.
 * @param key the name of the dialog, and of what it is about
 */
export function useKeptDraft<D>(key: string, first: D): KeptDraft<D> {
  const user = useRef(session.peek()?.user);
  const [isKept] = useState(() => kept.has(key) && kept.get(key)?.user === user.current);
  const [draft, set] = useState<D>(() => (isKept ? (kept.get(key)?.draft as D) : first));
  const latest = useRef(draft);
  latest.current = draft;
  useEffect(() => {
    kept.delete(key);
    return () => {
      if (!session.peek()) kept.set(key, { user: user.current, draft: latest.current });
    };
  }, [key]);
  return { draft, set, isKept };
}
