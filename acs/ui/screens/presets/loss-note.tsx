// The refusal to save while devices would lose the ACS, and the ways on.
import type { JSX } from 'preact';
import { quotedText } from '../../../query/quote.ts';
import type { DryRun } from '../../api/presets.ts';
import type { Problem } from '../../api/problem.ts';
import { Icon } from '../../components/icon.tsx';
import { hrefOf } from '../../state/location.ts';
import { presets } from '../../words/en/presets.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('presets', presets);
const CODE = 'would-lose-acs';
/** The longest filter that the server takes, less some room. */
const MOST_FILTER = 8000;

export interface Loss {
  /** Undefined where it is all of them, or it is not known how many. */
  count: number | undefined;
  devices: readonly string[];
  /** The words of the server. */
  detail: string | undefined;
}

/** @param problem of an attempt to save */
export function lossOf(result: DryRun | undefined, problem: Problem | undefined): Loss | undefined {
  const breaks = result?.preflight.totals.acs?.breaks ?? 0;
  if (result && breaks > 0) {
    const devices = result.preflight.breaks.filter(({ link }) => link === 'acs').map(({ device }) => device);
    return { count: breaks, devices: [...new Set(devices)], detail: undefined };
  }
  if (problem?.code !== CODE) return undefined;
  const { count, devices = [] } = problem.document as { count?: number; devices?: { device: string }[] };
  return { count, devices: devices.map(({ device }) => device), detail: problem.message };
}

export interface LossNoteProps {
  loss: Loss;
  when: string;
  /** Undefined where the text cannot be changed now. */
  onWhen: ((when: string) => void) | undefined;
  onForce: () => void;
}

export function LossNote({ loss: { count, devices, detail }, when, onWhen, onForce }: LossNoteProps): JSX.Element {
  const isWhole = count !== undefined && devices.length === count;
  const names = devices.map(quotedText).join(', ');
  const narrowed = when.trim() === '' ? `not id in (${names})` : `(${when}) and not id in (${names})`;
  const canNarrow = isWhole && onWhen !== undefined && narrowed.length <= MOST_FILTER;
  return (
    <div class="note bad" id="preset-loss" role="alert">
      <Icon name="shield" />
      <div class="stack tight">
        <p>
          <b>{count === undefined ? words().wouldLoseAll : words().wouldLose(count)}</b>{' '}
          {detail ?? words().wouldLoseWhy} {words().savingRefused} (<span class="mono">{CODE}</span>).
        </p>
        <div class="row">
          {canNarrow && (
            <button class="btn tiny" type="button" onClick={() => onWhen?.(narrowed)}>
              {words().leaveOut(devices.length)}
            </button>
          )}
          {devices.length > 0 && names.length <= MOST_FILTER && (
            <a class="btn tiny" href={hrefOf('/devices', { q: `id in (${names})` })}>
              {words().openDevices(devices.length)}
            </a>
          )}
          <button class="btn tiny quiet" type="button" onClick={onForce}>
            {words().saveAllTheSame}
          </button>
        </div>
      </div>
    </div>
  );
}
