// The event stream of the server, tried again where it was refused.
import { connectStream, type StreamOptions } from '../api/events.ts';
import { after } from './clock.ts';

/** A line that the server has refused is tried again after so long, and then more and more seldom. */
const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 30_000;

/** @returns ends the stream */
export function openStream(options: StreamOptions): () => void {
  let pause = FIRST_PAUSE_MS;
  let cancel: (() => void) | undefined;
  const stream = connectStream({
    ...options,
    onState: state => {
      if (state === 'live') pause = FIRST_PAUSE_MS;
      if (state === 'lost') {
        cancel?.();
        cancel = after(pause, () => stream.reopen());
        pause = Math.min(2 * pause, MAX_PAUSE_MS);
      }
      options.onState?.(state);
    },
  });
  return () => {
    cancel?.();
    stream.end();
  };
}
