// The lines of a JSON text in colours, numbered, with marks. Decoration: the text area over it is what is read and written.
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { type JsonToken, tokensOf } from './json-tokens.ts';

export interface Mark {
  tone: 'changed' | 'wrong';
  /** Column of the flaw, from 1. */
  column?: number | undefined;
}

interface Piece {
  kind: JsonToken['kind'] | 'space';
  text: string;
}

/** Longer texts are shown without colours. */
const MOST_COLOURED = 200_000;

export function CodeLines({ text, marks }: { text: string; marks: ReadonlyMap<number, Mark> }): JSX.Element {
  const lines = useMemo(() => piecesOf(text), [text]);
  return (
    <div class="code q" aria-hidden="true">
      {lines.map((pieces, at) => (
        <Line key={at} number={at + 1} pieces={pieces} mark={marks.get(at + 1)} />
      ))}
    </div>
  );
}

function Line({ number, pieces, mark }: { number: number; pieces: Piece[]; mark: Mark | undefined }): JSX.Element {
  return (
    <span class={`ln ${mark ? (mark.tone === 'changed' ? 'chg' : 'err') : ''}`}>
      <span class="ink-3">{number}</span>
      {pieces.map(({ kind, text }, at) => (
        <PieceText key={at} kind={kind} text={text} />
      ))}
    </span>
  );
}

function PieceText({ kind, text }: Piece): JSX.Element {
  if (kind === 'name') return <b>{text}</b>;
  if (kind === 'text') return <i>{text}</i>;
  if (kind === 'wrong') return <u>{text}</u>;
  return <>{text}</>;
}

/** The pieces of each line: no token goes over its end. */
function piecesOf(source: string): Piece[][] {
  const lines: Piece[][] = [[]];
  const add = (kind: Piece['kind'], text: string): void => {
    for (const [at, part] of text.split('\n').entries()) {
      if (at > 0) lines.push([]);
      if (part !== '') lines.at(-1)?.push({ kind, text: part });
    }
  };
  let done = 0;
  for (const { kind, at, text } of source.length > MOST_COLOURED ? [] : tokensOf(source)) {
    add('space', source.slice(done, at));
    add(kind, text);
    done = at + text.length;
  }
  add('space', source.slice(done));
  return lines;
}
