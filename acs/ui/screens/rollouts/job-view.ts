// Jobs as they are shown: the parts of their bars, their state in words and tone, their steps in one line.
import { quotedText } from '../../../query/quote.ts';
import type { Job, JobState } from '../../api/jobs.ts';
import type { Part, Tone } from '../../components/bars/bar.tsx';
import { rollouts } from '../../words/en/rollouts.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('rollouts', rollouts);

/** Numbers of devices by state. */
export type Totals = Readonly<Record<string, number>>;

const tones: readonly (readonly [JobState, Tone])[] = [
  ['done', 'done'],
  ['soaking', 'soaking'],
  ['running', 'moving'],
  ['failed', 'failed'],
  ['away', 'lateseg'],
  ['planned', 'waiting'],
];

/** The parts of a bar in their fixed order; those that were skipped are not in it. */
export const partsOf = (totals: Totals, hrefOfState?: (state: JobState) => string): Part[] =>
  tones.map(([state, tone]) => ({
    tone,
    label: words().states[state],
    count: totals[state] ?? 0,
    href: hrefOfState?.(state),
  }));

/** Devices that take part. */
export const wholeOf = (totals: Totals): number => tones.reduce((sum, [state]) => sum + (totals[state] ?? 0), 0);

export const shareOfDone = (totals: Totals): number => {
  const whole = wholeOf(totals);
  return whole === 0 ? 0 : Math.round(((totals.done ?? 0) / whole) * 1000) / 10;
};

const phaseTones: Readonly<Record<string, string>> = {
  planning: 'busy spin',
  'waiting-for-approval': 'held',
  running: 'busy',
  paused: 'warn',
  'rolling-back': 'warn',
  done: 'ok',
};

export const toneOf = ({ state }: Pick<Job, 'state'>): string => phaseTones[state] ?? 'idle';

export const phaseOf = ({ state, wave, sizes }: Pick<Job, 'state' | 'wave' | 'sizes'>): string =>
  state === 'running' && sizes.length > 1
    ? words().runningWave(Math.min(wave, sizes.length), sizes.length)
    : (words().phases[state] ?? state);

/** The names of its steps, each once. */
export const stepsOf = ({ do: steps }: Pick<Job, 'do'>): string[] => [
  ...new Set(steps.flatMap(step => Object.keys(step).filter(name => name in words().steps))),
];

/** The steps of a job in one line. */
export const whatOf = (job: Pick<Job, 'do'>): string =>
  stepsOf(job)
    .map(name => words().steps[name] ?? name)
    .join(', ');

/** The image that a rollout installs; undefined for other jobs. */
export function imageOf({ do: steps }: Pick<Job, 'do'>): string | undefined {
  const file = steps[0]?.firmware;
  return typeof file === 'string' ? file : undefined;
}

/** Some devices have not begun. */
export const isWaiting = ({ totals }: Pick<Job, 'totals'>): boolean =>
  ((totals as Totals).planned ?? 0) + ((totals as Totals).away ?? 0) > 0;

/** The filter of the devices of a job in a state, or in a state for a reason. */
export function filterOf(id: string, state: string, code?: string): string {
  const reason = code === undefined ? '' : ` and jobCode = ${quotedText(code)}`;
  return `job = ${quotedText(id)} and jobState = ${quotedText(state)}${reason}`;
}
