// One preset: found by its name, or begun new.
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { getPreset } from '../../api/presets.ts';
import { ProblemNote } from '../../components/problem-note.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { useResource } from '../../state/resource.ts';
import { useTrail } from '../../state/trail.ts';
import { keepDraft, keptDraft } from './draft.ts';
import { Missing } from './missing.tsx';
import { Workbench } from './workbench.tsx';

/** Another writer is noticed after so long. */
const LOOK_MS = 15_000;
const FIRST_TEXT = '{\n  "when": "",\n  "set": {}\n}\n';

export function PresetScreen({ params: { name = '' } }: { params: Readonly<Record<string, string>> }): JSX.Element {
  const stored = useResource(name, async signal => await getPreset(name, signal), { everyMs: LOOK_MS });
  useTrail([{ text: name }]);
  const [, setBegun] = useState(0);
  const begun = useRef<string | undefined>(undefined);
  const { value, problem, reload } = stored;
  const draft = keptDraft(name);
  const isMissing = problem?.status === 404;
  if (value && !isMissing) return <Workbench key={name} name={name} stored={value} reload={reload} problem={problem} />;
  // One that was begun here stays while the server is asked for what was just saved.
  const isBegun = draft !== undefined || (begun.current === name && value === undefined);
  if (isMissing && isBegun) {
    begun.current = name;
    return <Workbench key={name} name={name} stored={undefined} reload={reload} problem={undefined} />;
  }
  if (isMissing)
    return (
      <Missing
        name={name}
        onBegin={() => {
          keepDraft(name, { text: FIRST_TEXT, base: '', etag: undefined });
          setBegun(count => count + 1);
        }}
        onRestored={reload}
      />
    );
  return problem ? <ProblemNote problem={problem} onRetry={reload} /> : <Skeleton rows={10} />;
}
