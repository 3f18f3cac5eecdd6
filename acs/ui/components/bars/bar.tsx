// A bar in parts of a fixed order, each with a pattern beside its colour, and the legend that counts them.
import type { JSX } from 'preact';
import { number } from '../../words/format.ts';

export type Tone = 'done' | 'soaking' | 'moving' | 'failed' | 'waiting' | 'skipped' | 'lateseg';

export interface Part {
  tone: Tone;
  label: string;
  count: number;
  /** Leads to what is counted. */
  href?: string | undefined;
}

export interface BarProps {
  parts: readonly Part[];
  size?: 'thick' | 'thin';
}

export const Bar = ({ parts, size }: BarProps): JSX.Element => (
  <div
    class={size === undefined ? 'bar' : `bar ${size}`}
    role="img"
    aria-label={parts.map(({ label, count }) => `${label} ${number(count)}`).join(', ')}
  >
    {parts.map(({ tone, count }) => (
      <span class={tone} key={tone} style={{ '--v': String(count) }} {...(count === 0 ? { 'data-none': true } : {})} />
    ))}
  </div>
);

export interface LegendProps {
  parts: readonly Part[];
  /** With the counts, and the share of each in all of them. */
  isCounted?: boolean;
  /** Stands at the end. */
  note?: JSX.Element;
}

export function Legend({ parts, isCounted = false, note }: LegendProps): JSX.Element {
  const whole = parts.reduce((sum, { count }) => sum + count, 0);
  return (
    <div class="legend">
      {parts.map(({ tone, label, count, href }) => {
        const content = isCounted ? (
          <>
            {label} <b>{number(count)}</b> {shareOf(count, whole)}
          </>
        ) : (
          label
        );
        return href === undefined ? (
          <span class={tone} key={tone}>
            {content}
          </span>
        ) : (
          <a class={tone} key={tone} href={href}>
            {content}
          </a>
        );
      })}
      {note}
    </div>
  );
}

/** A share with one digit after the point: 97.0 %. */
export const shareOf = (count: number, whole: number): string =>
  `${number(whole === 0 ? 0 : Math.round((count / whole) * 1000) / 10)} %`;
