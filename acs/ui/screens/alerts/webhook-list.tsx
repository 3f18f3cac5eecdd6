// The webhooks with what waits for them; one is open beside them, with its messages.
import type { JSX } from 'preact';
import {
  deleteWebhook,
  listDeliveries,
  pingWebhook,
  retryWebhook,
  type Webhook,
} from '../../api/administration/webhooks.ts';
import { problemOf } from '../../api/problem.ts';
import { Age } from '../../components/age.tsx';
import { Empty } from '../../components/empty.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { Pair } from '../../components/records/pair.tsx';
import { RecordDrawer } from '../../components/records/record-drawer.tsx';
import { type Column, Records } from '../../components/records/records.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { hrefOf, place } from '../../state/location.ts';
import { type Resource, useResource } from '../../state/resource.ts';
import { may } from '../../state/session.ts';
import { tell } from '../../state/toasts.ts';
import { alerts } from '../../words/en/alerts.ts';
import { records } from '../../words/en/records.ts';
import { dateTime, number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import { WebhookDialog } from './webhook-dialog.tsx';

const words = textsOf('alerts', alerts);
const common = textsOf('records', records);
const tones = { delivers: 'ok', waits: 'warn', fails: 'bad', paused: 'idle', gone: 'fail' } as const;

function stateOf({ paused, gone, dead, waiting }: Webhook): keyof typeof tones {
  if (gone !== undefined) return 'gone';
  if (paused) return 'paused';
  if (dead > 0) return 'fails';
  return waiting > 0 ? 'waits' : 'delivers';
}

export function WebhookList({ list }: { list: Resource<{ items: Webhook[] }> }): JSX.Element {
  const at = place.value.query.get('at') ?? undefined;
  const items = list.value?.items ?? [];
  const open = items.find(({ name }) => name === at);
  return (
    <div class={open ? 'with-drawer' : ''}>
      <section class="panel" aria-label={words().tabs.webhooks}>
        {list.problem && <ProblemNote problem={list.problem} at={list.at} onRetry={list.reload} />}
        {!list.value && !list.problem && <Skeleton />}
        {list.value && items.length === 0 && <Empty title={words().webhooks.none} text={words().webhooks.noneText} />}
        {items.length > 0 && (
          <Records
            label={words().tabs.webhooks}
            columns={columns()}
            items={items}
            keyOf={({ name }) => name}
            hrefOf={({ name }) => hrefOf('/alerts/webhooks', { at: name })}
            at={at}
          />
        )}
      </section>
      {open && <WebhookDrawer key={open.name} webhook={open} onChanged={list.reload} />}
    </div>
  );
}

function columns(): [Column<Webhook>, ...Column<Webhook>[]] {
  const heads = words().webhooks.columns;
  return [
    { name: 'name', head: heads.name, cell: ({ name }) => name },
    { name: 'state', head: heads.state, class: 'p2', cell: webhook => <State webhook={webhook} /> },
    { name: 'url', head: heads.url, class: 'mono p3', cell: ({ url }) => url },
    { name: 'events', head: heads.events, cell: webhook => eventsOf(webhook) },
    { name: 'waiting', head: heads.waiting, class: 'num p4', cell: ({ waiting }) => number(waiting) },
    { name: 'dead', head: heads.dead, class: 'num', cell: ({ dead }) => number(dead) },
  ];
}

const eventsOf = ({ events }: Webhook): string => events.map(each => words().webhooks.eventNames[each]).join(', ');

function State({ webhook }: { webhook: Webhook }): JSX.Element {
  const state = stateOf(webhook);
  return <span class={`st ${tones[state]}`}>{words().webhooks.states[state]}</span>;
}

function WebhookDrawer({ webhook, onChanged }: { webhook: Webhook; onChanged: () => void }): JSX.Element {
  const { name, url, filter, format, until } = webhook;
  return (
    <RecordDrawer
      name={name}
      mayEdit={may('putWebhook')}
      mayDelete={may('deleteWebhook')}
      editor={close => <WebhookDialog name={name} onClose={close} onDone={onChanged} />}
      onDelete={async () => await deleteWebhook(name)}
      deleteText={words().webhooks.removeText}
      onChanged={onChanged}
    >
      <State webhook={webhook} />
      <dl class="kv">
        <Pair name={words().webhooks.url}>
          <span class="mono wrap-any">{url}</span>
        </Pair>
        <Pair name={words().webhooks.events}>{eventsOf(webhook)}</Pair>
        {filter !== undefined && (
          <Pair name={common().filter}>
            <span class="mono wrap-any">{filter}</span>
          </Pair>
        )}
        <Pair name={words().webhooks.format}>{format}</Pair>
        {until !== undefined && <Pair name={words().webhooks.until}>{dateTime(until)}</Pair>}
      </dl>
      <Messages webhook={webhook} onChanged={onChanged} />
    </RecordDrawer>
  );
}

/** The test delivery, what waits and what was given up. */
function Messages({
  webhook: { name, waiting, dead },
  onChanged,
}: {
  webhook: Webhook;
  onChanged: () => void;
}): JSX.Element {
  const texts = words().webhooks;
  const ping = async (): Promise<void> => {
    try {
      const { status, reason = '' } = await pingWebhook(name);
      const isTaken = status !== undefined && status < 300;
      if (status === undefined) tell({ tone: 'bad', text: texts.untested(reason) });
      else tell({ tone: isTaken ? 'ok' : 'bad', text: texts.tested(status) });
    } catch (error) {
      tell({ tone: 'bad', text: problemOf(error).message });
    }
  };
  const retry = async (): Promise<void> => {
    try {
      await retryWebhook(name);
      tell({ tone: 'busy', text: texts.retried });
      onChanged();
    } catch (error) {
      tell({ tone: 'bad', text: problemOf(error).message });
    }
  };
  return (
    <>
      <div class="row">
        {may('pingWebhook') && (
          <button class="btn" type="button" onClick={() => void ping()}>
            {texts.test}
          </button>
        )}
        {may('retryWebhook') && waiting + dead > 0 && (
          <button class="btn" type="button" onClick={() => void retry()}>
            {texts.retry}
          </button>
        )}
      </div>
      <Deliveries name={name} isDead={false} count={waiting} />
      <Deliveries name={name} isDead count={dead} />
    </>
  );
}

function Deliveries({ name, isDead, count }: { name: string; isDead: boolean; count: number }): JSX.Element | null {
  const texts = words().webhooks;
  const found = useResource(
    count === 0 ? undefined : `${name} ${isDead} ${count}`,
    async signal => (await listDeliveries(name, isDead, signal)).items,
  );
  if (count === 0) return null;
  return (
    <section class="stack tight" aria-label={isDead ? texts.dead : texts.waiting}>
      <h3>{isDead ? texts.dead : texts.waiting}</h3>
      {found.problem && <ProblemNote problem={found.problem} onRetry={found.reload} />}
      <ul class="stack tight small">
        {(found.value ?? []).map(({ id, event, device, time, attempts, error }) => (
          <li key={id}>
            <b>{event}</b> {device && <span class="mono wrap-any">{device}</span>} <Age at={time} /> ·{' '}
            {texts.attempts(attempts)}
            {error && <p class="bad wrap-any">{error}</p>}
          </li>
        ))}
      </ul>
    </section>
  );
}
