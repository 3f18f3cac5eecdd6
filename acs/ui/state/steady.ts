// The order of a list that is loaded again and again: entries stay in their places until the reader asks for the new order.
import { useState } from 'preact/hooks';

export interface Steady<T> {
  rows: readonly { item: T; isGone: boolean }[];
  /** Entries that are new, or whose place is another now. */
  moved: number;
  /** Takes over the order of the newest answer. */
  show: () => void;
}

interface Shown<T> {
  key: string;
  items: readonly T[];
}

/** @param key another one is another list, which begins in its own order */
export function useSteady<T>(key: string, items: readonly T[], nameOf: (item: T) => string): Steady<T> {
  const [shown, setShown] = useState<Shown<T>>({ key, items });
  const isOther = shown.key !== key || shown.items.length === 0;
  const before = isOther ? items : shown.items;
  if (isOther && (shown.key !== key || items.length > 0)) setShown({ key, items });
  const latest = new Map(items.map(item => [nameOf(item), item]));
  const rows = before.map(item => {
    const now = latest.get(nameOf(item));
    return { item: now ?? item, isGone: now === undefined };
  });
  const kept = rows.filter(({ isGone }) => !isGone).map(({ item }) => nameOf(item));
  const known = new Set(kept);
  const order = items.map(nameOf).filter(name => known.has(name));
  const moved = items.length - kept.length + order.filter((name, at) => name !== kept[at]).length;
  return { rows, moved, show: () => setShown({ key, items }) };
}
