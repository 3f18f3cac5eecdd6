// The check of the chain of entries, which reads all of them: only when it is asked for.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { type AuditReport, verifyAudit } from '../../api/administration/audit.ts';
import { Note } from '../../components/note.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { useResource } from '../../state/resource.ts';
import { audit } from '../../words/en/audit.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('audit', audit);

export function Chain(): JSX.Element {
  const [attempt, setAttempt] = useState(0);
  const report = useResource(attempt === 0 ? undefined : String(attempt), verifyAudit);
  const isReading = attempt > 0 && report.isLoading;
  return (
    <div class="row">
      <button class="btn" type="button" disabled={isReading} onClick={() => setAttempt(attempt + 1)}>
        {words().verify}
      </button>
      {isReading && <span class="ink-3">{words().verifying}</span>}
      {!isReading && report.problem && <ProblemNote problem={report.problem} />}
      {!isReading && report.value && <Report report={report.value} />}
    </div>
  );
}

const Report = ({ report: { intact, entries, unchained, problems } }: { report: AuditReport }): JSX.Element => (
  <Note tone={intact ? 'ok' : 'bad'} isAlert={!intact}>
    <b>{intact ? words().intact(entries) : words().broken(problems.length)}</b>
    {unchained > 0 && <p>{words().unchained(unchained)}</p>}
    <ul>
      {problems.map(({ seq, problem }) => (
        <li key={`${seq} ${problem}`}>
          {words().place(seq)} {words().problems[problem]}
        </li>
      ))}
    </ul>
  </Note>
);
