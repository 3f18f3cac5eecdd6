// The rows of a long list that can be seen, and a few beyond them: only these are drawn.
import type { RefObject } from 'preact';
import { useCallback, useLayoutEffect, useRef, useState } from 'preact/hooks';

/** Rows drawn beyond each end of what is seen. */
const BEYOND = 10;
/** The window follows once the drawn rows reach no further than this beyond what is seen. */
const SPARE = 4;

export interface RowsInView {
  /** The first drawn row, and the one after the last. */
  from: number;
  to: number;
  /** The same of those that can be seen. */
  first: number;
  end: number;
  rowHeight: number;
  /** Moves the page or the box so that a row can be seen. */
  reveal: (index: number) => void;
}

interface Extent {
  from: number;
  to: number;
  first: number;
  end: number;
}

/** The box scrolls by itself where it has a height of its own; on a phone the page does. */
const isScroller = (box: HTMLElement): boolean => box.scrollHeight > box.clientHeight + 1;

const headOf = (box: HTMLElement): number => box.querySelector('thead')?.offsetHeight ?? 0;

/** The begin and the end of what is seen of the rows, in pixels below the begin of the first row. */
function seenOf(box: HTMLElement): { top: number; bottom: number } {
  const begin = (box.querySelector('table')?.getBoundingClientRect().top ?? 0) + headOf(box);
  const frame = box.getBoundingClientRect();
  const top = Math.max(frame.top + (isScroller(box) ? headOf(box) : 0), 0);
  const bottom = Math.min(frame.bottom, globalThis.innerHeight);
  return { top: top - begin, bottom: Math.max(top, bottom) - begin };
}

/** @param fallback height of a row before one is drawn, in pixels */
export function useRowsInView(box: RefObject<HTMLElement | null>, total: number, fallback: number): RowsInView {
  const [extent, setExtent] = useState<Extent>({ from: 0, to: Math.min(total, 40), first: 0, end: 0 });
  const [rowHeight, setRowHeight] = useState(fallback);
  const current = useRef({ rowHeight, total });
  current.current = { rowHeight, total };
  const look = useCallback(() => {
    const frame = box.current;
    if (!frame) return;
    const { rowHeight: height, total: count } = current.current;
    const { top, bottom } = seenOf(frame);
    const first = Math.max(0, Math.min(count - 1, Math.floor(top / height)));
    const end = Math.max(0, Math.min(count, Math.ceil(bottom / height)));
    setExtent(before => {
      const isDrawn =
        before.from <= Math.max(0, first - SPARE) &&
        before.to >= Math.min(count, end + SPARE) &&
        before.to <= count &&
        before.to - before.from <= end - first + 2 * BEYOND;
      if (isDrawn && before.first === first && before.end === end) return before;
      if (isDrawn) return { ...before, first, end };
      return { from: Math.max(0, first - BEYOND), to: Math.min(count, end + BEYOND), first, end };
    });
  }, [box]);
  useLayoutEffect(() => {
    const row = box.current?.querySelector<HTMLElement>('tbody tr[aria-rowindex]');
    const height = row?.offsetHeight ?? 0;
    if (height > 0 && height !== current.current.rowHeight) setRowHeight(height);
    look();
  });
  useLayoutEffect(() => {
    const frame = box.current;
    if (!frame) return;
    const size = new ResizeObserver(look);
    size.observe(frame);
    frame.addEventListener('scroll', look, { passive: true });
    globalThis.addEventListener('scroll', look, { passive: true });
    return () => {
      size.disconnect();
      frame.removeEventListener('scroll', look);
      globalThis.removeEventListener('scroll', look);
    };
  }, [box, look]);
  const reveal = (index: number): void => {
    const frame = box.current;
    if (!frame) return;
    const { top, bottom } = seenOf(frame);
    const [begin, end] = [index * rowHeight, (index + 1) * rowHeight];
    const by = begin < top ? begin - top : end > bottom ? end - bottom : 0;
    if (by === 0) return;
    if (isScroller(frame)) frame.scrollTop += by;
    else globalThis.scrollBy(0, by + (by < 0 ? -PHONE_EDGE : PHONE_EDGE));
    look();
  };
  return { ...extent, rowHeight, reveal };
}

/** Height of the bars at the edges of a phone, below which a row would not be seen. */
const PHONE_EDGE = 140;
