// The head of a preset: what it is, and what can be done with it.
import type { JSX } from 'preact';
import { Icon } from '../../components/icon.tsx';
import { hrefOf, place } from '../../state/location.ts';
import { may } from '../../state/session.ts';
import { presets } from '../../words/en/presets.ts';
import { day, number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import type { Bench } from './use-workbench.ts';
import type { OpenDialog } from './workbench-dialogs.tsx';

const words = textsOf('presets', presets);

export interface WorkbenchHeadProps {
  bench: Bench;
  onOpen: (dialog: OpenDialog) => void;
}

export const WorkbenchHead = ({ bench, onOpen }: WorkbenchHeadProps): JSX.Element => (
  <div class="head">
    <div class="stack">
      <div class="row">
        <h1>{bench.name}</h1>
        <SavedState bench={bench} />
      </div>
      <Facts bench={bench} />
    </div>
    <div class="row actions">
      <Actions bench={bench} onOpen={onOpen} />
    </div>
  </div>
);

function SavedState({ bench: { editing } }: { bench: Bench }): JSX.Element | null {
  if (editing.isNew) return <span class="tag warn">{words().isNew}</span>;
  return editing.isChanged ? <span class="tag warn">{words().changedNotSaved}</span> : null;
}

/** The element that says why it cannot be saved. */
const whyOf = ({ loss, fault }: Bench): { 'aria-describedby'?: string } => {
  if (loss) return { 'aria-describedby': 'preset-loss' };
  return fault ? { 'aria-describedby': 'preset-fault' } : {};
};

function Actions({ bench, onOpen }: WorkbenchHeadProps): JSX.Element {
  const { name, stored, when, editing, versions, run, mayEdit, canSave, save } = bench;
  const [, before] = versions.value ?? [];
  return (
    <>
      {before && (
        <a class="btn" href={hrefOf(place.value.path, { v: String(before.version) })}>
          {words().versions} <span class="ink-3">{number(versions.value?.length ?? 0)}</span>
        </a>
      )}
      <button class="btn" type="button" disabled={editing.document === undefined} onClick={run.run}>
        <Icon name="reload" />
        {words().dryRun}
      </button>
      {stored && may('createJob') && (
        <a class="btn" href={hrefOf('/rollouts/new', { q: when, kind: 'preset', what: name })}>
          <Icon name="rollouts" />
          {words().rollOut}
        </a>
      )}
      {mayEdit && (
        <button class="btn" type="button" onClick={() => onOpen('copy')}>
          {words().copy}
        </button>
      )}
      {stored && may('deletePreset') && (
        <button class="btn danger" type="button" onClick={() => onOpen('delete')}>
          {words().delete}
        </button>
      )}
      {mayEdit && (
        <button class="btn primary" type="button" aria-disabled={!canSave} {...whyOf(bench)} onClick={save}>
          {words().save}
        </button>
      )}
    </>
  );
}

function Facts({ bench: { editing, versions, fit, run } }: { bench: Bench }): JSX.Element {
  const { document } = editing;
  const current = versions.value?.find(entry => entry.current);
  const weight = typeof document?.weight === 'number' ? document.weight : 0;
  const parts = [
    words().weight(weight),
    ...(current ? [words().versionOf(current.version, day(current.time), current.author ?? words().theServer)] : []),
    ...(fit.count === undefined ? [] : [words().fitsDevices(fit.count)]),
    ...(run.result ? [words().wouldChangeCount(run.result.matched)] : []),
  ];
  return <p class="ink-2">{parts.join(' · ')}</p>;
}
