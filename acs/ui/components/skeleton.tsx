// Bars in place of what is being loaded, shown only when that takes longer than a moment.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { after } from '../state/clock.ts';

const WAIT_MS = 150;

export function Skeleton({ rows = 4 }: { rows?: number }): JSX.Element {
  const [isShown, setShown] = useState(false);
  useEffect(() => after(WAIT_MS, () => setShown(true)), []);
  return (
    <div class="loading" aria-hidden="true">
      {isShown &&
        Array.from({ length: rows }, (_, at) => (
          <span class="skel" key={at} style={{ '--v': `${40 + ((at * 17) % 50)}%` }} />
        ))}
    </div>
  );
}
