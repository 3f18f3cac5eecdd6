// One session: its head with what can be taken from it, the ladder of its messages, its sums.
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { type DeviceSession, ladderOf, sessionOf, type Trace, traceOf } from '../../../api/device/sessions.ts';
import { problemOf } from '../../../api/problem.ts';
import { copyText } from '../../../components/copy-button.tsx';
import { Empty } from '../../../components/empty.tsx';
import { Icon } from '../../../components/icon.tsx';
import { Note } from '../../../components/note.tsx';
import { ProblemNote } from '../../../components/problem-note.tsx';
import { Skeleton } from '../../../components/skeleton.tsx';
import { useReload } from '../../../state/device-line.ts';
import { useShortcuts } from '../../../state/keys.ts';
import type { Resource } from '../../../state/resource.ts';
import { useResource } from '../../../state/resource.ts';
import { may } from '../../../state/session.ts';
import { tell } from '../../../state/toasts.ts';
import { sessions as english } from '../../../words/en/device/sessions.ts';
import { frame } from '../../../words/en/frame.ts';
import { bytes, clockTime } from '../../../words/format.ts';
import { textsOf } from '../../../words/texts.ts';
import type { TabProps } from '../props.ts';
import { Ladder } from './ladder.tsx';
import { Outcome } from './outcome.tsx';
import { TraceButtons } from './trace.tsx';

const words = textsOf('deviceSessions', english);
const frameWords = textsOf('frame', frame);

interface OneProps extends TabProps {
  started: string;
  trace: Resource<Trace>;
}

export function OneSession(props: OneProps): JSX.Element {
  const { device, line, started, trace } = props;
  const found = useResource(`${device.id} ${started}`, async signal => await sessionOf(device.id, started, signal));
  const isRunning = found.value !== undefined && found.value.ended === undefined;
  useReload(line, ['rpc', 'inform', 'session'], () => {
    if (isRunning) found.reload();
  });
  const [isAllOpen, setAllOpen] = useState(false);
  const ladder = useRef<HTMLElement>(null);
  useShortcuts([{ keys: 'o', label: words().keyHelp.all, run: () => setAllOpen(is => !is) }]);
  const session = found.value;
  if (!session) {
    if (found.problem?.status === 404) return <Gone />;
    return (
      <section class="panel" aria-label={words().one}>
        {found.problem ? <ProblemNote problem={found.problem} onRetry={found.reload} /> : <Skeleton rows={8} />}
      </section>
    );
  }
  const { events, outcome, fault, messages, error } = session;
  return (
    <section class="panel" aria-label={words().one} ref={ladder}>
      <header>
        <h2>{words().head(clockTime(started), events.join(', '))}</h2>
        <Outcome state={outcome ?? 'running'} fault={fault} />
        {messages !== null && messages.length > 0 && may('getTrace') && (
          <Takings
            {...{ device: device.id, started, isAllOpen }}
            first={messages[0]?.time ?? ''}
            onAll={() => setAllOpen(!isAllOpen)}
          />
        )}
      </header>
      {error !== undefined && <Note tone="warn">{words().lostBecause(error)}</Note>}
      {messages === null ? (
        <Empty title={words().noMessages} text={words().noMessagesText}>
          {may('traceDevice') && !trace.value?.on && <TraceButtons device={device.id} reload={trace.reload} />}
        </Empty>
      ) : (
        <Ladder device={device.id} session={session} messages={messages} isAllOpen={isAllOpen} />
      )}
      <Sums session={session} />
    </section>
  );
}

const Gone = (): JSX.Element => (
  <section class="panel" aria-label={words().one}>
    <Empty title={words().gone} />
  </section>
);

interface TakingsProps {
  device: string;
  started: string;
  /** The time of its first message. */
  first: string;
  isAllOpen: boolean;
  onAll: () => void;
}

const Takings = ({ device, started, first, isAllOpen, onAll }: TakingsProps): JSX.Element => (
  <span class="push row">
    <button class="btn tiny" type="button" aria-pressed={isAllOpen} onClick={onAll}>
      {isAllOpen ? words().noXml : words().allXml}
    </button>
    <button class="btn tiny" type="button" onClick={() => void told(async () => await copyLadder(device, first))}>
      <Icon name="copy" />
      {words().asText}
    </button>
    <button
      class="btn tiny notphone"
      type="button"
      onClick={() => void told(async () => await saveXml(device, { started, first }))}
    >
      <Icon name="download" />
      {words().download}
    </button>
  </span>
);

async function told(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    tell({ tone: 'bad', text: problemOf(error).message });
  }
}

/** The session of the trace: its begin may be another than that of the record, its messages are the same. */
async function tracedSession(device: string, first: string): Promise<Trace['sessions'][number] | undefined> {
  return (await traceOf(device)).sessions.find(({ messages }) => messages[0]?.time === first);
}

/** The server has one text for all sessions of the trace: each begins with the id of the device and the time. */
async function copyLadder(device: string, first: string): Promise<void> {
  const [all, session] = await Promise.all([ladderOf(device), tracedSession(device, first)]);
  const begin = all.indexOf(`${device}  ${session?.started ?? ''}`);
  const end = begin < 0 ? -1 : all.indexOf(`\n${device}  `, begin);
  copyText(all.slice(Math.max(0, begin), end < 0 ? undefined : end));
  tell({ tone: 'ok', text: frameWords().copied });
}

async function saveXml(device: string, { started, first }: { started: string; first: string }): Promise<void> {
  const session = await tracedSession(device, first);
  const parts = (session?.messages ?? []).map(
    ({ time, from, what, xml }) => `<!-- ${time} ${from}: ${what.replaceAll('--', '- -')} -->\n${xml ?? ''}\n`,
  );
  const url = URL.createObjectURL(new Blob(parts, { type: 'application/xml' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${device}-${started.replaceAll(':', '')}.xml`;
  link.click();
  URL.revokeObjectURL(url);
}

function Sums({ session }: { session: DeviceSession }): JSX.Element {
  const { messages, bytesUp, bytesDown, tls, address } = session;
  const parts = [
    ...(messages ? [words().foot(messages.length, bytes(bytesUp), bytes(bytesDown))] : []),
    tls === null ? words().noTls : tls === 'proxy' ? words().byProxy : tls,
    address,
  ];
  return <footer>{parts.join(', ')}</footer>;
}
