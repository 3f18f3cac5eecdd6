// The trace of a device below its sessions: on with an end, off, and a wake that is watched.
import type { JSX } from 'preact';
import { setTrace } from '../../../api/device/device.ts';
import type { Trace } from '../../../api/device/sessions.ts';
import { problemOf } from '../../../api/problem.ts';
import { may } from '../../../state/session.ts';
import { tell } from '../../../state/toasts.ts';
import { sessions as english } from '../../../words/en/device/sessions.ts';
import { timeOfDay } from '../../../words/format.ts';
import { textsOf } from '../../../words/texts.ts';

const words = textsOf('deviceSessions', english);

const MINUTE_MS = 60_000;
const spans = { quarter: 15 * MINUTE_MS, hour: 60 * MINUTE_MS, day: 24 * 60 * MINUTE_MS } as const;
type Span = keyof typeof spans;

export interface TraceProps {
  device: string;
  trace: Trace | undefined;
  reload: () => void;
  onWatch: () => void;
}

async function set(device: string, span: Span | undefined, reload: () => void): Promise<void> {
  try {
    await setTrace(device, span && spans[span]);
    tell({ tone: 'ok', text: span === undefined ? words().stopped : words().started(words().traceFor[span]) });
  } catch (error) {
    tell({ tone: 'bad', text: problemOf(error).message });
  }
  reload();
}

export function TraceFooter({ device, trace, reload, onWatch }: TraceProps): JSX.Element {
  const mayWake = may('connectionRequest');
  return (
    <footer class="stack tight">
      {trace?.on ? (
        <p>
          {trace.until === undefined ? words().traceOpen : words().traceEnds(timeOfDay(trace.until))}{' '}
          {may('traceDevice') && (
            <button class="btn tiny" type="button" onClick={() => void set(device, undefined, reload)}>
              {words().stop}
            </button>
          )}
        </p>
      ) : (
        may('traceDevice') && <TraceButtons device={device} reload={reload} />
      )}
      {trace?.on && mayWake && (
        <div>
          <button class="btn tiny" type="button" onClick={onWatch}>
            {words().watch}
          </button>
        </div>
      )}
    </footer>
  );
}

export const TraceButtons = ({ device, reload }: Pick<TraceProps, 'device' | 'reload'>): JSX.Element => (
  <div class="row tight">
    <span>{words().traceFor.title}</span>
    {(Object.keys(spans) as Span[]).map(span => (
      <button
        class="btn tiny"
        type="button"
        key={span}
        aria-label={words().traceOn(words().traceFor[span])}
        onClick={() => void set(device, span, reload)}
      >
        {words().traceFor[span]}
      </button>
    ))}
  </div>
);
