// The age of something, which grows with the clock of the page.
import type { JSX } from 'preact';
import { now } from '../state/clock.ts';
import { dateTime, span } from '../words/format.ts';

export interface AgeProps {
  /** Milliseconds, or ISO 8601. */
  at: number | string;
  /** The words around the age; without it stands alone. */
  say?: (age: string) => string;
}

export function Age({ at, say = age => age }: AgeProps): JSX.Element {
  const time = new Date(at);
  const iso = Number.isNaN(time.getTime()) ? '' : time.toISOString();
  return (
    <time dateTime={iso} title={`${dateTime(at)} · ${iso}`}>
      {say(span(now.value - time.getTime()))}
    </time>
  );
}
