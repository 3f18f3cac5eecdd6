// Past and live events of a device, by day.
import { Fragment, type JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { eventsOf, type PastEvent } from '../../../api/device/device.ts';
import { Panel } from '../../../components/panel.tsx';
import { nowMs } from '../../../state/clock.ts';
import { useReload } from '../../../state/device-line.ts';
import { useResource } from '../../../state/resource.ts';
import { deviceSummary as english } from '../../../words/en/device/summary.ts';
import { dateTime, dayOf, hourAndMinute } from '../../../words/format.ts';
import { textsOf } from '../../../words/texts.ts';
import { hrefOfTab } from '../places.ts';
import type { TabProps } from '../props.ts';
import { eventText, toneOf } from './event-text.ts';

const words = textsOf('deviceSummary', english);
const SHOWN = 12;
/** Events that the history keeps: the others come by the live line alone. */
const KEPT = ['enrolled', 'late', 'lost', 'back', 'fault', 'faultCleared', 'rollout'];

export function EventsPanel({ device: { id }, line }: TabProps): JSX.Element {
  const [limit, setLimit] = useState(SHOWN);
  const past = useResource(`${id} ${limit}`, async signal => await eventsOf(id, limit, signal), { keeps: true });
  useReload(line, KEPT, past.reload);
  const [live, setLive] = useState<readonly PastEvent[]>([]);
  useEffect(
    () =>
      line.listen(({ type, data }) => {
        if (type !== 'session' && type !== 'connectionRequest') return;
        const event = { time: new Date(nowMs()).toISOString(), type, data };
        setLive(before => [event, ...before].slice(0, SHOWN));
      }),
    [line],
  );
  const texts = words().events;
  return (
    <Panel
      title={texts.title}
      class="c7"
      of={past}
      aside={
        <span class="push small">
          <a href={hrefOfTab(id, 'sessions')}>{texts.sessions}</a>
        </span>
      }
    >
      {items => (
        <>
          <Timeline events={[...live, ...items].sort((a, b) => b.time.localeCompare(a.time))} />
          {items.length >= limit && limit < 200 && (
            <button class="btn tiny" type="button" onClick={() => setLimit(200)}>
              {texts.more}
            </button>
          )}
        </>
      )}
    </Panel>
  );
}

function Timeline({ events }: { events: readonly PastEvent[] }): JSX.Element {
  if (events.length === 0) return <p class="ink-2">{words().events.none}</p>;
  return (
    <ol class="timeline">
      {events.map((event, at) => {
        const before = events[at - 1];
        const isNewDay = before === undefined || dayOf(before.time) !== dayOf(event.time);
        return (
          <Fragment key={`${event.time} ${event.type} ${at}`}>
            {isNewDay && <li class="day">{dayOf(event.time)}</li>}
            <li>
              <time dateTime={event.time} title={dateTime(event.time)}>
                {hourAndMinute(event.time)}
              </time>
              <span class={`st ${toneOf(event)}`} />
              <span class="wrap-any">{eventText(event, words().events)}</span>
            </li>
          </Fragment>
        );
      })}
    </ol>
  );
}
