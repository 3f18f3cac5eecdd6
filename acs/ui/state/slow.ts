// Values that change often, shown at most once in a while.
import { useEffect, useRef, useState } from 'preact/hooks';
import { after, nowMs } from './clock.ts';

/** @returns the first value at once, later ones at most every `ms` */
export function useSlow<T>(value: T | undefined, ms: number): T | undefined {
  const [shown, setShown] = useState(value);
  const latest = useRef(value);
  const since = useRef(nowMs());
  latest.current = value;
  useEffect(() => {
    if (value === shown) return;
    const show = (): void => {
      since.current = nowMs();
      setShown(latest.current);
    };
    const wait = shown === undefined ? 0 : since.current + ms - nowMs();
    if (wait <= 0) return show();
    return after(wait, show);
  }, [value, shown, ms]);
  return shown;
}
