// Saving a preset and restoring its versions, and what stands against it.
import { useState } from 'preact/hooks';
import { getPreset, putPreset, restoreVersion, type Writing } from '../../api/presets.ts';
import { type Problem, problemOf } from '../../api/problem.ts';
import { setQuery } from '../../state/location.ts';
import { tell } from '../../state/toasts.ts';
import { presets } from '../../words/en/presets.ts';
import { textsOf } from '../../words/texts.ts';
import type { Editing } from './use-preset.ts';

const words = textsOf('presets', presets);

/** The thing that is stored: the text, or an older version. */
export type Attempt = { version: number } | 'text';

export interface Saving {
  isBusy: boolean;
  /** Of the last attempt, while the text is still the one that was tried. */
  problem: Problem | undefined;
  attempt: Attempt;
  save: (options?: Pick<Writing, 'force' | 'comment'>) => Promise<void>;
  restore: (version: number, options?: Pick<Writing, 'force'>) => Promise<void>;
}

/** @param reload asks for what is stored, after a save and where another writer was faster */
export function useSaving(name: string, editing: Editing, etag: string | undefined, reload: () => void): Saving {
  const [isBusy, setBusy] = useState(false);
  const [failed, setFailed] = useState<{ problem: Problem; text: string; attempt: Attempt } | undefined>(undefined);
  const { draft, rebase, isChanged } = editing;
  const attemptTo = async (attempt: Attempt, write: () => Promise<{ warnings?: string[] } | undefined>) => {
    setBusy(true);
    setFailed(undefined);
    try {
      const { warnings = [] } = (await write()) ?? {};
      // A restored version is another one than an unsaved text began from: both are put together then.
      if (attempt === 'text' || !isChanged) rebase(await getPreset(name));
      reload();
      setQuery({ v: undefined, against: undefined });
      tell({ tone: 'ok', text: warnings.length > 0 ? words().savedWith(name, warnings.length) : words().saved(name) });
    } catch (error) {
      const problem = problemOf(error);
      setFailed({ problem, text: draft.text, attempt });
      if (problem.status === 412) reload();
    }
    setBusy(false);
  };
  return {
    isBusy,
    problem: failed?.text === draft.text ? failed.problem : undefined,
    attempt: failed?.attempt ?? 'text',
    save: async options =>
      await attemptTo('text', async () => await putPreset(name, draft.text, { etag: draft.etag, ...options })),
    restore: async (version, options) =>
      await attemptTo({ version }, async () => {
        await restoreVersion(name, version, { etag, ...options });
        return undefined;
      }),
  };
}
