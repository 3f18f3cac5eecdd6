// The silence of an alert: for a time nothing begins to fire.
import type { JSX } from 'preact';
import { type Alert, silenceAlert } from '../../api/administration/alerts.ts';
import { problemOf } from '../../api/problem.ts';
import { Icon } from '../../components/icon.tsx';
import { Menu } from '../../components/menu.tsx';
import { now, nowMs } from '../../state/clock.ts';
import { tell } from '../../state/toasts.ts';
import { alerts } from '../../words/en/alerts.ts';
import { dateTime } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('alerts', alerts);
const HOUR_MS = 3_600_000;
const spans = { '1h': HOUR_MS, '8h': 8 * HOUR_MS, '1d': 24 * HOUR_MS, '7d': 168 * HOUR_MS } as const;
type Span = keyof typeof spans;

export const isSilent = ({ silentUntil }: Alert): boolean =>
  silentUntil !== undefined && Date.parse(silentUntil) > now.value;

export function Silence({ alert, onChanged }: { alert: Alert; onChanged: () => void }): JSX.Element {
  const { name } = alert;
  const silence = async (ms: number | undefined): Promise<void> => {
    const until = ms === undefined ? undefined : new Date(nowMs() + ms).toISOString();
    try {
      await silenceAlert(name, until);
      const text = until === undefined ? words().awake(name) : words().silenced(name, dateTime(until));
      tell({ tone: 'ok', text });
      onChanged();
    } catch (error) {
      tell({ tone: 'bad', text: problemOf(error).message });
    }
  };
  return (
    <div class="row">
      <Menu
        label={words().silence}
        entries={(Object.keys(spans) as Span[]).map(span => ({
          text: words().silenceFor[span],
          run: () => void silence(spans[span]),
        }))}
      >
        {words().silence}
        <Icon name="down" />
      </Menu>
      {isSilent(alert) && (
        <button class="btn" type="button" onClick={() => void silence(undefined)}>
          {words().wake}
        </button>
      )}
    </div>
  );
}
