// Two texts line by line: what was taken out and what was added, with a few lines around.
import { diffLines } from 'diff';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { frame } from '../../words/en/frame.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('frame', frame);
/** Equal lines that are shown around a change. */
const AROUND = 3;
const MOST_EDITS = 4000;

interface DiffLine {
  kind: 'same' | 'added' | 'removed' | 'apart';
  text: string;
}

const signs = { same: ' ', added: '+', removed: '−', apart: '⋯' } as const;

export function TextDiff({ from, to, label }: { from: string; to: string; label: string }): JSX.Element {
  const lines = useMemo(() => linesOf(from, to), [from, to]);
  if (!lines) return <p class="help">{words().tooDifferent}</p>;
  return (
    <section class="code text-diff" aria-label={label}>
      {lines.map(({ kind, text }, at) => (
        <span class={`ln ${kind}`} key={at}>
          <span class="ink-3" aria-hidden="true">
            {signs[kind]}
          </span>
          {(kind === 'added' || kind === 'removed') && <span class="sr">{words().diff[kind]} </span>}
          {text}
        </span>
      ))}
    </section>
  );
}

/** Undefined for texts that have almost nothing in common and are long. */
function linesOf(from: string, to: string): DiffLine[] | undefined {
  const parts = diffLines(from, to, { maxEditLength: MOST_EDITS });
  if (!parts) return undefined;
  const all: DiffLine[] = parts.flatMap(({ value, added, removed }) =>
    value
      .replace(/\n$/, '')
      .split('\n')
      .map(text => ({ kind: added ? ('added' as const) : removed ? ('removed' as const) : ('same' as const), text })),
  );
  return all.reduce<DiffLine[]>((shown, line, at) => {
    if (isNearChange(all, at)) shown.push(line);
    else if (shown.at(-1)?.kind !== 'apart') shown.push({ kind: 'apart', text: '' });
    return shown;
  }, []);
}

const isNearChange = (lines: readonly DiffLine[], at: number): boolean =>
  lines.slice(Math.max(0, at - AROUND), at + AROUND + 1).some(({ kind }) => kind !== 'same');
