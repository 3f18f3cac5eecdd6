// Rows of a long list that are drawn: those in sight of its box, and a few around them.
import type { RefObject } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';

const AROUND = 8;

export interface Sight {
  from: number;
  to: number;
  /** The upper edge of each row, and of what follows the last one. */
  edges: readonly number[];
}

/** @param heights of the rows, in pixels */
export function useSight(box: RefObject<HTMLElement | null>, heights: readonly number[]): Sight {
  const [{ top, height }, setPlace] = useState({ top: 0, height: 800 });
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const look = (): void => setPlace({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    look();
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, []);
  const edges = useMemo(() => edgesOf(heights), [heights]);
  const from = Math.max(0, rowAt(edges, top) - AROUND);
  const to = Math.min(heights.length, rowAt(edges, top + height) + 1 + AROUND);
  return { from, to, edges };
}

function edgesOf(heights: readonly number[]): number[] {
  const edges = [0];
  let sum = 0;
  for (const height of heights) {
    sum += height;
    edges.push(sum);
  }
  return edges;
}

/** The row at a height, by halving. */
export function rowAt(edges: readonly number[], y: number): number {
  let low = 0;
  let high = Math.max(0, edges.length - 2);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((edges[middle] ?? 0) <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Scrolls a row into the box, no more than needed. @param head height of what sticks at the upper edge */
export function reveal(element: HTMLElement | null, edges: readonly number[], row: number, head: number): void {
  if (!element) return;
  const upper = edges[row] ?? 0;
  const lower = edges[row + 1] ?? upper;
  const { scrollTop, clientHeight } = element;
  if (upper < scrollTop) element.scrollTop = upper;
  else if (lower + head > scrollTop + clientHeight) element.scrollTop = lower + head - clientHeight;
}
