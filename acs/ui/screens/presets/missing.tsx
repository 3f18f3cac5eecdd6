// The place of a preset that is not there: never was, or is deleted and can be restored.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { listVersions, restoreVersion } from '../../api/presets.ts';
import { type Problem, problemOf } from '../../api/problem.ts';
import { Empty } from '../../components/empty.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { hrefOf } from '../../state/location.ts';
import { useResource } from '../../state/resource.ts';
import { may } from '../../state/session.ts';
import { presets } from '../../words/en/presets.ts';
import { textsOf } from '../../words/texts.ts';
import { VersionsPanel } from './versions/versions-panel.tsx';

const words = textsOf('presets', presets);

export interface MissingProps {
  name: string;
  /** Begins a new preset of the name. */
  onBegin: () => void;
  onRestored: () => void;
}

export function Missing({ name, onBegin, onRestored }: MissingProps): JSX.Element {
  const versions = useResource(name, async signal => await listVersions(name, signal));
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const last = versions.value?.find(({ deleted }) => !deleted);
  const restore = async (version: number): Promise<void> => {
    try {
      await restoreVersion(name, version, { etag: undefined });
      onRestored();
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  return (
    <>
      <Empty
        title={last ? words().gonePreset(name) : words().noSuchPreset(name)}
        text={last ? words().gonePresetHint : words().noSuchPresetHint}
      >
        <a class="btn" href={hrefOf('/presets')}>
          {words().toPresets}
        </a>
        {may('putPreset') && !versions.isLoading && (
          <button class="btn primary" type="button" onClick={() => (last ? void restore(last.version) : onBegin())}>
            {last ? words().restore(last.version) : words().beginIt}
          </button>
        )}
      </Empty>
      {problem && <ProblemNote problem={problem} />}
      {last && <VersionsPanel name={name} versions={versions} isChanged={false} changes={[]} />}
    </>
  );
}
