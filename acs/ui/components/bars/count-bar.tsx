// A labelled bar whose length is a share, with its number: a row among others of its kind.
import type { ComponentChildren, JSX } from 'preact';

export interface CountBarProps {
  label: ComponentChildren;
  /** From 0 to 1. */
  share: number;
  /** The number as it is read. */
  value: string;
  href?: string | undefined;
  /** `rest`: what is left of all others, or what is compared with. */
  tone?: 'bad' | 'rest';
}

export function CountBar({ label, share, value, href, tone }: CountBarProps): JSX.Element {
  const classes = tone === 'rest' ? 'hbar rest' : 'hbar';
  const content = (
    <>
      <span class="cut">{label}</span>
      <i class={tone === 'bad' ? 'badfill' : ''} style={{ '--v': `${Math.round(share * 1000) / 10}%` }} />
      <span class="num">{value}</span>
    </>
  );
  return href === undefined ? (
    <div class={classes}>{content}</div>
  ) : (
    <a class={classes} href={href}>
      {content}
    </a>
  );
}
