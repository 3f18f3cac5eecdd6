// One preset: found by its name, or begun new.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { getPreset } from '../../api/presets.ts';
import { Empty } from '../../components/empty.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { hrefOf } from '../../state/location.ts';
import { useResource } from '../../state/resource.ts';
import { may } from '../../state/session.ts';
import { presets } from '../../words/en/presets.ts';
import { textsOf } from '../../words/texts.ts';
import { keepDraft, keptDraft } from './draft.ts';
import { Workbench } from './workbench.tsx';

const words = textsOf('presets', presets);
/** Another writer is noticed after so long. */
const LOOK_MS = 15_000;

export function PresetScreen({ params: { name = '' } }: { params: Readonly<Record<string, string>> }): JSX.Element {
  const stored = useResource(name, async signal => await getPreset(name, signal), { everyMs: LOOK_MS });
  const [, setBegun] = useState(0);
  const { value, problem, reload } = stored;
  const draft = keptDraft(name);
  const isMissing = problem?.status === 404;
  if (value && !isMissing) return <Workbench key={name} name={name} stored={value} reload={reload} problem={problem} />;
  if (isMissing && draft)
    return <Workbench key={name} name={name} stored={undefined} reload={reload} problem={undefined} />;
  if (isMissing)
    return (
      <Empty title={words().noSuchPreset(name)} text={words().noSuchPresetHint}>
        <a class="btn" href={hrefOf('/presets')}>
          {words().toPresets}
        </a>
        {may('putPreset') && (
          <button
            class="btn primary"
            type="button"
            onClick={() => {
              keepDraft(name, { text: '{\n  "when": "",\n  "set": {}\n}\n', base: '', etag: undefined });
              setBegun(count => count + 1);
            }}
          >
            {words().beginIt}
          </button>
        )}
      </Empty>
    );
  return problem ? <ProblemNote problem={problem} onRetry={reload} /> : <Skeleton rows={10} />;
}
