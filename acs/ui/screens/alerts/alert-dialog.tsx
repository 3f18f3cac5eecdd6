// An alert, made or changed: while it is typed it says for whom it would fire now.
import type { JSX } from 'preact';
import {
  type Alert,
  type AlertInput,
  alertPath,
  getAlert,
  putAlert,
  tryAlert,
} from '../../api/administration/alerts.ts';
import { listWebhooks } from '../../api/administration/webhooks.ts';
import { curlOf } from '../../api/call.ts';
import { Note } from '../../components/note.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { Checks } from '../../components/records/checks.tsx';
import { Choice } from '../../components/records/choice.tsx';
import { FormDialog } from '../../components/records/form-dialog.tsx';
import { useStoredDraft } from '../../components/records/stored-draft.ts';
import { TextInput } from '../../components/records/text-input.tsx';
import { useResource } from '../../state/resource.ts';
import { useRested } from '../../state/rested.ts';
import { may } from '../../state/session.ts';
import { tell } from '../../state/toasts.ts';
import { alerts } from '../../words/en/alerts.ts';
import { records } from '../../words/en/records.ts';
import { textsOf } from '../../words/texts.ts';
import { Groups } from './groups.tsx';

const words = textsOf('alerts', alerts);
const common = textsOf('records', records);
const REST_MS = 400;
const severities = ['info', 'warning', 'critical'] as const;

export interface AlertDialogProps {
  /** Of an alert that is there. */
  name?: string;
  /** Of a new one. */
  filter?: string;
  onClose: () => void;
  onDone: () => void;
}

interface Draft {
  name: string;
  description: string;
  severity: (typeof severities)[number];
  filter: string;
  among: string;
  groupBy: string;
  count: string;
  /** In percent. */
  share: string;
  lasting: string;
  webhooks: readonly string[];
  /** It was written to tell no webhook at all, which an empty choice keeps. */
  isMute: boolean;
  /** Kept as it is: it is changed beside the list. */
  silentUntil?: string | undefined;
}

const blank: Draft = {
  ...{ name: '', description: '', filter: '', among: '', groupBy: '', count: '0', share: '', lasting: '' },
  severity: 'warning',
  webhooks: [],
  isMute: false,
};

export function AlertDialog({ name, filter = '', onClose, onDone }: AlertDialogProps): JSX.Element {
  const { draft, change, isThere, stored } = useStoredDraft({
    kind: 'alert',
    name,
    load: getAlert,
    draftOf,
    first: { ...blank, filter },
  });
  const send = async (): Promise<undefined> => {
    await putAlert(draft.name, inputOf(draft), stored.value?.etag);
    tell({ tone: 'ok', text: common().saved(draft.name) });
    onDone();
  };
  return (
    <FormDialog
      title={name === undefined ? words().newTitle : words().editTitle(name)}
      isReady={isThere && draft.name !== ''}
      onSend={send}
      onClose={onClose}
      curl={() => curlOf('PUT', alertPath(draft.name), { body: inputOf(draft) })}
    >
      {isThere && (
        <>
          <Fields draft={draft} isNew={name === undefined} set={change} />
          <Trial draft={draft} />
        </>
      )}
      {stored.problem && <ProblemNote problem={stored.problem} onRetry={stored.reload} />}
    </FormDialog>
  );
}

interface FieldsProps {
  draft: Draft;
  isNew: boolean;
  set: (change: Partial<Draft>) => void;
}

function Fields({ draft, isNew, set }: FieldsProps): JSX.Element {
  const hooks = useResource(may('listWebhooks') ? 'webhooks' : undefined, listWebhooks);
  const names = (hooks.value?.items ?? []).map(each => each.name);
  return (
    <>
      {isNew && (
        <TextInput
          label={common().name}
          value={draft.name}
          set={name => set({ name: name.trim() })}
          isFirst
          isRequired
        />
      )}
      <TextInput
        label={words().filter}
        help={words().filterHelp}
        value={draft.filter}
        set={filter => set({ filter })}
        isRequired
      />
      <TextInput label={words().among} help={words().amongHelp} value={draft.among} set={among => set({ among })} />
      <TextInput
        label={words().groupBy}
        help={words().groupByHelp}
        value={draft.groupBy}
        set={groupBy => set({ groupBy })}
      />
      <TextInput label={words().above} value={draft.count} set={count => set({ count })} type="number" isRequired />
      <TextInput
        label={words().share}
        help={words().shareHelp}
        value={draft.share}
        set={share => set({ share })}
        type="number"
      />
      <TextInput
        label={words().lasting}
        help={words().lastingHelp}
        value={draft.lasting}
        set={lasting => set({ lasting: lasting.trim() })}
      />
      <Choice
        label={words().severity}
        value={draft.severity}
        values={severities.map(each => [each, words().severities[each]])}
        set={severity => set({ severity: severity as Draft['severity'] })}
      />
      {names.length > 0 && (
        <Checks
          label={words().notifies}
          help={words().notifiesHelp}
          values={names.map(each => [each, each])}
          chosen={draft.webhooks}
          set={webhooks => set({ webhooks })}
        />
      )}
      <TextInput
        label={common().description}
        value={draft.description}
        set={description => set({ description })}
        isProse
      />
    </>
  );
}

/** The alert as it would be now, once the typing rests. */
function Trial({ draft }: { draft: Draft }): JSX.Element | null {
  const asked = useRested(JSON.stringify(inputOf(draft)), REST_MS);
  const input = JSON.parse(asked) as AlertInput;
  const isAsked = input.filter.trim() !== '';
  const trial = useResource(isAsked ? asked : undefined, async signal => await tryAlert(input, signal), {
    keeps: true,
  });
  if (!isAsked) return null;
  if (trial.problem) return <p class="help bad">{trial.problem.message}</p>;
  if (!trial.value) return null;
  const { wouldFire, count, groups, omitted } = trial.value;
  if (!wouldFire) return <Note tone="ok">{words().wouldNotFire(count)}</Note>;
  return (
    <>
      <Note tone="warn">
        {input.groupBy === undefined ? words().wouldFireAll(count) : words().wouldFire(groups.length + omitted)}
      </Note>
      <Groups groups={groups} omitted={omitted} />
    </>
  );
}

function draftOf({
  name,
  description,
  severity,
  filter,
  among,
  groupBy,
  above,
  for: lasting,
  webhooks,
  silentUntil,
}: Alert): Draft {
  const { count = 0, share } = typeof above === 'object' ? above : { count: above };
  return {
    name,
    description: description ?? '',
    severity: severity ?? 'warning',
    filter,
    among: among ?? '',
    groupBy: groupBy ?? '',
    count: String(count),
    share: share === undefined ? '' : String(share * 100),
    lasting: lasting ?? '',
    webhooks: webhooks ?? [],
    isMute: webhooks?.length === 0,
    silentUntil,
  };
}

/** The alert without what is empty. */
function inputOf({
  severity,
  filter,
  count,
  share,
  lasting,
  webhooks,
  isMute,
  silentUntil,
  ...draft
}: Draft): AlertInput {
  const texts = { description: draft.description, among: draft.among.trim(), groupBy: draft.groupBy.trim() };
  const given = Object.entries(texts).filter(([, text]) => text !== '');
  const limit = Number(count) || 0;
  return {
    ...(Object.fromEntries(given) as Partial<AlertInput>),
    severity,
    filter,
    above: share === '' ? limit : { count: limit, share: Number(share) / 100 },
    ...(lasting === '' ? {} : { for: lasting }),
    ...(webhooks.length === 0 && !isMute ? {} : { webhooks: [...webhooks] }),
    ...(silentUntil === undefined ? {} : { silentUntil }),
  };
}
