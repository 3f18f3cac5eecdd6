// The connection request: asked, accepted, and the Inform that follows, in one message that changes.
import type { JSX } from 'preact';
import { wake } from '../../../api/device/device.ts';
import { problemOf } from '../../../api/problem.ts';
import { Icon } from '../../../components/icon.tsx';
import { after, nowMs } from '../../../state/clock.ts';
import type { DeviceLine } from '../../../state/device-line.ts';
import { useShortcuts } from '../../../state/keys.ts';
import { may } from '../../../state/session.ts';
import { tell } from '../../../state/toasts.ts';
import { device as english } from '../../../words/en/device/device.ts';
import { clockTime, span } from '../../../words/format.ts';
import { textsOf } from '../../../words/texts.ts';
import type { TabProps } from '../props.ts';

const words = textsOf('device', english);

const KEY = 'w';
/** An Inform that comes later has another cause. */
const PATIENCE_MS = 60_000;

export function WakeButton({ device: { id, serial, connectionRequestUrl: url }, line }: TabProps): JSX.Element | null {
  const isAllowed = may('connectionRequest');
  const reason = url === '' ? words().wake.noAddress : undefined;
  const run = (): void => {
    if (isAllowed && reason === undefined) wakeNow({ id, serial }, line);
  };
  useShortcuts(isAllowed ? [{ keys: KEY, label: words().wake.action, run }] : []);
  if (!isAllowed) return null;
  return (
    <button class="btn primary" type="button" disabled={reason !== undefined} title={reason} onClick={run}>
      <Icon name="pulse" />
      {words().wake.action}
      <kbd class="notphone">{KEY}</kbd>
    </button>
  );
}

/** Wakes a device, and tells what comes of it. */
export function wakeNow({ id, serial }: { id: string; serial: string }, line: DeviceLine): void {
  const texts = words().wake;
  const began = nowMs();
  let message = tell({ tone: 'busy', text: texts.asked(serial, clockTime(began)) });
  let isInformed = false;
  const end = line.listen(({ type }) => {
    if (type !== 'inform') return;
    isInformed = true;
    end();
    tell({ tone: 'ok', text: texts.informed(serial, clockTime(nowMs()), span(nowMs() - began)) }, message);
  });
  after(PATIENCE_MS, end);
  const ask = (): void =>
    void wake(id).then(
      () => {
        if (isInformed) return;
        message = tell({ tone: 'busy', text: texts.accepted(serial, clockTime(nowMs())) }, message);
      },
      (error: unknown) => {
        end();
        tell({ tone: 'bad', text: texts.failed(serial, problemOf(error).message) }, message);
      },
    );
  // The session may be over before a line that opens meanwhile could tell of it.
  line.whenOpen(ask);
}
