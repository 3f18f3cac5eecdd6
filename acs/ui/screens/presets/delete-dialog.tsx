// The deletion of a preset, with what it would change on devices.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type DryRun, deletePreset, dryRunPreset } from '../../api/presets.ts';
import { isAborted, type Problem, problemOf } from '../../api/problem.ts';
import { Confirm } from '../../components/dialogs/confirm.tsx';
import { Note } from '../../components/note.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { go, hrefOf } from '../../state/location.ts';
import { tell } from '../../state/toasts.ts';
import { presets } from '../../words/en/presets.ts';
import { textsOf } from '../../words/texts.ts';
import { dropDraft } from './draft.ts';
import { Changes } from './effects/changes.tsx';

const words = textsOf('presets', presets);
/** A preset that fits no device leaves all of them as without one. */
const without = JSON.stringify({ when: 'id = "-"' });

export interface DeleteDialogProps {
  name: string;
  etag: string | undefined;
  onClose: () => void;
}

export function DeleteDialog({ name, etag, onClose }: DeleteDialogProps): JSX.Element {
  const [result, setResult] = useState<DryRun | undefined>(undefined);
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  useEffect(() => {
    const stop = new AbortController();
    dryRunPreset({ name, text: without, onProgress: () => undefined, signal: stop.signal }).then(setResult, error => {
      if (!isAborted(error)) setProblem(problemOf(error));
    });
    return () => stop.abort();
  }, [name]);
  const losses = result?.preflight.totals.acs?.breaks ?? 0;
  const remove = async (): Promise<void> => {
    await deletePreset(name, { etag, force: losses > 0 });
    dropDraft(name);
    tell({ tone: 'ok', text: words().deleted(name), link: { href: hrefOf('/presets'), text: words().toPresets } });
    go(hrefOf('/presets'), { replaces: true });
  };
  return (
    <Confirm
      title={words().deleteTitle(name)}
      action={words().deleteNow}
      typed={losses > 0 ? String(losses) : undefined}
      isDangerous
      onConfirm={remove}
      onClose={onClose}
    >
      <p>{words().deleteHint}</p>
      {problem && <ProblemNote problem={problem} />}
      {!result && !problem && <span class="st busy spin">{words().lookingAtDevices}</span>}
      {losses > 0 && (
        <Note tone="bad" isAlert>
          {words().wouldLose(losses)}
        </Note>
      )}
      {result && <Changes result={result} />}
    </Confirm>
  );
}
