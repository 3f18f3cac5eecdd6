// One changed value: its path, what it was, and what it becomes.
import type { ComponentChildren, JSX } from 'preact';
import { frame } from '../../words/en/frame.ts';
import { textsOf } from '../../words/texts.ts';
import { Path } from '../path.tsx';

const words = textsOf('frame', frame);

export interface ValueChangeProps {
  path: string;
  /** Undefined where there was, or is, none. */
  from: string | undefined;
  to: string | undefined;
  /** Shown in place of a value that is not there. */
  without?: { from?: ComponentChildren; to?: ComponentChildren };
}

/** A row of a `.diff`. */
export const ValueChange = ({ path, from, to, without = {} }: ValueChangeProps): JSX.Element => (
  <div>
    <span class="path">
      <Path of={path} />
    </span>
    <span class="cut">
      {from === undefined ? <span class="ink-3">{without.from ?? words().none}</span> : <Del text={from} />}
    </span>
    <span class="arrow" aria-hidden="true">
      →
    </span>
    <span class="cut">
      {to === undefined ? <span class="ink-3">{without.to ?? words().none}</span> : <Ins text={to} />}
    </span>
  </div>
);

const Del = ({ text }: { text: string }): JSX.Element => <del title={text}>{text === '' ? '""' : text}</del>;
const Ins = ({ text }: { text: string }): JSX.Element => <ins title={text}>{text === '' ? '""' : text}</ins>;
