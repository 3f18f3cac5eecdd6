// The two panes of a preset: its text, and what comes of it.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Answer } from '../../api/call.ts';
import type { Document } from '../../api/presets.ts';
import type { Problem } from '../../api/problem.ts';
import { LazyPart } from '../../components/lazy-part.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import type { Lazy } from '../../state/lazy.ts';
import { place } from '../../state/location.ts';
import { presets } from '../../words/en/presets.ts';
import { textsOf } from '../../words/texts.ts';
import { textOf, withSetting } from './document.ts';
import { EditorPanel } from './editor/editor-panel.tsx';
import { Effects } from './effects/effects.tsx';
import { LossNote } from './loss-note.tsx';
import { type Bench, useWorkbench } from './use-workbench.ts';
import type { ComparisonProps } from './versions/comparison.tsx';
import type { ThreeWayProps } from './versions/three-way.tsx';
import { VersionsPanel } from './versions/versions-panel.tsx';
import { type OpenDialog, WorkbenchDialogs } from './workbench-dialogs.tsx';
import { WorkbenchHead } from './workbench-head.tsx';

const words = textsOf('presets', presets);

const threeWay: Lazy<ThreeWayProps> = { load: async () => (await import('./versions/three-way.tsx')).ThreeWay };
const comparison: Lazy<ComparisonProps> = {
  load: async () => (await import('./versions/comparison.tsx')).ComparisonPanel,
};

export interface WorkbenchProps {
  name: string;
  /** Undefined for a new one. */
  stored: Answer<Document> | undefined;
  reload: () => void;
  /** The stored preset could not be read again. */
  problem: Problem | undefined;
}

export function Workbench({ name, stored, reload, problem }: WorkbenchProps): JSX.Element {
  const bench = useWorkbench(name, stored, reload);
  const [opened, setOpened] = useState<OpenDialog | undefined>(undefined);
  const { editing, fit, run, fault, mayEdit } = bench;
  return (
    <>
      <WorkbenchHead bench={bench} onOpen={setOpened} />
      {problem && <ProblemNote problem={problem} onRetry={reload} />}
      <Obstacles bench={bench} onForce={() => setOpened('force')} />
      <div class="editor">
        <div class="stack loose">
          <EditorPanel editing={editing} fit={fit} fault={fault} isReadOnly={!mayEdit} />
          <Comment bench={bench} />
          <Versions bench={bench} />
        </div>
        <Effects run={run} fit={fit} text={editing.draft.text} />
      </div>
      <WorkbenchDialogs bench={bench} opened={opened} onClose={() => setOpened(undefined)} />
    </>
  );
}

/** Problems that the text itself does not show. */
const isTold = ({ status }: Problem): boolean => status === 400 || status === 412;

/** Notes of all that stands against saving. */
function Obstacles({ bench, onForce }: { bench: Bench; onForce: () => void }): JSX.Element {
  const { stored, editing, when, saving, loss, mayEdit } = bench;
  const { document, isOvertaken, write } = editing;
  const narrow = document && ((next: string) => write(textOf(withSetting(document, ['when'], next))));
  return (
    <>
      {loss && mayEdit && <LossNote loss={loss} when={when} onWhen={narrow} onForce={onForce} />}
      {saving.problem && !loss && !isTold(saving.problem) && <ProblemNote problem={saving.problem} />}
      {isOvertaken && stored && <LazyPart of={threeWay} props={{ stored, editing }} />}
    </>
  );
}

function Comment({ bench: { editing, mayEdit, comment, setComment } }: { bench: Bench }): JSX.Element | null {
  if (!mayEdit || !editing.isChanged) return null;
  return (
    <label class="field">
      <span>{words().comment}</span>
      <input class="input" maxLength={500} value={comment} onInput={event => setComment(event.currentTarget.value)} />
    </label>
  );
}

function Versions({ bench: { name, editing, versions, saving, mayEdit } }: { bench: Bench }): JSX.Element {
  const { query } = place.value;
  const version = query.get('v');
  return (
    <>
      {version !== null && (
        <LazyPart
          of={comparison}
          props={{
            ...{ name, v: version, against: query.get('against') ?? '', document: editing.document },
            versions: versions.value ?? [],
            onRestore: mayEdit ? number => void saving.restore(number) : undefined,
          }}
        />
      )}
      <VersionsPanel name={name} versions={versions} isChanged={editing.isChanged} changes={editing.changes} />
    </>
  );
}
