// All that is known while a preset is edited: its text, its effects, its versions, and what stands against saving it.
import { useState } from 'preact/hooks';
import type { Answer } from '../../api/call.ts';
import type { Document, VersionEntry } from '../../api/presets.ts';
import { useShortcuts } from '../../state/keys.ts';
import type { Resource } from '../../state/resource.ts';
import { may } from '../../state/session.ts';
import { presets } from '../../words/en/presets.ts';
import { textsOf } from '../../words/texts.ts';
import { textIn } from './document.ts';
import { faultOf, type TextFault } from './editor/text-fault.ts';
import { type DryRunControl, useDryRun } from './effects/use-dry-run.ts';
import { type Fit, useFit } from './effects/use-fit.ts';
import { type Loss, lossOf } from './loss-note.tsx';
import { type Editing, useEditing } from './use-preset.ts';
import { type Saving, useSaving } from './use-saving.ts';
import { useVersions } from './versions/versions-panel.tsx';

const words = textsOf('presets', presets);

export interface Bench {
  name: string;
  /** Undefined for a new preset. */
  stored: Answer<Document> | undefined;
  editing: Editing;
  /** The filter of the text; '' for all devices. */
  when: string;
  fit: Fit;
  run: DryRunControl;
  versions: Resource<VersionEntry[]>;
  saving: Saving;
  fault: TextFault | undefined;
  loss: Loss | undefined;
  mayEdit: boolean;
  canSave: boolean;
  comment: string;
  setComment: (comment: string) => void;
  save: () => void;
  /** Does what was tried last, although devices lose the ACS. */
  force: () => Promise<void>;
}

export function useWorkbench(name: string, stored: Answer<Document> | undefined, reload: () => void): Bench {
  const editing = useEditing(name, stored);
  const { draft, document, isChanged, isOvertaken } = editing;
  const [comment, setComment] = useState('');
  const mayEdit = may('putPreset');
  const when = textIn(document, 'when');
  const fit = useFit(document && when);
  const run = useDryRun(name, draft.text, !isChanged, document !== undefined && may('streamDryRunPreset'));
  const saving = useSaving(name, editing, stored?.etag, reload);
  const versions = useVersions(name, stored?.etag);
  const isCurrent = run.text === draft.text;
  const loss = lossOf(isCurrent && isChanged ? run.result : undefined, saving.problem);
  const fault = faultOf(editing, fit, saving.problem ?? (isCurrent ? run.problem : undefined));
  const isHeld = fault !== undefined || loss !== undefined || isOvertaken || saving.isBusy;
  const canSave = mayEdit && isChanged && !isHeld;
  const save = (): void => {
    if (canSave) void saving.save({ comment }).then(() => setComment(''));
  };
  const force = async (): Promise<void> => {
    const { attempt } = saving;
    if (attempt === 'text') await saving.save({ comment, force: true });
    else await saving.restore(attempt.version, { force: true });
  };
  useShortcuts([
    { keys: 'Ctrl+s', label: words().save, run: save },
    { keys: 'Ctrl+Enter', label: words().dryRun, run: run.run },
  ]);
  return {
    ...{ name, stored, editing, when, fit, run, versions, saving, fault, loss },
    ...{ mayEdit, canSave, comment, setComment, save, force },
  };
}
