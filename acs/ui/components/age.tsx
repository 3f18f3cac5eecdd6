// The age of something, which grows with the clock of the page.
import type { JSX } from 'preact';
import { now } from '../state/clock.ts';
import { dateTime, span } from '../words/format.ts';

/** @param at milliseconds, or ISO 8601 */
export function Age({ at }: { at: number | string }): JSX.Element {
  const time = new Date(at);
  const iso = Number.isNaN(time.getTime()) ? '' : time.toISOString();
  return (
    <time dateTime={iso} title={`${dateTime(at)} · ${iso}`}>
      {span(now.value - time.getTime())}
    </time>
  );
}
