// Alerts and the webhooks that tell of them, each in a part of the page.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { listAlerts } from '../../api/administration/alerts.ts';
import { listWebhooks } from '../../api/administration/webhooks.ts';
import { Icon } from '../../components/icon.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { hrefOf, place, setQuery } from '../../state/location.ts';
import { useResource } from '../../state/resource.ts';
import { may } from '../../state/session.ts';
import { summary } from '../../state/summary.ts';
import { alerts } from '../../words/en/alerts.ts';
import { number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import { AlertDialog } from './alert-dialog.tsx';
import { AlertList } from './alert-list.tsx';
import { WebhookDialog } from './webhook-dialog.tsx';
import { WebhookList } from './webhook-list.tsx';

const words = textsOf('alerts', alerts);

/** `?new=FILTER` begins an alert for the devices of a filter. */
export function AlertsScreen({ params }: { params: Readonly<Record<string, string>> }): JSX.Element {
  const part = params.part === 'webhooks' ? 'webhooks' : 'alerts';
  const asked = place.value.query.get('new') ?? undefined;
  const firing = Object.values(summary.value?.alerts ?? {}).reduce((sum, count) => sum + count, 0);
  // Another number of firing alerts is another list.
  const list = useResource(`alerts ${firing}`, listAlerts, { keeps: true });
  const hooks = useResource(may('listWebhooks') ? 'webhooks' : undefined, listWebhooks);
  const [isNew, setNew] = useState(false);
  const close = (): void => {
    setNew(false);
    setQuery({ new: undefined });
  };
  const count = list.value?.items.length ?? 0;
  return (
    <>
      <div class="head">
        <div class="stack">
          <h1>{words().title(count, (list.value?.items ?? []).filter(({ state }) => state === 'firing').length)}</h1>
          <p class="ink-2">{words().about}</p>
        </div>
        <div class="row actions">
          {may(part === 'alerts' ? 'putAlert' : 'putWebhook') && (
            <button class="btn" type="button" onClick={() => setNew(true)}>
              <Icon name="plus" />
              {part === 'alerts' ? words().new : words().webhooks.new}
            </button>
          )}
        </div>
      </div>
      {may('listWebhooks') && (
        <Tabs
          label={words().parts}
          current={part}
          tabs={[
            { name: 'alerts', text: words().tabs.alerts, href: hrefOf('/alerts'), count: number(count) },
            {
              name: 'webhooks',
              text: words().tabs.webhooks,
              href: hrefOf('/alerts/webhooks'),
              count: number(hooks.value?.items.length ?? 0),
            },
          ]}
        />
      )}
      {part === 'alerts' ? <AlertList list={list} /> : <WebhookList list={hooks} />}
      {part === 'alerts' && (isNew || asked !== undefined) && (
        <AlertDialog filter={asked ?? ''} onClose={close} onDone={list.reload} />
      )}
      {part === 'webhooks' && isNew && <WebhookDialog onClose={close} onDone={hooks.reload} />}
    </>
  );
}
