// Ping and traceroute from the device, with what comes of them while it comes.

import { Fragment, type JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { type Diagnostic, diagnosticsOf, runDiagnostic } from '../../../api/device/work.ts';
import { isAborted, type Problem, problemOf } from '../../../api/problem.ts';
import { Age } from '../../../components/age.tsx';
import { Dialog } from '../../../components/dialogs/dialog.tsx';
import { ProblemNote } from '../../../components/problem-note.tsx';
import { TextInput } from '../../../components/records/text-input.tsx';
import { useReload } from '../../../state/device-line.ts';
import { useResource } from '../../../state/resource.ts';
import { deviceActions as english } from '../../../words/en/device/actions.ts';
import { textsOf } from '../../../words/texts.ts';
import type { DialogProps } from './dialog-props.ts';

const words = textsOf('deviceActions', english);
const kinds = ['ping', 'traceroute'] as const;
type Kind = (typeof kinds)[number];

export function DiagnosticsDialog({ device: { id, serial }, line, given, onClose }: DialogProps): JSX.Element {
  const [kind, setKind] = useState<Kind>(given === 'traceroute' ? 'traceroute' : 'ping');
  const [host, setHost] = useState('');
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const [isBusy, setBusy] = useState(false);
  const list = useResource(id, async signal => await diagnosticsOf(id, signal));
  useReload(line, ['task'], list.reload);
  const stop = useRef(new AbortController());
  useEffect(() => () => stop.current.abort(), []);
  const run = async (): Promise<void> => {
    if (host.trim() === '' || isBusy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await runDiagnostic(id, kind, { host: host.trim() }, stop.current.signal);
    } catch (error) {
      if (isAborted(error)) return;
      setProblem(problemOf(error));
    }
    setBusy(false);
    list.reload();
  };
  return (
    <Dialog title={words().diagnostics.title(serial)} onClose={onClose}>
      <form
        class="stack"
        onSubmit={event => {
          event.preventDefault();
          void run();
        }}
      >
        <fieldset class="btns">
          <legend class="sr">{words().diagnostics.kind}</legend>
          {kinds.map(each => (
            <button class="btn" type="button" key={each} aria-pressed={each === kind} onClick={() => setKind(each)}>
              {words().diagnostics.kinds[each]}
            </button>
          ))}
        </fieldset>
        <TextInput
          label={words().diagnostics.host}
          help={words().diagnostics.help}
          value={host}
          set={setHost}
          isFirst
        />
        <button class="btn primary" type="submit" disabled={isBusy || host.trim() === ''}>
          {isBusy ? words().diagnostics.busy : words().diagnostics.action}
        </button>
      </form>
      {problem && <ProblemNote problem={problem} />}
      {list.problem && <ProblemNote problem={list.problem} at={list.at} onRetry={list.reload} />}
      {(list.value ?? []).map(each => (
        <Result key={each.id} of={each} />
      ))}
    </Dialog>
  );
}

const tones = { done: 'ok', failed: 'fail', cancelled: 'idle', queued: 'idle', sent: 'busy', waiting: 'busy' } as const;

function Result({ of }: { of: Diagnostic }): JSX.Element {
  const { kind, input, state, diagnosticsState, values = {}, rows = [], units = {}, fault, created } = of;
  const name = kind === 'ping' || kind === 'traceroute' ? words().diagnostics.kinds[kind] : kind;
  const nameOf = (field: string): string => {
    const names: Readonly<Record<string, string>> = words().diagnostics.values;
    return names[field] ?? field;
  };
  const textOf = (field: string, value: unknown): string =>
    [Array.isArray(value) ? value.join(', ') : String(value ?? ''), units[field]].filter(Boolean).join(' ');
  return (
    <section class="panel" aria-label={`${name} ${input?.host ?? ''}`}>
      <header>
        <h3>
          {name} <span class="mono">{input?.host}</span>
        </h3>
        <span class={`st ${tones[state]}`}>{words().diagnostics.states[state]}</span>
        <span class="push small">
          <Age at={created} />
        </span>
      </header>
      <div class="body">
        {fault && (
          <p class="bad">
            <span class="mono">{fault.code}</span> {fault.message}
          </p>
        )}
        {diagnosticsState && diagnosticsState !== 'Complete' && <p class="mono">{diagnosticsState}</p>}
        <dl class="kv">
          {Object.entries(values).map(([field, value]) => (
            <Fragment key={field}>
              <dt>{nameOf(field)}</dt>
              <dd>{textOf(field, value)}</dd>
            </Fragment>
          ))}
        </dl>
        {rows.length > 0 && (
          <ol class="hops">
            {rows.map((row, at) => (
              <li key={`${at} ${String(row.address)}`}>
                <span class="mono">{String(row.host || row.address || '*')}</span>{' '}
                <span class="ink-3">{textOf('times', row.times)}</span>
              </li>
            ))}
          </ol>
        )}
      </div>
    </section>
  );
}
