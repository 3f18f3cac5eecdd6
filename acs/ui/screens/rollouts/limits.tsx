// The limits that stop a job by itself, its window, and its log.
import type { JSX } from 'preact';
import type { JobDetail } from '../../api/jobs.ts';
import { now } from '../../state/clock.ts';
import { rollouts } from '../../words/en/rollouts.ts';
import { dateTime, dayOf, hourAndMinute, number, span, timeOfDay } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import { windowState } from './window-clock.ts';

const words = textsOf('rollouts', rollouts);

export function Limits({ job: { limits, failure, wave } }: { job: JobDetail }): JSX.Element {
  const isRollback = failure.action === 'rollback';
  const { perWave } = failure;
  const isShare = typeof perWave === 'string' && perWave.endsWith('%');
  return (
    <section class="panel" aria-label={words().stops}>
      <header>
        <h2>{words().stops}</h2>
      </header>
      <div class="body stack loose">
        {limits.total.of === null && limits.wave.of === null && <p class="ink-2">{words().stopsNot}</p>}
        {limits.total.of !== null && (
          <Gauge name={words().inAll} used={limits.total.used} of={limits.total.of} isRollback={isRollback} />
        )}
        {limits.wave.of !== null && (
          <Gauge
            name={words().wave(wave)}
            used={limits.wave.used}
            of={limits.wave.of}
            isRollback={isRollback}
            {...(isShare ? { note: words().shareOfWave(perWave) } : {})}
          />
        )}
      </div>
    </section>
  );
}

interface GaugeProps {
  name: string;
  used: number;
  of: number;
  isRollback: boolean;
  note?: string;
}

function Gauge({ name, used, of, isRollback, note }: GaugeProps): JSX.Element {
  const share = of === 0 ? (used > 0 ? 1 : 0) : Math.min(1, used / of);
  const tone = used > of ? 'bad' : share >= 0.5 ? 'warn' : '';
  const more = Math.max(0, of - used) + 1;
  return (
    <div class={`gauge ${tone}`}>
      <div class="row">
        <span>{name}</span>
        <span class="push">
          <b class={tone}>{number(used)}</b> {words().used(number(of))}
        </span>
      </div>
      <div class="track" style={{ '--v': `${Math.round(share * 100)}%` }} />
      {used <= of && <span class="help">{isRollback ? words().moreRollsBack(more) : words().morePauses(more)}</span>}
      {note !== undefined && <span class="help">{note}</span>}
    </div>
  );
}

export function WindowPanel({ job }: { job: JobDetail }): JSX.Element {
  const { window, timezone, parallelism, timeout } = job;
  const state = window && windowState(window, timezone, now.value);
  const running = (job.totals as Readonly<Record<string, number>>).running ?? 0;
  const soak = soakOf(job);
  return (
    <section class="panel" aria-label={words().window}>
      <header>
        <h2>{words().window}</h2>
        <span class="push">
          {state === undefined ? (
            <span class="st ok">{words().windowAlways}</span>
          ) : (
            <span class={`st ${state.isOpen ? 'ok' : 'idle'}`}>
              {state.isOpen ? words().windowOpen : words().windowClosed}
            </span>
          )}
        </span>
      </header>
      <div class="body">
        <dl class="kv">
          {state && window && (
            <>
              <dt>{state.isOpen ? words().closesIn : words().opensIn}</dt>
              <dd>{span(state.left)}</dd>
              <dt>{words().eachDay}</dt>
              <dd>{`${window.from}–${window.to}${window.days ? `, ${daysOf(window.days)}` : ''}`}</dd>
              <dt>{words().zone}</dt>
              <dd>{words().zoneOf(timezone)}</dd>
              <dt>{words().there}</dt>
              <dd>{timeOfDay(now.value, timezone)}</dd>
            </>
          )}
          <dt>{words().atOnce}</dt>
          <dd>{words().atOnceOf(number(running), number(parallelism))}</dd>
          {soak !== undefined && (
            <>
              <dt>{words().soak}</dt>
              <dd>{soak}</dd>
            </>
          )}
          <dt>{words().silent}</dt>
          <dd>{words().failedAfter(span(timeout * 1000))}</dd>
        </dl>
      </div>
    </section>
  );
}

const daysOf = (days: readonly (keyof typeof rollouts.days)[]): string => days.map(day => words().days[day]).join(', ');

function soakOf({ success: { soak = 0, online, noFault } }: JobDetail): string | undefined {
  const time = span(soak * 1000);
  if (online && noFault) return words().soakBoth(time);
  if (online) return words().soakOnline(time);
  if (noFault) return words().soakNoFault(time);
  return soak > 0 ? words().soakOf(time) : undefined;
}

/** The newest entries first, by days. */
export function Log({ job: { log } }: { job: JobDetail }): JSX.Element {
  const entries = [...log].reverse();
  return (
    <section class="panel" aria-label={words().log}>
      <header>
        <h2>{words().log}</h2>
      </header>
      <div class="body">
        <ol class="timeline">
          {entries.map(({ time, text, by }, at) => {
            const day = dayOf(time);
            const before = entries[at - 1];
            const isFirst = before === undefined || dayOf(before.time) !== day;
            return (
              <>
                {isFirst && (
                  <li class="day" key={day}>
                    {day}
                  </li>
                )}
                <li key={`${time} ${text}`}>
                  <time dateTime={time} title={`${dateTime(time)} · ${time}`}>
                    {hourAndMinute(time)}
                  </time>
                  <span class={`st ${toneOfEntry(text)}`} />
                  <span class="wrap-any">
                    {text}
                    {by !== undefined && <span class="ink-3"> · {by}</span>}
                  </span>
                </li>
              </>
            );
          })}
        </ol>
      </div>
    </section>
  );
}

function toneOfEntry(text: string): string {
  if (text.startsWith('paused')) return 'warn';
  return text.startsWith('aborted') || text.startsWith('rolled back') ? 'bad' : 'ok';
}
