// Charts drawn by uPlot, in the colours of the page. Loaded only where a chart is shown.
import uPlot from 'uplot';
import { type Content, HEIGHT, type Line } from './content.ts';

export interface Drawing {
  show: (props: Content) => void;
  end: () => void;
}

/** A colour as a canvas takes it: the tokens are made of functions that it does not know. */
function colourOf(box: HTMLElement, value: string): string {
  const probe = document.createElement('i');
  probe.style.color = value;
  box.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

const dataOf = ({ times, lines }: Content): uPlot.AlignedData => [
  times.map(time => time / 1000),
  ...lines.map(({ values }) => [...values]),
];

function seriesOf(box: HTMLElement, { label, look }: Line): uPlot.Series {
  const stroke = colourOf(box, look === 'dashed' ? 'var(--odd)' : 'var(--accent)');
  return {
    label,
    scale: look === 'dashed' ? 'right' : 'y',
    stroke,
    width: look === 'dashed' ? 1.5 : 1.75,
    points: { show: false },
    ...(look === 'dashed' ? { dash: [4, 3] } : {}),
    ...(look === 'filled' ? { fill: colourOf(box, 'color-mix(in srgb, var(--accent) 14%, transparent)') } : {}),
  };
}

function optionsOf(box: HTMLElement, props: Content, onAt: (at: number | undefined) => void): uPlot.Options {
  const [ink, line] = [colourOf(box, 'var(--ink-3)'), colourOf(box, 'var(--line)')];
  const look = { stroke: ink, font: '11px system-ui', ticks: { show: false } };
  const plain = props.lines.find(each => each.look !== 'dashed');
  const dashed = props.lines.find(each => each.look === 'dashed');
  const valuesBy =
    ({ format }: Line) =>
    (_plot: uPlot, splits: number[]): string[] =>
      splits.map(format);
  const fromZero: uPlot.Scale = { range: (_plot, _min, max) => [0, max > 0 ? max * 1.1 : 1] };
  return {
    width: Math.max(box.clientWidth, 200),
    height: props.height ?? HEIGHT,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false } },
    scales: { y: fromZero, right: fromZero },
    series: [{}, ...props.lines.map(each => seriesOf(box, each))],
    axes: [
      { ...look, grid: { show: false }, values: (_plot, splits) => splits.map(timeText) },
      ...(plain ? [{ ...look, scale: 'y', size: 48, grid: { stroke: line, width: 1 }, values: valuesBy(plain) }] : []),
      ...(dashed
        ? [{ ...look, scale: 'right', side: 1 as const, size: 48, grid: { show: false }, values: valuesBy(dashed) }]
        : []),
    ],
    hooks: { setCursor: [plot => onAt(plot.cursor.idx ?? undefined)] },
  };
}

const hours = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const timeText = (seconds: number): string => hours.format(new Date(seconds * 1000));

/** Draws into the box, and again whenever its width or the theme changes. */
export function draw(box: HTMLElement, first: Content, onAt: (at: number | undefined) => void): Drawing {
  let props = first;
  const make = (): uPlot => new uPlot(optionsOf(box, props, onAt), dataOf(props), box);
  let plot = make();
  const again = (): void => {
    plot.destroy();
    plot = make();
  };
  const size = new ResizeObserver(() => {
    if (box.clientWidth > 0) plot.setSize({ width: box.clientWidth, height: props.height ?? HEIGHT });
  });
  size.observe(box);
  const theme = new MutationObserver(again);
  theme.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  scheme.addEventListener('change', again);
  const pick = (): void => {
    const time = props.times[plot.cursor.idx ?? -1];
    if (time !== undefined) props.onPick?.(time);
  };
  box.addEventListener('click', pick);
  return {
    show: next => {
      const isOther = next.lines.length !== props.lines.length;
      props = next;
      if (isOther) again();
      else plot.setData(dataOf(props));
    },
    end: () => {
      size.disconnect();
      theme.disconnect();
      scheme.removeEventListener('change', again);
      box.removeEventListener('click', pick);
      plot.destroy();
    },
  };
}
