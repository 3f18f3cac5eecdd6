// The rules before the door, in the order in which they are evaluated.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { deleteRule, type Rule } from '../../api/administration/enrolment.ts';
import { Confirm } from '../../components/dialogs/confirm.tsx';
import { Empty } from '../../components/empty.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import type { Resource } from '../../state/resource.ts';
import { may } from '../../state/session.ts';
import { tell } from '../../state/toasts.ts';
import { enrolment } from '../../words/en/enrolment.ts';
import { records } from '../../words/en/records.ts';
import { number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import { RuleDialog } from './rule-dialog.tsx';

const words = textsOf('enrolment', enrolment);
const common = textsOf('records', records);
const tones = { enrol: 'ok', quarantine: 'odd', refuse: 'fail' } as const;

interface Asked {
  what: 'edit' | 'delete';
  name: string;
}

export interface RulesPanelProps {
  rules: Resource<{ items: Rule[] }>;
}

export function RulesPanel({ rules }: RulesPanelProps): JSX.Element {
  const [asked, setAsked] = useState<Asked | undefined>(undefined);
  const close = (): void => setAsked(undefined);
  const items = rules.value?.items;
  return (
    <section class="panel c8" aria-label={words().tabs.rules}>
      <header>
        <h2>{words().tabs.rules}</h2>
        <span class="small ink-3">{words().rules.weightHelp}</span>
      </header>
      {rules.problem && <ProblemNote problem={rules.problem} at={rules.at} onRetry={rules.reload} />}
      {!items && !rules.problem && <Skeleton />}
      {items?.length === 0 && <Empty title={words().rules.none} text={words().rules.noneText} />}
      {items && items.length > 0 && <RuleTable items={items} onAsk={setAsked} />}
      {asked?.what === 'edit' && <RuleDialog name={asked.name} onClose={close} onDone={rules.reload} />}
      {asked?.what === 'delete' && (
        <Confirm
          title={asked.name}
          action={common().removeNow}
          isDangerous
          onClose={close}
          onConfirm={async () => {
            await deleteRule(asked.name);
            tell({ tone: 'ok', text: common().removed(asked.name) });
            rules.reload();
          }}
        >
          <p>{words().rules.removeText}</p>
        </Confirm>
      )}
    </section>
  );
}

const RuleTable = ({ items, onAsk }: { items: readonly Rule[]; onAsk: (asked: Asked) => void }): JSX.Element => (
  <table class="table stacks">
    <thead>
      <tr>
        <th scope="col">{words().rules.name}</th>
        <th scope="col" class="num">
          {words().rules.weight}
        </th>
        <th scope="col">{words().rules.conditions}</th>
        <th scope="col">{words().rules.action}</th>
        <th scope="col">
          <span class="sr">{common().edit}</span>
        </th>
      </tr>
    </thead>
    <tbody>
      {items.map(rule => (
        <tr key={rule.name}>
          <th scope="row">
            {rule.name}
            {rule.description && <p class="small ink-3">{rule.description}</p>}
          </th>
          <td class="num">{number(rule.weight ?? 0)}</td>
          <td>
            <Conditions rule={rule} />
          </td>
          <td>
            <span class={`st ${tones[rule.action]}`}>{words().rules.actions[rule.action]}</span>
          </td>
          <td>
            <RuleButtons name={rule.name} onAsk={onAsk} />
          </td>
        </tr>
      ))}
    </tbody>
  </table>
);

const RuleButtons = ({ name, onAsk }: { name: string; onAsk: (asked: Asked) => void }): JSX.Element => (
  <span class="row">
    {may('putEnrolmentRule') && (
      <button class="btn tiny" type="button" onClick={() => onAsk({ what: 'edit', name })}>
        {common().edit}
      </button>
    )}
    {may('deleteEnrolmentRule') && (
      <button class="btn tiny danger" type="button" onClick={() => onAsk({ what: 'delete', name })}>
        {common().remove}
      </button>
    )}
  </span>
);

function Conditions({ rule: { filter, provisioningCode, credential, subject, issuer } }: { rule: Rule }): JSX.Element {
  const texts = words().rules;
  const all = [
    filter,
    provisioningCode && texts.codeIs(provisioningCode),
    credential && words().logins[credential],
    subject && texts.subjectIs(subject),
    issuer && texts.issuerIs(issuer),
  ].filter((text): text is string => Boolean(text));
  if (all.length === 0) return <span class="ink-3">{texts.anyDevice}</span>;
  return (
    <ul class="stack tight">
      {all.map(text => (
        <li key={text} class="mono wrap-any">
          {text}
        </li>
      ))}
    </ul>
  );
}
