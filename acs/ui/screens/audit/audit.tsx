// The audit: who has changed what, when and from where; the address has the conditions.
import type { JSX } from 'preact';
import { type AuditEntry, type AuditSearch, auditCsvUrl, listAudit } from '../../api/administration/audit.ts';
import { Age } from '../../components/age.tsx';
import { Empty } from '../../components/empty.tsx';
import { Icon } from '../../components/icon.tsx';
import { PageFoot } from '../../components/records/page-foot.tsx';
import { type Column, Records } from '../../components/records/records.tsx';
import { useGrowingList } from '../../state/growing-list.ts';
import { hrefOf, place, setQuery } from '../../state/location.ts';
import { audit } from '../../words/en/audit.ts';
import { textsOf } from '../../words/texts.ts';
import { Chain } from './chain.tsx';
import { Conditions } from './conditions.tsx';
import { EntryDrawer } from './entry-drawer.tsx';

const words = textsOf('audit', audit);
const names = ['who', 'what', 'target', 'from', 'to'] as const;

function searchOf(query: URLSearchParams): AuditSearch {
  const refused = query.get('refused');
  const given = names.flatMap(name => (query.get(name) ? [[name, query.get(name)]] : []));
  return { ...Object.fromEntries(given), ...(refused === null ? {} : { refused: refused === 'true' }) };
}

export function AuditScreen(): JSX.Element {
  const { query } = place.value;
  const search = searchOf(query);
  const list = useGrowingList<AuditEntry>(
    JSON.stringify(search),
    async (cursor, signal) => await listAudit(search, cursor, signal),
    { keeps: true },
  );
  const at = query.get('at') ?? undefined;
  const open = list.items?.find(({ id }) => id === at);
  const { at: _at, ...kept } = Object.fromEntries(query);
  return (
    <>
      <div class="head">
        <div class="stack">
          <h1>{words().title}</h1>
          <p class="ink-2">{words().about}</p>
        </div>
        <div class="row actions">
          <a class="btn" href={auditCsvUrl(search)} download="audit.csv">
            <Icon name="download" />
            {words().csv}
          </a>
        </div>
      </div>
      <Chain />
      <Conditions search={search} />
      <div class={open ? 'with-drawer' : ''}>
        <section class="panel" aria-label={words().title}>
          {list.items && list.items.length > 0 && (
            <Records
              label={words().title}
              columns={columns()}
              items={list.items}
              keyOf={({ id }) => id}
              hrefOf={({ id }) => hrefOf('/audit', { ...kept, at: id })}
              at={at}
            />
          )}
          <PageFoot pages={list} empty={<Empty title={words().none} text={words().noneText} />} />
        </section>
        {open && <EntryDrawer key={open.id} entry={open} onClose={() => setQuery({ at: undefined })} />}
      </div>
    </>
  );
}

function columns(): [Column<AuditEntry>, ...Column<AuditEntry>[]] {
  const heads = words().columns;
  return [
    { name: 'what', head: heads.what, class: 'mono', cell: ({ what }) => what },
    { name: 'target', head: heads.target, class: 'mono p3', cell: ({ target }) => target },
    {
      name: 'who',
      head: heads.who,
      class: 'p2',
      cell: ({ who, kind = '' }) => <span title={words().kinds[kind] ?? kind}>{who}</span>,
    },
    { name: 'from', head: heads.from, class: 'mono', cell: ({ from }) => from },
    { name: 'outcome', head: heads.outcome, cell: entry => <Outcome entry={entry} /> },
    { name: 'time', head: heads.time, class: 'num p4', cell: ({ time }) => <Age at={time} /> },
  ];
}

const Outcome = ({ entry: { status } }: { entry: AuditEntry }): JSX.Element =>
  status < 400 ? <span class="st ok">{words().done}</span> : <span class="st fail">{words().refused(status)}</span>;
