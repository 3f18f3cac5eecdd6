// Enrolment: devices that wait, are held, knock or are announced, and the rules before the door.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { listRules, type Rule } from '../../api/administration/enrolment.ts';
import { getServer } from '../../api/administration/server.ts';
import { Icon } from '../../components/icon.tsx';
import { Later } from '../../components/records/later.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { hrefOf } from '../../state/location.ts';
import { type Resource, useResource } from '../../state/resource.ts';
import { may } from '../../state/session.ts';
import { summary } from '../../state/summary.ts';
import { enrolment } from '../../words/en/enrolment.ts';
import { number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import { announcedPanel, heldPanel, importDialog, knockingPanel, ruleDialog, rulesPanel } from './later.ts';
import { QuarantinePanel } from './quarantine.tsx';
import { TrialPanel } from './trial.tsx';

const words = textsOf('enrolment', enrolment);
const parts = ['quarantine', 'held', 'knocking', 'rules', 'announced'] as const;
type Part = (typeof parts)[number];

type Open = 'import' | 'rule' | undefined;

/** The parts of a page: each address shows its own first; what else waits stands beside it. */
export function EnrolmentScreen({ params }: { params: Readonly<Record<string, string>> }): JSX.Element {
  const part = parts.find(name => name === params.part) ?? 'quarantine';
  const rules = useResource('rules', listRules);
  const [open, setOpen] = useState<Open>(undefined);
  const close = (): void => setOpen(undefined);
  return (
    <>
      <Head rules={rules.value?.items.length ?? 0} setOpen={setOpen} />
      <Tabs label={words().parts} current={part} tabs={tabs(rules.value?.items.length)} />
      <div class="cols">
        <Panels part={part} rules={rules} />
      </div>
      {open === 'import' && <Later of={importDialog} props={{ onClose: close }} />}
      {open === 'rule' && <Later of={ruleDialog} props={{ onClose: close, onDone: rules.reload }} />}
    </>
  );
}

function Head({ rules, setOpen }: { rules: number; setOpen: (open: Open) => void }): JSX.Element {
  const counts = summary.value;
  const server = useResource(may('getServer') ? 'server' : undefined, getServer);
  const waiting = (counts?.states.quarantine ?? 0) + (counts?.states.held ?? 0) + (counts?.knocking ?? 0);
  return (
    <div class="head">
      <div class="stack">
        <h1>{words().title(waiting)}</h1>
        <p class="ink-2">
          {words().about(rules)} {server.value && words().door[server.value.enrol]}
        </p>
      </div>
      <div class="row actions">
        {may('announceDevices') && (
          <button class="btn" type="button" onClick={() => setOpen('import')}>
            <Icon name="plus" />
            {words().announced.new}
          </button>
        )}
        {may('putEnrolmentRule') && (
          <button class="btn" type="button" onClick={() => setOpen('rule')}>
            {words().rules.new}
          </button>
        )}
      </div>
    </div>
  );
}

function tabs(rules: number | undefined): { name: string; text: string; href: string; count?: string }[] {
  const counts = summary.value;
  const known: Record<Part, number | undefined> = {
    quarantine: counts?.states.quarantine,
    held: counts?.states.held,
    knocking: counts?.knocking,
    rules,
    announced: counts?.states.known,
  };
  return parts.map(name => {
    const count = known[name];
    return {
      name,
      text: words().tabs[name],
      href: hrefOf(`/enrolment/${name}`),
      ...(count === undefined ? {} : { count: number(count) }),
    };
  });
}

function Panels({ part, rules }: { part: Part; rules: Resource<{ items: Rule[] }> }): JSX.Element {
  if (part === 'held') return <Later of={heldPanel} props={{}} />;
  if (part === 'knocking') return <Later of={knockingPanel} props={{}} />;
  if (part === 'announced') return <Later of={announcedPanel} props={{}} />;
  if (part === 'rules')
    return (
      <>
        <Later of={rulesPanel} props={{ rules }} />
        <TrialPanel rules={rules.value?.items ?? []} />
      </>
    );
  return (
    <>
      <QuarantinePanel onRule={rules.reload} />
      <TrialPanel rules={rules.value?.items ?? []} />
      <Later of={heldPanel} props={{ isPart: true }} />
      <Later of={knockingPanel} props={{ isPart: true }} />
    </>
  );
}
