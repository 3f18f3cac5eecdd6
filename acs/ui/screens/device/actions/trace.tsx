// The trace of a device: on with an end, off.
import type { JSX } from 'preact';
import { setTrace } from '../../../api/device/device.ts';
import { problemOf } from '../../../api/problem.ts';
import { Icon } from '../../../components/icon.tsx';
import { Menu } from '../../../components/menu.tsx';
import { useShortcuts } from '../../../state/keys.ts';
import { may } from '../../../state/session.ts';
import { tell } from '../../../state/toasts.ts';
import { device as english } from '../../../words/en/device/device.ts';
import { span } from '../../../words/format.ts';
import { textsOf } from '../../../words/texts.ts';
import { hrefOfTab } from '../places.ts';
import type { TabProps } from '../props.ts';

const words = textsOf('device', english);
const MINUTE_MS = 60_000;
/** Milliseconds after which a trace ends by itself. */
const ends = [15 * MINUTE_MS, 60 * MINUTE_MS, 24 * 60 * MINUTE_MS];

export function TraceMenu({ device: { id, serial } }: TabProps): JSX.Element | null {
  const isAllowed = may('traceDevice');
  const texts = words().trace;
  const trace = async (forMs: number | undefined): Promise<void> => {
    try {
      await setTrace(id, forMs);
      const link = { href: hrefOfTab(id, 'sessions'), text: words().tabs.sessions };
      tell({ tone: 'ok', text: forMs ? texts.on(serial, span(forMs)) : texts.off(serial), link });
    } catch (error) {
      tell({ tone: 'bad', text: problemOf(error).message });
    }
  };
  useShortcuts(isAllowed ? [{ keys: 't', label: texts.key, run: () => void trace(ends[0]) }] : []);
  if (!isAllowed) return null;
  return (
    <Menu
      label={texts.action}
      align="end"
      entries={[
        ...ends.map(ms => ({ text: texts.during(span(ms)), run: () => void trace(ms) })),
        { text: texts.stop, run: () => void trace(undefined) },
      ]}
    >
      <Icon name="terminal" />
      {texts.action}
    </Menu>
  );
}
