// Events of the fleet as they come, at most four a second; they can be held still.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { LineState } from '../../api/events.ts';
import { Icon } from '../../components/icon.tsx';
import { every, nowMs } from '../../state/clock.ts';
import { openStream } from '../../state/stream.ts';
import { overview } from '../../words/en/overview.ts';
import { clockTime } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import { EventText, eventTypes, type FleetEvent, toneOf } from './event-text.tsx';

const words = textsOf('overview', overview);
const PAUSE_MS = 250;
const SHOWN = 8;
const MAX_WAITING = 99;

interface Entry extends FleetEvent {
  number: number;
  at: number;
}

export function JustNow(): JSX.Element {
  const [shown, setShown] = useState<readonly Entry[]>([]);
  const [isHeld, setHeld] = useState(false);
  const [waitingCount, setWaitingCount] = useState(0);
  const [, setLine] = useState<LineState>('connecting');
  const waiting = useRef<Entry[]>([]);
  const held = useRef(false);
  held.current = isHeld;
  const last = useRef(0);
  useEffect(() => {
    const end = openStream({
      types: eventTypes,
      query: { rate: 4 },
      onState: setLine,
      onEvent: (type, data) => {
        if (type === 'gap') return;
        waiting.current.push({ type, data, at: nowMs(), number: ++last.current });
        // Of more than can be shown the newest are kept.
        if (waiting.current.length > MAX_WAITING) waiting.current.shift();
      },
    });
    const stop = every(PAUSE_MS, () => {
      if (held.current) return setWaitingCount(waiting.current.length);
      // While few come all are shown, one after the other; in a storm those that are newest.
      const next = waiting.current.length > SHOWN ? waiting.current.splice(0).at(-1) : waiting.current.shift();
      if (next) setShown(before => [next, ...before].slice(0, SHOWN));
    });
    return () => {
      end();
      stop();
    };
  }, []);
  const toggle = (): void => {
    setWaitingCount(0);
    setHeld(!isHeld);
  };
  return (
    <section class="panel c5" aria-label={words().justNow}>
      <header>
        <h2>{words().justNow}</h2>
        <button class="btn quiet tiny push" type="button" aria-pressed={isHeld} onClick={toggle}>
          <Icon name={isHeld ? 'play' : 'pause'} />
          {isHeld ? words().goOn(waitingCount) : words().hold}
        </button>
      </header>
      <div class="body">
        {shown.length === 0 ? (
          <p class="ink-3">{words().quiet}</p>
        ) : (
          <ol class="timeline">
            {shown.map(entry => (
              <li key={entry.number}>
                <time dateTime={new Date(entry.at).toISOString()}>{clockTime(entry.at)}</time>
                <span class={`st ${toneOf(entry)}`} />
                <span class="wrap-any">
                  <EventText event={entry} />
                </span>
              </li>
            ))}
          </ol>
        )}
      </div>
    </section>
  );
}
