// The dialogs of a device, each loaded when it is first opened.
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { problemOf } from '../../../api/problem.ts';
import { type Lazy, useLazy } from '../../../state/lazy.ts';
import { tell } from '../../../state/toasts.ts';
import type { TabProps } from '../props.ts';
import type { DialogProps } from './dialog-props.ts';
import { type DialogName, opened } from './opened.ts';

const questions = async () => await import('./questions.tsx');

const dialogs: Readonly<Record<DialogName, Lazy<DialogProps>>> = {
  reboot: { load: async () => (await questions()).RebootDialog },
  reset: { load: async () => (await questions()).ResetDialog },
  forget: { load: async () => (await questions()).ForgetDialog },
  hold: { load: async () => (await questions()).HoldDialog },
  approve: { load: async () => (await questions()).ApproveDialog },
  tags: { load: async () => (await import('./tags.tsx')).TagsDialog },
  site: { load: async () => (await import('./site.tsx')).SiteDialog },
  override: { load: async () => (await import('./override.tsx')).OverrideDialog },
  diagnostics: { load: async () => (await import('./diagnostics.tsx')).DiagnosticsDialog },
  download: { load: async () => (await import('./transfers.tsx')).DownloadDialog },
  upload: { load: async () => (await import('./transfers.tsx')).UploadDialog },
  swap: { load: async () => (await import('./swap.tsx')).SwapDialog },
};

/** The dialog that is open, if there is one. */
export function OpenedDialog(props: TabProps): JSX.Element | null {
  const wish = opened.value;
  const { Component, problem } = useLazy(wish && dialogs[wish.name]);
  const close = (): void => {
    opened.value = undefined;
  };
  useEffect(() => close, []);
  useEffect(() => {
    if (problem) tell({ tone: 'bad', text: problemOf(problem).message });
  }, [problem]);
  if (!wish || !Component) return null;
  return <Component key={wish.name} {...props} given={wish.given} onClose={close} />;
}
