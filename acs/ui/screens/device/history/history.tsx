// The history of a device: its recorded parameters over time.
import type { JSX } from 'preact';
import { recordedPaths, type Series, seriesOf } from '../../../api/device/history.ts';
import { Chart } from '../../../components/charts/chart.tsx';
import { Empty } from '../../../components/empty.tsx';
import { Panel } from '../../../components/panel.tsx';
import { ProblemNote } from '../../../components/problem-note.tsx';
import { Skeleton } from '../../../components/skeleton.tsx';
import { nowMs } from '../../../state/clock.ts';
import { place, setQuery } from '../../../state/location.ts';
import { useResource } from '../../../state/resource.ts';
import { deviceWork as english } from '../../../words/en/device/work.ts';
import { number } from '../../../words/format.ts';
import { textsOf } from '../../../words/texts.ts';
import { hrefOfTab } from '../places.ts';
import type { TabProps } from '../props.ts';

const words = textsOf('deviceWork', english);
const HOUR_MS = 3_600_000;
const ranges = { hour: HOUR_MS, day: 24 * HOUR_MS, week: 168 * HOUR_MS, month: 720 * HOUR_MS } as const;
type Range = keyof typeof ranges;
/** Charts beside each other; more are chosen one by one. */
const MOST = 6;

const isRange = (text: string | null): text is Range => text !== null && Object.hasOwn(ranges, text);

export function HistoryTab({ device: { id } }: TabProps): JSX.Element {
  const { query } = place.value;
  const wish = query.get('range');
  const range: Range = isRange(wish) ? wish : 'day';
  const only = query.get('path');
  const paths = useResource(id, async signal => await recordedPaths(id, signal));
  const texts = words().history;
  if (!paths.value)
    return paths.problem ? <ProblemNote problem={paths.problem} onRetry={paths.reload} /> : <Skeleton rows={6} />;
  if (paths.value.length === 0)
    return (
      <Empty title={texts.none} text={texts.noneHint}>
        <a class="btn" href={hrefOfTab(id, 'parameters')}>
          {texts.toParameters}
        </a>
      </Empty>
    );
  const shown = only === null ? paths.value.slice(0, MOST) : paths.value.filter(path => path === only);
  return (
    <>
      <div class="row">
        <fieldset class="btns">
          <legend class="sr">{texts.range}</legend>
          {(Object.keys(ranges) as Range[]).map(each => (
            <button
              class="btn"
              type="button"
              key={each}
              aria-pressed={each === range}
              onClick={() => setQuery({ range: each === 'day' ? undefined : each })}
            >
              {texts.ranges[each]}
            </button>
          ))}
        </fieldset>
        <label class="row push">
          <span class="ink-2">{texts.parameter}</span>
          <select
            class="input"
            value={only ?? ''}
            onChange={event => setQuery({ path: event.currentTarget.value || undefined })}
          >
            <option value="">{texts.first(Math.min(MOST, paths.value.length), paths.value.length)}</option>
            {paths.value.map(path => (
              <option key={path} value={path}>
                {path}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div class="cols">
        {shown.map(path => (
          <PathChart key={path} id={id} path={path} range={range} />
        ))}
      </div>
    </>
  );
}

function PathChart({ id, path, range }: { id: string; path: string; range: Range }): JSX.Element {
  const found = useResource(
    `${id} ${path} ${range}`,
    async signal => await seriesOf(id, path, new Date(nowMs() - ranges[range]).toISOString(), signal),
    { keeps: true, everyMs: 30_000 },
  );
  return (
    <Panel title={path} class="c6" of={found}>
      {series => (series.points.length === 0 ? <p class="ink-2">{words().history.empty}</p> : <Drawn of={series} />)}
    </Panel>
  );
}

function Drawn({ of: { path, points } }: { of: Series }): JSX.Element {
  const texts = words().history;
  const least = Math.min(...points.map(({ min }) => min));
  const most = Math.max(...points.map(({ max }) => max));
  const format = (value: number): string => number(Math.round(value * 100) / 100);
  return (
    <Chart
      times={points.map(({ time }) => Date.parse(time))}
      lines={[{ label: texts.average, look: 'filled', values: points.map(({ avg }) => avg), format }]}
      summary={texts.summary(path, format(least), format(most))}
    />
  );
}
