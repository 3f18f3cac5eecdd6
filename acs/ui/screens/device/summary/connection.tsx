// The connection between a device and the ACS, and its last day.
import type { JSX } from 'preact';
import { eventsOf } from '../../../api/device/device.ts';
import { now } from '../../../state/clock.ts';
import { useReload } from '../../../state/device-line.ts';
import { useResource } from '../../../state/resource.ts';
import { deviceSummary as english } from '../../../words/en/device/summary.ts';
import { span } from '../../../words/format.ts';
import { textsOf } from '../../../words/texts.ts';
import { hrefOfTab } from '../places.ts';
import type { TabProps } from '../props.ts';
import { type FactProps, factNamed, numberOf, textOf } from './facts.ts';
import { dayOf, type HalfHour } from './informs.ts';
import { Row } from './row.tsx';

const words = textsOf('deviceSummary', english);

export function ConnectionPanel({ device, line, facts }: TabProps & FactProps): JSX.Element {
  const texts = words().connection;
  const uptime = factNamed(facts, 'uptime');
  const seconds = numberOf(uptime);
  const mac = factNamed(facts, 'macAddress');
  const wan = factNamed(facts, 'wanAddress');
  return (
    <section class="panel c4" aria-label={texts.title}>
      <header>
        <h2>{texts.title}</h2>
        <span class="push small">
          <a href={hrefOfTab(device.id, 'parameters', { find: 'ManagementServer' })}>{texts.values}</a>
        </span>
      </header>
      <div class="body stack">
        <dl class="kv">
          <Row name={texts.address} at={device.lastInform}>
            <span class="mono">{device.address || texts.none}</span>
          </Row>
          {wan && (
            <Row name={texts.wan} at={wan.time}>
              <span class="mono">{textOf(wan)}</span>
            </Row>
          )}
          {mac && (
            <Row name={texts.mac} at={mac.time}>
              <span class="mono">{textOf(mac)}</span>
            </Row>
          )}
          <Row name={texts.interval}>
            {device.informInterval === null ? texts.notKnown : span(device.informInterval * 1000)}
          </Row>
          {uptime && (
            <Row name={texts.uptime} at={uptime.time}>
              {seconds === undefined ? textOf(uptime) : span(seconds * 1000 + now.value - Date.parse(uptime.time))}
            </Row>
          )}
          <Row name={texts.wakes}>{device.connectionRequestUrl === '' ? texts.notWoken : texts.woken}</Row>
          <Row name={texts.login}>
            {device.login === null ? texts.none : texts.logins[device.login]}
            {device.username !== null && <span class="mono wrap-any ink-3"> {device.username}</span>}
          </Row>
          {device.lastEvents.length > 0 && (
            <Row name={texts.events} at={device.lastInform}>
              {device.lastEvents.join(', ')}
            </Row>
          )}
        </dl>
        <DayBar device={device} line={line} />
      </div>
    </section>
  );
}

const tones = { none: 'waiting', done: 'done', late: 'lateseg', lost: 'failed' } as const;

function DayBar({ device: { id, created, lastInform }, line }: Pick<TabProps, 'device' | 'line'>): JSX.Element | null {
  const events = useResource(id, async signal => await eventsOf(id, 200, signal));
  useReload(line, ['late', 'lost', 'back'], events.reload);
  if (lastInform === null || !events.value) return null;
  const day = dayOf({ events: events.value, now: now.value, since: Date.parse(created) });
  const texts = words().connection;
  const count = (state: HalfHour): number => day.filter(each => each === state).length;
  return (
    <div class="stack tight">
      <div class="bar" role="img" aria-label={texts.day(count('late'), count('lost'))}>
        {day.map((state, at) => (
          <span class={tones[state]} key={at} style={{ '--v': '1' }} />
        ))}
      </div>
      <div class="row small ink-3">
        <span>{texts.dayAgo}</span>
        <span class="push">{texts.now}</span>
      </div>
    </div>
  );
}
