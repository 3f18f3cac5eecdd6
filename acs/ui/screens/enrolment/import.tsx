// Devices by CSV: what it would do line by line, then done.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import {
  type Imported,
  type ImportMode,
  type ImportReport,
  importDevices,
  tryImport,
} from '../../api/administration/enrolment.ts';
import { type Problem, problemOf } from '../../api/problem.ts';
import { Dialog } from '../../components/dialogs/dialog.tsx';
import { Field } from '../../components/field.tsx';
import { Note } from '../../components/note.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { Choice } from '../../components/records/choice.tsx';
import { type Resource, useResource } from '../../state/resource.ts';
import { useRested } from '../../state/rested.ts';
import { may } from '../../state/session.ts';
import { enrolment } from '../../words/en/enrolment.ts';
import { frame } from '../../words/en/frame.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('enrolment', enrolment);
const general = textsOf('frame', frame);
const REST_MS = 400;
/** A longer text is not shown: it would only be slow. */
const MOST_SHOWN = 200_000;

export function ImportDialog({ onClose }: { onClose: () => void }): JSX.Element {
  const [csv, setCsv] = useState('');
  const [mode, setMode] = useState<ImportMode>('new');
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const [done, setDone] = useState<Imported | undefined>(undefined);
  const [isBusy, setBusy] = useState(false);
  const rested = useRested(csv, REST_MS);
  const report = useResource(
    rested.trim() === '' ? undefined : `${mode} ${rested}`,
    async signal => await tryImport(mode, rested, signal),
  );
  const good = report.value ? report.value.new + report.value.changed : 0;
  const take = async (): Promise<void> => {
    setBusy(true);
    try {
      setDone(await importDevices(mode, csv));
    } catch (error) {
      setProblem(problemOf(error));
    }
    setBusy(false);
  };
  const footer = (
    <>
      <button class="btn" type="button" onClick={onClose}>
        {done ? general().close : general().cancel}
      </button>
      {!done && (
        <button
          class="btn primary"
          type="button"
          disabled={isBusy || good === 0 || rested !== csv || report.isLoading}
          onClick={() => void take()}
        >
          {words().import.do(good)}
        </button>
      )}
    </>
  );
  return (
    <Dialog title={words().import.title} onClose={onClose} footer={footer}>
      {done ? <Done done={done} /> : <Given csv={csv} setCsv={setCsv} mode={mode} setMode={setMode} />}
      {problem && <ProblemNote problem={problem} />}
      {!done && rested.trim() !== '' && <Report report={report} />}
    </Dialog>
  );
}

interface GivenProps {
  csv: string;
  setCsv: (csv: string) => void;
  mode: ImportMode;
  setMode: (mode: ImportMode) => void;
}

const Given = ({ csv, setCsv, mode, setMode }: GivenProps): JSX.Element => (
  <>
    {may('updateDevices') && (
      <Choice
        label={words().import.mode}
        value={mode}
        values={[
          ['new', words().import.modes.new],
          ['known', words().import.modes.known],
        ]}
        set={value => setMode(value as ImportMode)}
      />
    )}
    <Field label={words().import.file} help={words().import.columns}>
      {control => (
        <input
          {...control}
          class="input"
          type="file"
          accept=".csv,text/csv"
          data-focus
          onChange={event => {
            const [file] = event.currentTarget.files ?? [];
            if (file) void file.text().then(setCsv);
          }}
        />
      )}
    </Field>
    {csv.length <= MOST_SHOWN && (
      <Field label={words().import.text}>
        {control => (
          <textarea
            {...control}
            class="input mono"
            rows={6}
            spellcheck={false}
            value={csv}
            onInput={event => setCsv(event.currentTarget.value)}
          />
        )}
      </Field>
    )}
  </>
);

function Report({ report: { value, problem, reload } }: { report: Resource<ImportReport> }): JSX.Element {
  if (problem) return <ProblemNote problem={problem} onRetry={reload} />;
  if (!value) return <p class="ink-3">{words().import.looking}</p>;
  const wrong = value.wrong.length + value.moreWrong;
  return (
    <>
      <Note tone={wrong > 0 ? 'warn' : 'ok'}>
        <b>{words().import.counts(value.new, value.changed, value.same, wrong)}</b>
        {wrong > 0 && <p>{words().import.wrongStay}</p>}
      </Note>
      {wrong > 0 && (
        <Lines lines={value.wrong.map(({ line, why }) => ({ line, text: why }))} head={words().import.why} />
      )}
      {value.moreWrong > 0 && <p class="ink-3">{words().import.moreWrong(value.moreWrong)}</p>}
      {value.sample.length > 0 && (
        <Lines
          lines={value.sample.map(({ line, id, after }) => ({ line, text: `${id} ${JSON.stringify(after)}` }))}
          head={words().import.change}
        />
      )}
    </>
  );
}

const Lines = ({ lines, head }: { lines: readonly { line: number; text: string }[]; head: string }): JSX.Element => (
  <table class="table flush">
    <thead>
      <tr>
        <th scope="col">{words().import.line}</th>
        <th scope="col">{head}</th>
      </tr>
    </thead>
    <tbody>
      {lines.map(({ line, text }) => (
        <tr key={line}>
          <td class="num">{line}</td>
          <td class="wrap-any small">{text}</td>
        </tr>
      ))}
    </tbody>
  </table>
);

function Done({ done: { created = [], updated = [], failed } }: { done: Imported }): JSX.Element {
  return (
    <>
      <Note tone="ok">{words().import.done(created.length + updated.length)}</Note>
      {failed.length > 0 && (
        <>
          <Note tone="bad">{words().import.failed(failed.length)}</Note>
          <Lines lines={failed.map(({ line, reason }) => ({ line, text: reason }))} head={words().import.why} />
        </>
      )}
    </>
  );
}
