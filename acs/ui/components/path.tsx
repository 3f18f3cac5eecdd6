// The path of a parameter as text that breaks after a dot, and in long parts before a capital.
import { Fragment, type JSX } from 'preact';

const LONG = 12;

/** The pieces between which a path may break. */
export function piecesOf(path: string): string[] {
  return path.split(/(?<=\.)/).flatMap(part => (part.length > LONG ? part.split(/(?<=[a-z0-9])(?=[A-Z])/) : [part]));
}

export const Path = ({ of }: { of: string }): JSX.Element => (
  <span class="mono wrap-any" title={of}>
    {piecesOf(of).map((piece, at) => (
      <Fragment key={at}>
        {at > 0 && <wbr />}
        {piece}
      </Fragment>
    ))}
  </span>
);
