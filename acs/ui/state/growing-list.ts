// Lists that grow by a page when that is asked for: the first one is loaded as a resource.
import { useState } from 'preact/hooks';
import { type Problem, problemOf } from '../api/problem.ts';
import type { Page } from '../api/shapes.ts';
import { type ResourceOptions, useResource } from './resource.ts';

export interface GrowingList<T> {
  /** Undefined before the first page is there. */
  items: readonly T[] | undefined;
  /** Of all pages, where the server has counted. */
  total: number | undefined;
  isExact: boolean;
  /** The time of the first page, in milliseconds. */
  at: number | undefined;
  problem: Problem | undefined;
  isLoading: boolean;
  hasMore: boolean;
  more: () => void;
  reload: () => void;
}

interface Rest<T> {
  /** The first page, to which these belong. */
  of: Page<T> | undefined;
  items: readonly T[];
  next: string | null;
  problem: Problem | undefined;
  isLoading: boolean;
}

/** @param key as for a resource @param load of one page; without a cursor of the first one */
export function useGrowingList<T>(
  key: string | undefined,
  load: (cursor: string | undefined, signal?: AbortSignal) => Promise<Page<T>>,
  options: ResourceOptions = {},
): GrowingList<T> {
  const first = useResource(key, async signal => await load(undefined, signal), options);
  const empty: Rest<T> = {
    of: first.value,
    items: [],
    next: first.value?.next ?? null,
    problem: undefined,
    isLoading: false,
  };
  const [kept, setKept] = useState<Rest<T>>(empty);
  const rest = kept.of === first.value ? kept : empty;
  const more = (): void => {
    if (rest.next === null || rest.isLoading) return;
    setKept({ ...rest, isLoading: true });
    load(rest.next).then(
      page => setKept({ ...empty, items: [...rest.items, ...page.items], next: page.next }),
      (error: unknown) => setKept({ ...rest, problem: problemOf(error), isLoading: false }),
    );
  };
  return {
    items: first.value && [...first.value.items, ...rest.items],
    total: first.value?.total,
    isExact: first.value?.exact ?? true,
    at: first.at,
    problem: first.problem ?? rest.problem,
    isLoading: first.isLoading || rest.isLoading,
    hasMore: rest.next !== null,
    more,
    reload: first.reload,
  };
}
