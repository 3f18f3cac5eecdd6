// The sessions of a device: the list of them, and one as a ladder.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { type SessionRecord, sessionsOf, type Trace, traceOf } from '../../../api/device/sessions.ts';
import { Empty } from '../../../components/empty.tsx';
import { ProblemNote } from '../../../components/problem-note.tsx';
import { Skeleton } from '../../../components/skeleton.tsx';
import { useReload } from '../../../state/device-line.ts';
import { hrefOf, place, setQuery } from '../../../state/location.ts';
import { useResource } from '../../../state/resource.ts';
import { may } from '../../../state/session.ts';
import { sessions as english } from '../../../words/en/device/sessions.ts';
import { clockTime } from '../../../words/format.ts';
import { textsOf } from '../../../words/texts.ts';
import { wakeNow } from '../actions/wake.tsx';
import type { TabProps } from '../props.ts';
import { OneSession } from './one-session.tsx';
import { Outcome, type SessionState } from './outcome.tsx';
import { took } from './times.ts';
import { TraceFooter } from './trace.tsx';

const words = textsOf('deviceSessions', english);

/** A session that is listed: ended, or traced and under way. */
interface Listed {
  started: string;
  events: string;
  state: SessionState;
  fault: number | null;
  about: string;
}

export function SessionsTab(props: TabProps): JSX.Element {
  const { device, line } = props;
  const list = useResource(device.id, async signal => await sessionsOf(device.id, signal));
  const mayTrace = may('getTrace');
  const trace = useResource(mayTrace ? device.id : undefined, async signal => await traceOf(device.id, signal));
  useReload(line, ['session'], list.reload);
  useReload(line, ['inform', 'session'], () => {
    if (trace.value?.on) trace.reload();
  });
  const shown = listOf(list.value ?? [], trace.value);
  const chosen = place.value.query.get('session') ?? undefined;
  const [isWatching, setWatching] = useState(false);
  const newest = shown[0]?.started;
  const seen = useRef(newest);
  useEffect(() => {
    if (isWatching && newest !== undefined && newest !== seen.current) {
      setQuery({ session: newest });
      setWatching(false);
    }
    seen.current = newest;
  }, [newest, isWatching]);
  if (!list.value)
    return list.problem ? <ProblemNote problem={list.problem} onRetry={list.reload} /> : <Skeleton rows={10} />;
  const current = chosen ?? newest;
  return (
    <>
      {list.problem && <ProblemNote problem={list.problem} at={list.at} onRetry={list.reload} />}
      <div class="split wide">
        <section class="panel" aria-label={words().title}>
          <header>
            <h2>{words().title}</h2>
            {mayTrace && (
              <span class="push">
                <span class={`st ${trace.value?.on ? 'busy' : 'idle'}`}>
                  {trace.value?.on ? words().tracing : words().notTraced}
                </span>
              </span>
            )}
          </header>
          {shown.length === 0 ? (
            <Empty title={words().none} text={words().noneText} />
          ) : (
            <ul class="sess">
              {shown.map(session => (
                <li key={session.started}>
                  <SessionLink session={session} isCurrent={session.started === current} />
                </li>
              ))}
            </ul>
          )}
          {mayTrace && (
            <TraceFooter
              device={device.id}
              trace={trace.value}
              reload={trace.reload}
              onWatch={() => {
                setWatching(true);
                wakeNow(device, line);
              }}
            />
          )}
        </section>
        {current === undefined ? (
          <section class="panel" aria-label={words().one}>
            <Empty title={words().choose} />
          </section>
        ) : (
          <OneSession key={current} {...props} started={current} trace={trace} />
        )}
      </div>
    </>
  );
}

/** Sessions under way come first: they are traced, and have no record yet. */
function listOf(records: readonly SessionRecord[], trace: Trace | undefined): Listed[] {
  const running = (trace?.sessions ?? []).filter(
    ({ ended, started }) => ended === undefined && !records.some(record => record.started === started),
  );
  return [
    ...running.reverse().map(({ started, messages }) => ({
      ...{ started, events: '', state: 'running' as const, fault: null },
      about: words().running(messages.length),
    })),
    ...records.map(({ started, ended, events, outcome, fault, rpcs }) => ({
      ...{ started, events: events.join(', '), state: outcome, fault },
      about: words().summary(rpcs, took(Date.parse(ended) - Date.parse(started))),
    })),
  ];
}

function SessionLink({ session, isCurrent }: { session: Listed; isCurrent: boolean }): JSX.Element {
  const { started, events, state, fault, about } = session;
  return (
    <a
      class="ses"
      href={hrefOf(place.value.path, { session: started })}
      aria-current={isCurrent ? 'true' : undefined}
      onClick={event => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        setQuery({ session: started });
      }}
    >
      <span class="row">
        <b title={started}>{clockTime(started)}</b>
        <span class="push">
          <Outcome state={state} fault={fault} />
        </span>
      </span>
      <span class="ink-2 small cut">{events}</span>
      <span class="ink-3 small">{about}</span>
    </a>
  );
}
