// A path, or another long name, that may break after a dot, and before a capital letter of a long part.
import type { JSX } from 'preact';

const LONG = 16;

export const PathText = ({ path }: { path: string }): JSX.Element => (
  <>
    {partsOf(path).map((part, at) => (
      <>
        {at > 0 && <wbr />}
        {part}
      </>
    ))}
  </>
);

function partsOf(path: string): string[] {
  const steps = path.split(/(?<=\.)/);
  return steps.flatMap(step => (step.length > LONG ? step.split(/(?<=[a-z0-9])(?=[A-Z])/) : [step]));
}
