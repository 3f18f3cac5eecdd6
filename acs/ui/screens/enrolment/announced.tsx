// Devices that are announced: known before they come.
import type { JSX } from 'preact';
import { listDevices } from '../../api/devices.ts';
import type { Device } from '../../api/shapes.ts';
import { Age } from '../../components/age.tsx';
import { Empty } from '../../components/empty.tsx';
import { PageFoot } from '../../components/records/page-foot.tsx';
import { type Column, Records } from '../../components/records/records.tsx';
import { useGrowingList } from '../../state/growing-list.ts';
import { hrefOf, place } from '../../state/location.ts';
import { enrolment } from '../../words/en/enrolment.ts';
import { records } from '../../words/en/records.ts';
import { textsOf } from '../../words/texts.ts';
import { Narrow, within } from './narrow.tsx';

const words = textsOf('enrolment', enrolment);
const common = textsOf('records', records);
const FIELDS = 'id,serial,productClass,username,site,tags,created';

export function AnnouncedPanel(): JSX.Element {
  const filter = within('known', place.value.query.get('q') ?? '');
  const pages = useGrowingList<Partial<Device>>(
    filter,
    async (cursor, signal) =>
      await listDevices({ filter, fields: FIELDS, sort: '-created', limit: 100, count: true, cursor }, signal),
    { keeps: true },
  );
  return (
    <section class="panel" aria-label={words().tabs.announced}>
      <header>
        <h2>{words().tabs.announced}</h2>
      </header>
      <Narrow state="known" total={pages.total} problem={pages.problem} />
      {pages.items && pages.items.length > 0 && (
        <Records
          label={words().tabs.announced}
          columns={columns()}
          items={pages.items}
          keyOf={({ id = '' }) => id}
          hrefOf={({ id = '' }) => hrefOf(`/devices/${encodeURIComponent(id)}/summary`)}
        />
      )}
      <PageFoot pages={pages} empty={<Empty title={words().announced.none} text={words().announced.noneText} />} />
    </section>
  );
}

function columns(): [Column<Partial<Device>>, ...Column<Partial<Device>>[]] {
  const heads = words().columns;
  return [
    { name: 'serial', head: heads.serial, class: 'mono', cell: ({ serial }) => serial },
    { name: 'product', head: heads.product, class: 'p3', cell: ({ productClass }) => productClass },
    {
      name: 'login',
      head: heads.login,
      class: 'mono',
      cell: ({ username }) => username ?? <span class="ink-3">{common().none}</span>,
    },
    { name: 'site', head: heads.site, class: 'p2', cell: ({ site }) => site?.name },
    {
      name: 'tags',
      head: heads.tags,
      cell: ({ tags = [] }) => (
        <span class="row tight nowrap">
          {tags.map(tag => (
            <span class="tag" key={tag}>
              {tag}
            </span>
          ))}
        </span>
      ),
    },
    { name: 'created', head: heads.announced, class: 'p4 num', cell: ({ created }) => created && <Age at={created} /> },
  ];
}
