// A long list that is loaded in pages, as far as it is looked at: the last pages stay, the list before stays until the new one is there.
import { useEffect, useRef, useState } from 'preact/hooks';
import { isAborted, type Problem, problemOf } from '../api/problem.ts';
import { after, nowMs } from './clock.ts';

export const PAGE = 100;
/** Pages that are held; of more the one that was not looked at for the longest time goes. */
const MAX_HELD = 20;
/** Rows that are passed by a moving scroll bar are not loaded. */
const SETTLE_MS = 60;

/** Where a page begins: after the one before, where its cursor is known, else at an offset. */
export interface PageStart {
  offset: number;
  cursor?: string | undefined;
  /** The number of all entries is asked for. */
  count: boolean;
}

interface LoadedPage<T> {
  items: T[];
  next: string | null;
  total?: number;
}

export type LoadPage<T> = (start: PageStart, signal: AbortSignal) => Promise<LoadedPage<T>>;

export interface PagedList<T> {
  /** The key of what is shown: that of the list before, while the new one is on its way. */
  key: string | undefined;
  total: number;
  /** The time of the first page, in milliseconds; undefined before there is one. */
  at: number | undefined;
  /** Milliseconds that the server and the way have taken. */
  took: number;
  problem: Problem | undefined;
  isLoading: boolean;
  /** Undefined for an entry that is not loaded. */
  itemAt: (index: number) => T | undefined;
  /** Loads what is missing of these entries, the last one included. */
  look: (first: number, last: number) => void;
  /** Puts newer values in the place of entries that are held. */
  replace: (change: (item: T) => T) => void;
  reload: () => void;
}

/** The pages of one list. */
class HeldPages<T> {
  readonly key: string;
  readonly #load: LoadPage<T>;
  readonly #pages = new Map<number, LoadedPage<T>>();
  readonly #under = new Map<number, AbortController>();
  total = 0;
  at: number | undefined;
  took = 0;

  constructor(key: string, load: LoadPage<T>) {
    this.key = key;
    this.#load = load;
  }

  itemAt(index: number): T | undefined {
    return this.#pages.get(Math.floor(index / PAGE))?.items[index % PAGE];
  }

  has(page: number): boolean {
    return this.#pages.has(page) || this.#under.has(page);
  }

  /** @throws Problem, AbortError */
  async load(page: number): Promise<void> {
    const stop = new AbortController();
    this.#under.set(page, stop);
    const began = nowMs();
    try {
      const cursor = this.#pages.get(page - 1)?.next ?? undefined;
      const start = { offset: page * PAGE, ...(cursor === undefined ? {} : { cursor }), count: this.at === undefined };
      const loaded = await this.#load(start, stop.signal);
      if (loaded.total !== undefined) this.total = loaded.total;
      this.took = nowMs() - began;
      this.at ??= nowMs();
      this.#keep(page, loaded);
    } finally {
      if (this.#under.get(page) === stop) this.#under.delete(page);
    }
  }

  /** Marks a page as looked at. */
  touch(page: number): void {
    const held = this.#pages.get(page);
    if (held) this.#keep(page, held);
  }

  /** Ends the loading of all pages but these. */
  leave(wanted: ReadonlySet<number>): void {
    for (const [page, stop] of this.#under) if (!wanted.has(page)) stop.abort();
  }

  replace(change: (item: T) => T): void {
    for (const page of this.#pages.values()) page.items = page.items.map(change);
  }

  #keep(page: number, loaded: LoadedPage<T>): void {
    this.#pages.delete(page);
    this.#pages.set(page, loaded);
    for (const oldest of this.#pages.keys()) {
      if (this.#pages.size <= MAX_HELD) break;
      this.#pages.delete(oldest);
    }
  }
}

const nothing = new Set<number>();

/**
 * @param key of the list: another one is another list; undefined loads nothing
 * @param first the entry that the list begins to be looked at
 */
export function usePages<T>(key: string | undefined, load: LoadPage<T>, first = 0): PagedList<T> {
  const [shown, setShown] = useState<HeldPages<T> | undefined>(undefined);
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const [isLoading, setLoading] = useState(true);
  const [attempt, setAttempt] = useState(0);
  const [, setRevision] = useState(0);
  const loader = useRef(load);
  loader.current = load;
  const seen = useRef(first);
  const settle = useRef<() => void>(() => undefined);
  const isSame = shown?.key === key;
  /** The list that the last load was begun for. */
  const begun = useRef<string | undefined>(undefined);
  useEffect(() => {
    begun.current = key;
    if (key === undefined) return;
    const pages = new HeldPages(key, loader.current);
    setLoading(true);
    // Another list begins at its begin, but for the very first one; a list that is loaded again stays where it was.
    const start = isSame || !shown ? seen.current : 0;
    pages.load(Math.floor(start / PAGE)).then(
      () => {
        setShown(pages);
        setProblem(undefined);
        setLoading(false);
      },
      (error: unknown) => {
        if (isAborted(error)) return;
        setProblem(problemOf(error));
        setLoading(false);
      },
    );
    return () => pages.leave(nothing);
  }, [key, attempt]);
  const look = (from: number, to: number): void => {
    seen.current = from;
    if (!shown) return;
    const wanted = new Set<number>();
    for (let page = Math.floor(from / PAGE); page <= Math.floor(Math.min(to, shown.total - 1) / PAGE); page++)
      wanted.add(page);
    settle.current();
    for (const page of wanted) shown.touch(page);
    shown.leave(wanted);
    const missing = [...wanted].filter(page => !shown.has(page));
    if (missing.length > 0) settle.current = after(SETTLE_MS, () => void loadAll(shown, missing));
  };
  const loadAll = async (pages: HeldPages<T>, missing: readonly number[]): Promise<void> => {
    try {
      await Promise.all(missing.map(async page => await pages.load(page)));
      setProblem(undefined);
    } catch (error) {
      if (!isAborted(error)) setProblem(problemOf(error));
    }
    setRevision(count => count + 1);
  };
  return {
    key: shown?.key,
    total: shown?.total ?? 0,
    at: shown?.at,
    took: shown?.took ?? 0,
    problem,
    // Facets and counts, which follow the rows, wait from the moment of another key on.
    isLoading: isLoading || begun.current !== key,
    itemAt: index => shown?.itemAt(index),
    look,
    replace: change => {
      shown?.replace(change);
      setRevision(count => count + 1);
    },
    reload: () => setAttempt(count => count + 1),
  };
}
