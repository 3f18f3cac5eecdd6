// The ladder of a session: an arrow for each message, with its XML when it is opened, and a gap where nothing was said for long.
import { Fragment, type JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { DeviceSession, Message } from '../../../api/device/sessions.ts';
import { may } from '../../../state/session.ts';
import { sessions as english } from '../../../words/en/device/sessions.ts';
import { bytes, number } from '../../../words/format.ts';
import { textsOf } from '../../../words/texts.ts';
import { MessageBody } from './message.tsx';
import { took } from './times.ts';

const words = textsOf('deviceSessions', english);
/** Milliseconds from which a silence is drawn. */
const SILENCE_MS = 100;

export interface LadderProps {
  device: string;
  session: DeviceSession;
  messages: readonly Message[];
  isAllOpen: boolean;
}

export function Ladder({ device, session, messages, isAllOpen }: LadderProps): JSX.Element {
  const box = useRef<HTMLElement>(null);
  const begin = Date.parse(messages[0]?.time ?? session.started);
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by === undefined || !(event.target instanceof HTMLElement) || event.target.tagName !== 'SUMMARY') return;
    const all = [...(box.current?.querySelectorAll('summary') ?? [])];
    all[all.indexOf(event.target) + by]?.focus();
    event.preventDefault();
  };
  return (
    <section class="ladder" ref={box} aria-label={words().ladder} onKeyDown={onKeyDown}>
      <div class="ends">
        <span />
        <span>
          <span>
            {words().peers.cpe} <span class="mono ink-3 notphone">{session.address}</span>
          </span>
          <span>{words().peers.acs}</span>
        </span>
      </div>
      {messages.map((message, at) => {
        const before = messages[at - 1];
        const silence = before ? Date.parse(message.time) - Date.parse(before.time) : 0;
        return (
          <Fragment key={message.n}>
            {silence > SILENCE_MS && (
              <div class="gap">
                <span />
                <span>{words().gap(took(silence))}</span>
              </div>
            )}
            <Rung
              {...{ device, message, isAllOpen }}
              started={session.started}
              after={Date.parse(message.time) - begin}
            />
          </Fragment>
        );
      })}
      {session.omitted !== undefined && <p class="ink-3 small body">{words().omitted(session.omitted)}</p>}
    </section>
  );
}

interface RungProps {
  device: string;
  started: string;
  message: Message;
  isAllOpen: boolean;
  /** Milliseconds from the first message. */
  after: number;
}

const isFault = ({ what }: Message): boolean => what.startsWith('Fault');

function Rung({ device, started, message, isAllOpen, after }: RungProps): JSX.Element {
  const { from, length, n } = message;
  const canOpen = length > 0 && may('getDeviceSessionMessage');
  const [isOpen, setOpen] = useState(isFault(message) && canOpen);
  useEffect(() => {
    if (canOpen) setOpen(isAllOpen || isFault(message));
  }, [isAllOpen, canOpen]);
  const { name, tag } = partsOf(message);
  return (
    <details
      class={`msg ${from === 'cpe' ? 'up' : 'down'} ${isFault(message) ? 'fault' : ''}`}
      open={isOpen}
      onToggle={event => setOpen(event.currentTarget.open)}
    >
      <summary>
        <span class="at">{words().after(number(after))}</span>
        <span class="lane">
          <span class="what">
            <b>
              <span class="sr">{from === 'cpe' ? words().peers.cpe : words().peers.acs}: </span>
              {name} {tag !== '' && <span class={`tag ${isFault(message) ? 'bad' : ''}`}>{tag}</span>}
            </b>
            <span class="ink-3 small">{length > 0 ? bytes(length) : ''}</span>
          </span>
        </span>
      </summary>
      {isOpen && canOpen && <MessageBody {...{ device, started, n }} isFault={isFault(message)} />}
    </details>
  );
}

/** The name of a message, and what stands in parentheses behind it. */
function partsOf({ what, status }: Message): { name: string; tag: string } {
  if (what === '(empty)') return { name: words().empty, tag: '' };
  if (what === '401') return { name: words().asksLogin, tag: '' };
  if (status === 204 && what === '204') return { name: words().ends(status), tag: '' };
  const at = what.indexOf(' (');
  return at > 0 && what.endsWith(')')
    ? { name: what.slice(0, at), tag: what.slice(at + 2, -1) }
    : { name: what, tag: '' };
}
