// A webhook, made or changed; a key that the server makes is shown once.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import {
  type EventName,
  eventNames,
  getWebhook,
  putWebhook,
  type Webhook,
  type WebhookInput,
  webhookPath,
} from '../../api/administration/webhooks.ts';
import { curlOf } from '../../api/call.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { Note } from '../../components/note.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { Checks } from '../../components/records/checks.tsx';
import { Choice } from '../../components/records/choice.tsx';
import { MASK } from '../../components/records/copy-curl.tsx';
import { FormDialog } from '../../components/records/form-dialog.tsx';
import { useStoredDraft } from '../../components/records/stored-draft.ts';
import { TextInput } from '../../components/records/text-input.tsx';
import { tell } from '../../state/toasts.ts';
import { alerts } from '../../words/en/alerts.ts';
import { records } from '../../words/en/records.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('alerts', alerts);
const common = textsOf('records', records);
const formats = ['standard', 'cloudevents', 'tandem-1'] as const;

export interface WebhookDialogProps {
  /** Of a webhook that is there. */
  name?: string;
  onClose: () => void;
  onDone: () => void;
}

interface Draft {
  name: string;
  url: string;
  events: readonly string[];
  filter: string;
  format: (typeof formats)[number];
  secret: string;
  paused: boolean;
  /** Fields that this dialog does not show, as they were. */
  rest: Partial<WebhookInput>;
}

const blank: Draft = {
  ...{ name: '', url: '', filter: '', secret: '', paused: false },
  ...{ events: ['alert'], format: 'standard', rest: {} },
};

export function WebhookDialog({ name, onClose, onDone }: WebhookDialogProps): JSX.Element {
  const [made, setMade] = useState<string | undefined>(undefined);
  const { draft, change, isThere, stored } = useStoredDraft({
    kind: 'webhook',
    name,
    load: getWebhook,
    draftOf,
    first: blank,
  });
  const send = async (): Promise<boolean> => {
    const { secret } = await putWebhook(draft.name, inputOf(draft), stored.value?.etag);
    tell({ tone: 'ok', text: common().saved(draft.name) });
    onDone();
    const isMade = secret !== MASK && secret !== draft.secret;
    if (isMade) setMade(secret);
    return isMade;
  };
  return (
    <FormDialog
      title={name === undefined ? words().webhooks.newTitle : words().webhooks.editTitle(name)}
      isReady={isThere && draft.name !== ''}
      onSend={send}
      onClose={onClose}
      curl={() => curlOf('PUT', webhookPath(draft.name), { body: inputOf({ ...draft, secret: draft.secret && MASK }) })}
    >
      {made !== undefined && <Made secret={made} />}
      {made === undefined && isThere && <Fields draft={draft} isNew={name === undefined} set={change} />}
      {stored.problem && <ProblemNote problem={stored.problem} onRetry={stored.reload} />}
    </FormDialog>
  );
}

const Made = ({ secret }: { secret: string }): JSX.Element => (
  <>
    <Note tone="warn">{words().webhooks.secretOnce}</Note>
    <p class="row">
      <code class="wrap-any">{secret}</code>
      <CopyButton text={() => secret}>{words().webhooks.copySecret}</CopyButton>
    </p>
  </>
);

interface FieldsProps {
  draft: Draft;
  isNew: boolean;
  set: (change: Partial<Draft>) => void;
}

function Fields({ draft, isNew, set }: FieldsProps): JSX.Element {
  const texts = words().webhooks;
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
        label={texts.url}
        help={texts.urlHelp}
        value={draft.url}
        set={url => set({ url: url.trim() })}
        type="url"
        isRequired
      />
      <Checks
        label={texts.events}
        values={eventNames.map(each => [each, texts.eventNames[each]])}
        chosen={draft.events}
        set={events => set({ events })}
      />
      <TextInput label={texts.filter} value={draft.filter} set={filter => set({ filter })} />
      <Choice
        label={texts.format}
        value={draft.format}
        values={formats.map(each => [each, each])}
        set={format => set({ format: format as Draft['format'] })}
      />
      <TextInput
        label={texts.secret}
        help={isNew ? texts.secretHelp : texts.secretKept}
        value={draft.secret}
        set={secret => set({ secret: secret.trim() })}
        type="password"
        autocomplete="new-password"
      />
      <label class="row tight">
        <input
          type="checkbox"
          checked={draft.paused}
          onChange={event => set({ paused: event.currentTarget.checked })}
        />
        {texts.paused}
      </label>
    </>
  );
}

/** The stored key is not known here: an empty one leaves it. */
function draftOf({ name, url, events, filter, format, paused, eventCodes, parameters, until }: Webhook): Draft {
  const rest = {
    ...(eventCodes ? { eventCodes } : {}),
    ...(parameters ? { parameters } : {}),
    ...(until ? { until } : {}),
  };
  return { ...blank, name, url, events, format, filter: filter ?? '', paused: paused ?? false, rest };
}

const inputOf = ({ url, events, filter, format, secret, paused, rest }: Draft): WebhookInput => ({
  ...rest,
  url,
  events: events as EventName[],
  format,
  ...(filter.trim() === '' ? {} : { filter }),
  ...(secret === '' ? {} : { secret }),
  ...(paused ? { paused } : {}),
});
