// The alerts with their states; one is open beside them.
import type { JSX } from 'preact';
import { type Alert, deleteAlert } from '../../api/administration/alerts.ts';
import { Age } from '../../components/age.tsx';
import { Empty } from '../../components/empty.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { Pair } from '../../components/records/pair.tsx';
import { RecordDrawer } from '../../components/records/record-drawer.tsx';
import { type Column, Records } from '../../components/records/records.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { hrefOf, place } from '../../state/location.ts';
import type { Resource } from '../../state/resource.ts';
import { may } from '../../state/session.ts';
import { alerts } from '../../words/en/alerts.ts';
import { dateTime, number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import { AlertDialog } from './alert-dialog.tsx';
import { Groups } from './groups.tsx';
import { isSilent, Silence } from './silence.tsx';

const words = textsOf('alerts', alerts);
const stateTones = { ok: 'ok', pending: 'warn', firing: 'bad' } as const;
const severityTones = { info: 'busy', warning: 'warn', critical: 'bad' } as const;
const order = { firing: 0, pending: 1, ok: 2 } as const;

export function AlertList({ list }: { list: Resource<{ items: Alert[] }> }): JSX.Element {
  const at = place.value.query.get('at') ?? undefined;
  const items = [...(list.value?.items ?? [])].sort((a, b) => order[a.state] - order[b.state]);
  const open = items.find(({ name }) => name === at);
  return (
    <div class={open ? 'with-drawer' : ''}>
      <section class="panel" aria-label={words().tabs.alerts}>
        {list.problem && <ProblemNote problem={list.problem} at={list.at} onRetry={list.reload} />}
        {!list.value && !list.problem && <Skeleton />}
        {list.value && items.length === 0 && <Empty title={words().none} text={words().noneText} />}
        {items.length > 0 && (
          <Records
            label={words().tabs.alerts}
            columns={columns()}
            items={items}
            keyOf={({ name }) => name}
            hrefOf={({ name }) => hrefOf('/alerts', { at: name })}
            at={at}
          />
        )}
      </section>
      {open && <AlertDrawer key={open.name} alert={open} onChanged={list.reload} />}
    </div>
  );
}

/** The devices that an alert counts: among the enrolled ones, unless it says otherwise. */
const devicesOf = ({ filter, among = 'state = "enrolled"' }: Alert): string =>
  hrefOf('/devices', { q: `${among} and (${filter})` });

function columns(): [Column<Alert>, ...Column<Alert>[]] {
  const heads = words().columns;
  return [
    { name: 'name', head: heads.name, cell: ({ name }) => name },
    { name: 'state', head: heads.state, class: 'p2', cell: alert => <State alert={alert} /> },
    { name: 'severity', head: heads.severity, cell: ({ severity = 'warning' }) => <Severity of={severity} /> },
    {
      name: 'count',
      head: heads.count,
      class: 'num',
      cell: alert => <a href={devicesOf(alert)}>{number(alert.count)}</a>,
    },
    { name: 'filter', head: heads.filter, class: 'mono p3', cell: ({ filter }) => filter },
    { name: 'since', head: heads.since, class: 'num p4', cell: alert => <Since alert={alert} /> },
    {
      name: 'evaluated',
      head: heads.evaluated,
      class: 'num',
      cell: ({ evaluated }) => evaluated && <Age at={evaluated} />,
    },
  ];
}

const State = ({ alert }: { alert: Alert }): JSX.Element =>
  isSilent(alert) ? (
    <span class="st idle">{words().silent(dateTime(alert.silentUntil ?? ''))}</span>
  ) : (
    <span class={`st ${stateTones[alert.state]}`}>{words().states[alert.state]}</span>
  );

const Severity = ({ of }: { of: keyof typeof severityTones }): JSX.Element => (
  <span class={`tag ${severityTones[of]}`}>{words().severities[of]}</span>
);

function Since({ alert: { groups } }: { alert: Alert }): JSX.Element | null {
  const times = groups.map(({ since, firing }) => firing ?? since).sort();
  return times[0] === undefined ? null : <Age at={times[0]} />;
}

function AlertDrawer({ alert, onChanged }: { alert: Alert; onChanged: () => void }): JSX.Element {
  const { name, description, severity = 'warning', groups, omitted, error } = alert;
  return (
    <RecordDrawer
      name={name}
      mayEdit={may('putAlert')}
      mayDelete={may('deleteAlert')}
      editor={close => <AlertDialog name={name} onClose={close} onDone={onChanged} />}
      onDelete={async () => await deleteAlert(name)}
      deleteText={words().removeText}
      onChanged={onChanged}
    >
      <span class="row">
        <State alert={alert} />
        <Severity of={severity} />
      </span>
      {may('putAlert') && <Silence alert={alert} onChanged={onChanged} />}
      {description && <p>{description}</p>}
      {error && <p class="bad">{error}</p>}
      <Facts alert={alert} />
      {groups.length > 0 && <Groups groups={groups} omitted={omitted} />}
    </RecordDrawer>
  );
}

function Facts({ alert }: { alert: Alert }): JSX.Element {
  const { filter, among, groupBy, above = 0, for: lasting = '', webhooks } = alert;
  const { count = 0, share } = typeof above === 'number' ? { count: above } : above;
  const percent = share === undefined ? '' : number(share * 100);
  return (
    <dl class="kv">
      <Pair name={words().columns.filter}>
        <a class="mono wrap-any" href={devicesOf(alert)}>
          {filter}
        </a>
      </Pair>
      {among !== undefined && (
        <Pair name={words().among}>
          <span class="mono wrap-any">{among}</span>
        </Pair>
      )}
      {groupBy !== undefined && (
        <Pair name={words().groupBy}>
          <span class="mono wrap-any">{groupBy}</span>
        </Pair>
      )}
      <Pair name={words().limit}>{words().limitText(count, percent, lasting)}</Pair>
      {webhooks !== undefined && <Pair name={words().notifies}>{webhooks.join(', ')}</Pair>}
    </dl>
  );
}
