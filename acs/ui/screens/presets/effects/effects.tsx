// The pane of effects: counts, connections, changes by kind or by device, and other presets.
import type { JSX } from 'preact';
import type { DryRun } from '../../../api/presets.ts';
import { Age } from '../../../components/age.tsx';
import { Note } from '../../../components/note.tsx';
import { ProblemNote } from '../../../components/problem-note.tsx';
import { hrefOf } from '../../../state/location.ts';
import { presets } from '../../../words/en/presets.ts';
import { number } from '../../../words/format.ts';
import { textsOf } from '../../../words/texts.ts';
import { Changes } from './changes.tsx';
import { Conflicts } from './conflicts.tsx';
import { Links } from './links.tsx';
import type { DryRunControl } from './use-dry-run.ts';
import type { Fit } from './use-fit.ts';

const words = textsOf('presets', presets);

/** Devices that lose a connection; of the first kinds where there are more. */
export const breaksIn = ({ kinds = [] }: DryRun): number => kinds.reduce((sum, { breaks }) => sum + breaks, 0);

export interface EffectsProps {
  run: DryRunControl;
  fit: Fit;
  /** The text now: results of another one are marked as old. */
  text: string;
}

export function Effects({ run, fit, text }: EffectsProps): JSX.Element {
  const { result, at, ms = 0, problem } = run;
  const isOld = result !== undefined && run.text !== text;
  return (
    <div class="stack loose">
      <Running run={run} />
      {problem && problem.status !== 400 && <ProblemNote problem={problem} at={at} onRetry={run.run} />}
      {isOld && !run.isRunning && <Note tone="warn">{words().oldResult}</Note>}
      <Tiles result={result} fit={fit} />
      {result && at !== undefined && (
        <>
          <p class="small ink-3">
            {words().dryRunTook(ms)} <Age at={at} />
          </p>
          {result.warnings?.map(warning => (
            <Note tone="warn" key={warning}>
              {warning}
            </Note>
          ))}
          <Links result={result} />
          <Changes result={result} />
          <Refused result={result} />
          <Conflicts result={result} />
        </>
      )}
      {!result && !run.isRunning && !problem && <p class="help">{words().noDryRunYet}</p>}
    </div>
  );
}

function Running({ run: { isRunning, progress, cancel } }: { run: DryRunControl }): JSX.Element | null {
  if (!isRunning) return null;
  const { done = 0, total = 0 } = progress ?? {};
  return (
    <div class="row" aria-busy="true">
      <span class="st busy spin">{words().running(done, total)}</span>
      <progress aria-label={words().progress} value={done} max={Math.max(1, total)} />
      <button class="btn tiny" type="button" onClick={cancel}>
        {words().cancelRun}
      </button>
    </div>
  );
}

function Tiles({ result, fit }: { result: DryRun | undefined; fit: Fit }): JSX.Element {
  const breaks = result && breaksIn(result);
  return (
    <div class="tiles">
      <a class="tile" href={hrefOf('/devices', { q: fit.filter })}>
        <span class="l">{words().fits}</span>
        <span class="n">{shown(fit.count ?? result?.fits)}</span>
      </a>
      <Tile label={words().wouldChange} value={result?.matched} />
      <Tile label={words().cannotBeTold} value={result?.refused} />
      <Tile label={words().loseConnection} value={breaks} tone="bad" />
    </div>
  );
}

const shown = (value: number | undefined): string => (value === undefined ? '–' : number(value));

const Tile = ({ label, value, tone }: { label: string; value: number | undefined; tone?: string }): JSX.Element => (
  <div class="tile">
    <span class="l">{label}</span>
    <span class={`n ${tone && value ? tone : ''}`}>{shown(value)}</span>
  </div>
);

/** Devices for which the preset cannot be resolved. */
function Refused({ result: { refused, faults } }: { result: DryRun }): JSX.Element | null {
  if (refused === 0) return null;
  return (
    <section class="panel">
      <header>
        <h2>{words().cannotBeTold}</h2>
        <span class="push small ink-3">{words().devices(refused)}</span>
      </header>
      <div class="body">
        <dl class="kv">
          {faults.slice(0, 10).map(({ device, message }) => (
            <>
              <dt>
                <a class="mono" href={hrefOf(`/devices/${encodeURIComponent(device)}/wanted`)}>
                  {device}
                </a>
              </dt>
              <dd>{message}</dd>
            </>
          ))}
        </dl>
      </div>
    </section>
  );
}
