// The head of the faults: how many there are, and what is done with all of them.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { curlOf } from '../../api/call.ts';
import { type FaultGroups, faultsCsv } from '../../api/faults.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { Icon } from '../../components/icon.tsx';
import { may } from '../../state/session.ts';
import { summary } from '../../state/summary.ts';
import { faults } from '../../words/en/faults/faults.ts';
import { frame } from '../../words/en/frame.ts';
import { number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import type { Asked } from './query.ts';
import { RetryDialog } from './retry-dialog.tsx';

const words = textsOf('faults', faults);
const common = textsOf('frame', frame);

export interface HeadProps {
  wish: Asked;
  of: FaultGroups | undefined;
  onDone: () => void;
}

/** Every fault has a cause. */
const EVERY = 'fault exists';

export function Head({ wish: { filter, by }, of, onDone }: HeadProps): JSX.Element {
  const [isAsked, setAsked] = useState(false);
  const groups = of ? of.items.length + of.others.groups : 0;
  const all = number(Object.values(summary.value?.states ?? {}).reduce((sum, count) => sum + count, 0));
  return (
    <div class="head">
      <div class="stack">
        <h1>{of ? words().title(of.total, words().groups(groups)) : ' '}</h1>
        {of && of.total > 0 && <p class="ink-2">{words().about(of.devices, all)}</p>}
      </div>
      <div class="row actions">
        {may('retryFaults') && of && of.total > 0 && (
          <button class="btn" type="button" onClick={() => setAsked(true)}>
            <Icon name="reload" />
            {words().retryAll}
          </button>
        )}
        <a class="btn" href={faultsCsv({ filter })} download="faults.csv">
          <Icon name="download" />
          {words().csv}
        </a>
        <CopyButton icon="terminal" text={() => curlOf('GET', '/faults/groups', { query: { filter, by } })}>
          {common().copyCurl}
        </CopyButton>
      </div>
      {isAsked && of && (
        <RetryDialog
          search={{ filter: filter ?? EVERY }}
          count={of.total}
          onDone={onDone}
          onClose={() => setAsked(false)}
        />
      )}
    </div>
  );
}
