// A chart of series over time. The library that draws it is loaded when the first one is shown.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { type Problem, problemOf } from '../../api/problem.ts';
import { dateTime } from '../../words/format.ts';
import { ProblemNote } from '../problem-note.tsx';
import { type Content, HEIGHT } from './content.ts';
import type { Drawing } from './plot.ts';

export interface ChartProps extends Content {
  /** Its content in words, for those that do not see it. */
  summary: string;
}

export function Chart({ times, lines, summary, height = HEIGHT, onPick }: ChartProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const drawing = useRef<Drawing | undefined>(undefined);
  const latest = useRef({ times, lines, height, onPick });
  latest.current = { times, lines, height, onPick };
  const [at, setAt] = useState<number | undefined>(undefined);
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  useEffect(() => {
    let isGone = false;
    import('./plot.ts').then(
      ({ draw }) => {
        if (isGone || !box.current) return;
        drawing.current = draw(box.current, latest.current, setAt);
      },
      (error: unknown) => setProblem(problemOf(error)),
    );
    return () => {
      isGone = true;
      drawing.current?.end();
    };
  }, []);
  useEffect(() => drawing.current?.show(latest.current), [times, lines]);
  const time = at === undefined ? undefined : times[at];
  const told = lines.map(({ label, values, format }) => {
    const value = at === undefined ? undefined : values[at];
    return value === undefined || value === null ? '' : `${label} ${format(value)}`;
  });
  return (
    <div class="stack tight">
      {problem && <ProblemNote problem={problem} />}
      <div class="plot" ref={box} role="img" aria-label={summary} style={{ '--v': `${height}px` }} />
      <p class="small ink-3 readout" aria-hidden="true">
        {time === undefined ? ' ' : [dateTime(time), ...told].filter(Boolean).join(' · ')}
      </p>
    </div>
  );
}
