// Informs and the length of sessions over the last day.
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { getSeries, type ServerSeries } from '../../api/overview.ts';
import { Chart } from '../../components/charts/chart.tsx';
import type { Content } from '../../components/charts/content.ts';
import { Panel } from '../../components/panel.tsx';
import { useResource } from '../../state/resource.ts';
import { overview } from '../../words/en/overview.ts';
import { number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('overview', overview);
const EVERY_MS = 30_000;

const informsText = (value: number): string => number(Math.round(value));
const secondsText = (value: number): string => words().seconds(number(Math.round(value * 100) / 100));

/** The series as lines with common times. */
function contentOf({ series }: ServerSeries): Content {
  const [informs = [], p95 = []] = ['informs', 'sessionP95'].map(
    name => series.find(each => each.name === name)?.points ?? [],
  );
  const [perMinute, length] = [informs, p95].map(
    points => new Map(points.map(({ time, avg }) => [new Date(time).getTime(), avg])),
  );
  const times = [...new Set([...(perMinute?.keys() ?? []), ...(length?.keys() ?? [])])].sort((a, b) => a - b);
  const valuesOf = (points: ReadonlyMap<number, number> | undefined, by: number): (number | null)[] =>
    times.map(time => {
      const value = points?.get(time);
      return value === undefined ? null : value * by;
    });
  return {
    times,
    lines: [
      { label: words().informs, look: 'filled', values: valuesOf(perMinute, 60), format: informsText },
      { label: words().p95, look: 'dashed', values: valuesOf(length, 1), format: secondsText },
    ],
  };
}

const known = (values: readonly (number | null)[] = []): number[] => values.filter(value => value !== null);

function Lines({ of }: { of: ServerSeries }): JSX.Element {
  const content = useMemo(() => contentOf(of), [of]);
  const [informs, p95] = content.lines.map(({ values }) => known(values));
  if (!informs || informs.length === 0) return <p class="ink-2">{words().seriesEmpty}</p>;
  const text = words().seriesText(
    informsText(Math.min(...informs)),
    informsText(Math.max(...informs)),
    secondsText(Math.max(0, ...(p95 ?? []))),
  );
  return <Chart {...content} summary={text} />;
}

export function SeriesPanel(): JSX.Element {
  const series = useResource('series', getSeries, { everyMs: EVERY_MS });
  return (
    <Panel
      title={words().series}
      of={series}
      aside={
        <span class="push legend">
          <span style={{ '--c': 'var(--accent)' }}>{words().informs}</span>
          <span style={{ '--c': 'repeating-linear-gradient(90deg, var(--odd) 0 4px, transparent 4px 6px)' }}>
            {words().p95}
          </span>
        </span>
      }
    >
      {value => <Lines of={value} />}
    </Panel>
  );
}
