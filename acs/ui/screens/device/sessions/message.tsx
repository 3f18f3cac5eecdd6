// The content of a message: loaded when it is opened, its XML in lines, its fault explained.
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { messageOf } from '../../../api/device/sessions.ts';
import { CopyButton } from '../../../components/copy-button.tsx';
import { Note } from '../../../components/note.tsx';
import { ProblemNote } from '../../../components/problem-note.tsx';
import { useResource } from '../../../state/resource.ts';
import { sessions as english } from '../../../words/en/device/sessions.ts';
import { textsOf } from '../../../words/texts.ts';
import { faultOf, linesOf, type XmlLine } from './xml.ts';

const words = textsOf('deviceSessions', english);
/** Lines that are drawn at once. */
const MOST = 1500;

export interface MessageBodyProps {
  device: string;
  started: string;
  n: number;
  isFault: boolean;
}

export function MessageBody({ device, started, n, isFault }: MessageBodyProps): JSX.Element {
  const { value, problem, reload } = useResource(
    `${device} ${started} ${n}`,
    async signal => await messageOf(device, started, n, signal),
  );
  if (problem)
    return (
      <div>
        <ProblemNote problem={problem} onRetry={reload} />
      </div>
    );
  if (!value)
    return (
      <div>
        <p class="ink-3 small">{words().isLoading}</p>
      </div>
    );
  const { xml, note } = value;
  return (
    <div class="stack tight">
      {note !== undefined && <p class="ink-3 small">{note}</p>}
      {xml !== null && isFault && <FaultNote xml={xml} />}
      {xml !== null && <Xml xml={xml} />}
    </div>
  );
}

function FaultNote({ xml }: { xml: string }): JSX.Element | null {
  const fault = useMemo(() => faultOf(xml), [xml]);
  if (!fault) return null;
  const meaning = words().faults[fault.code];
  return (
    <Note tone="bad">
      <p>
        {words().parameterFault(fault.code, fault.message)} {meaning}
      </p>
      {fault.parameters.map(({ name, code, message }) => (
        <p key={name}>
          <b class="mono wrap-any">{name}</b> {words().parameterFault(code, message)} {words().faults[code]}
        </p>
      ))}
      {fault.parameters.length > 0 && <p>{words().allOrNone}</p>}
    </Note>
  );
}

function Xml({ xml }: { xml: string }): JSX.Element {
  const { lines, isCut } = useMemo(() => linesOf(xml, MOST), [xml]);
  return (
    <>
      <pre {...scrolled}>
        {lines.map((line, at) => (
          <Line key={at} line={line} />
        ))}
      </pre>
      <div class="row tight">
        {isCut && <span class="ink-3 small">{words().cutXml(MOST)}</span>}
        <span class="push">
          <CopyButton text={() => xml} />
        </span>
      </div>
    </>
  );
}

/** A part that scrolls takes the focus, so that keys can scroll it. */
const scrolled = { tabIndex: 0 };
const INDENT = '  ';

const Line = ({ line: { depth, open, text, close } }: { line: XmlLine }): JSX.Element => (
  <>
    {INDENT.repeat(depth)}
    {open !== '' && <span class="ink-3">{open}</span>}
    {text}
    {close !== '' && <span class="ink-3">{close}</span>}
    {'\n'}
  </>
);
