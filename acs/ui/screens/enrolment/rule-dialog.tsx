// A rule of enrolment, made or changed: while it is typed it says how many in quarantine it fits.
import type { JSX } from 'preact';
import { getRule, putRule, type RuleInput, rulePath } from '../../api/administration/enrolment.ts';
import { curlOf } from '../../api/call.ts';
import { listDevices } from '../../api/devices.ts';
import { ProblemNote } from '../../components/problem-note.tsx';
import { Choice } from '../../components/records/choice.tsx';
import { FormDialog } from '../../components/records/form-dialog.tsx';
import { useStoredDraft } from '../../components/records/stored-draft.ts';
import { TextInput } from '../../components/records/text-input.tsx';
import { useResource } from '../../state/resource.ts';
import { useRested } from '../../state/rested.ts';
import { summary } from '../../state/summary.ts';
import { tell } from '../../state/toasts.ts';
import { enrolment } from '../../words/en/enrolment.ts';
import { records } from '../../words/en/records.ts';
import { textsOf } from '../../words/texts.ts';
import { within } from './narrow.tsx';

const words = textsOf('enrolment', enrolment);
const common = textsOf('records', records);
const REST_MS = 400;
const actions = ['enrol', 'quarantine', 'refuse'] as const;
const credentials = ['enrolment', 'certificate', 'none'] as const;

export interface RuleDialogProps {
  /** Of a rule that is there. */
  name?: string;
  /** Of a new one. */
  filter?: string;
  onClose: () => void;
  onDone: () => void;
}

/** The fields as texts; empty for what is not given. */
interface Draft {
  name: string;
  description: string;
  filter: string;
  provisioningCode: string;
  credential: string;
  subject: string;
  issuer: string;
  action: RuleInput['action'];
  weight: string;
}

const blank: Draft = {
  ...{ name: '', description: '', filter: '', provisioningCode: '', credential: '', subject: '', issuer: '' },
  action: 'enrol',
  weight: '0',
};

export function RuleDialog({ name, filter = '', onClose, onDone }: RuleDialogProps): JSX.Element {
  const { draft, change, isThere, stored } = useStoredDraft({
    kind: 'rule',
    name,
    load: getRule,
    draftOf,
    first: { ...blank, filter },
  });
  const send = async (): Promise<undefined> => {
    await putRule(draft.name, inputOf(draft), stored.value?.etag);
    tell({ tone: 'ok', text: common().saved(draft.name) });
    onDone();
  };
  return (
    <FormDialog
      title={name === undefined ? words().rules.newTitle : words().rules.editTitle(name)}
      isReady={isThere && draft.name !== ''}
      onSend={send}
      onClose={onClose}
      curl={() => curlOf('PUT', rulePath(draft.name), { body: inputOf(draft) })}
    >
      {isThere && <Fields draft={draft} isNew={name === undefined} set={change} />}
      {stored.problem && <ProblemNote problem={stored.problem} onRetry={stored.reload} />}
    </FormDialog>
  );
}

interface FieldsProps {
  draft: Draft;
  isNew: boolean;
  set: (change: Partial<Draft>) => void;
}

const Fields = ({ draft, isNew, set }: FieldsProps): JSX.Element => (
  <>
    {isNew && (
      <TextInput label={words().rules.name} value={draft.name} set={name => set({ name })} isFirst isRequired />
    )}
    <Choice
      label={words().rules.action}
      value={draft.action}
      values={actions.map(value => [value, words().rules.actions[value]])}
      set={value => set({ action: value as Draft['action'] })}
    />
    <TextInput
      label={common().filter}
      help={words().rules.filterHelp}
      value={draft.filter}
      set={filter => set({ filter })}
    />
    <Fits filter={draft.filter} />
    <TextInput
      label={words().rules.code}
      help={words().rules.patternHelp}
      value={draft.provisioningCode}
      set={provisioningCode => set({ provisioningCode })}
    />
    <Choice
      label={words().rules.credential}
      value={draft.credential}
      values={[['', words().rules.anyCredential], ...credentials.map(each => [each, words().logins[each]] as const)]}
      set={credential => set({ credential })}
    />
    {draft.credential === 'certificate' && (
      <>
        <TextInput
          label={words().rules.subject}
          help={words().rules.patternHelp}
          value={draft.subject}
          set={subject => set({ subject })}
        />
        <TextInput
          label={words().rules.issuer}
          help={words().rules.patternHelp}
          value={draft.issuer}
          set={issuer => set({ issuer })}
        />
      </>
    )}
    <TextInput
      label={words().rules.weight}
      help={words().rules.weightHelp}
      value={draft.weight}
      set={weight => set({ weight })}
    />
    <TextInput
      label={common().description}
      value={draft.description}
      set={description => set({ description })}
      isProse
    />
  </>
);

/** The number of devices in quarantine that the filter fits, or the reason why it cannot be read. */
function Fits({ filter }: { filter: string }): JSX.Element | null {
  const rested = useRested(filter.trim(), REST_MS);
  const found = useResource(rested === '' ? undefined : rested, async signal => {
    const { total = 0 } = await listDevices({ filter: within('quarantine', rested), limit: 1, count: true }, signal);
    return total;
  });
  if (rested === '') return null;
  if (found.problem) return <p class="help bad">{found.problem.message}</p>;
  const all = summary.value?.states.quarantine ?? 0;
  return found.value === undefined ? null : <p class="help">{words().rules.fits(found.value, all)}</p>;
}

const draftOf = ({ weight = 0, ...rule }: RuleInput & { name: string }): Draft => ({
  ...blank,
  ...rule,
  weight: String(weight),
});

/** The rule without what is empty. */
function inputOf({ name: _name, action, weight, ...texts }: Draft): RuleInput {
  const given = Object.entries(texts).filter(([, text]) => text.trim() !== '');
  return { ...(Object.fromEntries(given) as Partial<RuleInput>), action, weight: Number(weight) };
}
