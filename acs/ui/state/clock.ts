// Time in the browser: a tick each second while the page is seen, and timers. The one home of impure time in the pages.
import { signal } from '@preact/signals';

/** Milliseconds since the epoch, at the last tick. Ages are made from it. */
export const now = signal(Date.now());

export const nowMs = (): number => Date.now();

/** Calls `run` once after `ms`. @returns takes the call back */
export function after(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}

/** Calls `run` every `ms`, not while the page is hidden. @returns ends the calls */
export function every(ms: number, run: () => void): () => void {
  const timer = setInterval(() => {
    if (document.visibilityState === 'visible') run();
  }, ms);
  return () => clearInterval(timer);
}

every(1000, () => {
  now.value = Date.now();
});
