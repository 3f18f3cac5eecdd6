// Devices in quarantine: approved or refused one by one, or all that fit a filter.
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { quotedText } from '../../../query/quote.ts';
import { approveDevice } from '../../api/administration/enrolment.ts';
import { listDevices } from '../../api/devices.ts';
import { problemOf } from '../../api/problem.ts';
import type { Device } from '../../api/shapes.ts';
import { Age } from '../../components/age.tsx';
import { Empty } from '../../components/empty.tsx';
import { Later } from '../../components/records/later.tsx';
import { PageFoot } from '../../components/records/page-foot.tsx';
import { type Column, Records } from '../../components/records/records.tsx';
import { type GrowingList, useGrowingList } from '../../state/growing-list.ts';
import { useShortcuts } from '../../state/keys.ts';
import { hrefOf, place, setQuery } from '../../state/location.ts';
import { may } from '../../state/session.ts';
import { summary } from '../../state/summary.ts';
import { tell } from '../../state/toasts.ts';
import { enrolment } from '../../words/en/enrolment.ts';
import { records } from '../../words/en/records.ts';
import { textsOf } from '../../words/texts.ts';
import { decideDialog, ruleDialog } from './later.ts';
import { Narrow, within } from './narrow.tsx';

const words = textsOf('enrolment', enrolment);
const common = textsOf('records', records);
const FIELDS = 'id,serial,productClass,firmware,login,address,provisioningCode,created,lastInform';
const tones = { own: 'ok', certificate: 'ok', enrolment: 'idle', none: 'fail' } as const;

type Waiting = Partial<Device>;
type Asked = 'approve' | 'refuse' | 'rule';

export function QuarantinePanel({ onRule }: { onRule: () => void }): JSX.Element {
  const filter = place.value.query.get('q') ?? '';
  const pages = useGrowingList<Waiting>(
    within('quarantine', filter),
    async (cursor, signal) =>
      await listDevices(
        { filter: within('quarantine', filter), fields: FIELDS, sort: '-lastInform', limit: 100, count: true, cursor },
        signal,
      ),
    { keeps: true },
  );
  const [asked, setAsked] = useState<Asked | undefined>(undefined);
  const close = (): void => setAsked(undefined);
  const total = pages.total ?? 0;
  useShortcuts([
    { keys: 'x', label: words().onlyThis, run: narrowToRow },
    ...(may('createJob') && total > 0
      ? [{ keys: 'a', label: words().approveAll(total), run: () => setAsked('approve') }]
      : []),
  ]);
  return (
    <section class="panel c8" aria-label={words().tabs.quarantine}>
      <header>
        <h2>{words().tabs.quarantine}</h2>
        <span class="small ink-3">{words().waiting(total)}</span>
        <Changed pages={pages} filter={filter} />
        <Actions total={total} onAsk={setAsked} />
      </header>
      <Narrow state="quarantine" total={pages.total} problem={pages.problem} />
      {pages.items && pages.items.length > 0 && (
        <Records
          label={words().tabs.quarantine}
          columns={columns(pages.reload)}
          items={pages.items}
          keyOf={({ id = '' }) => id}
          hrefOf={({ id = '' }) => hrefOf(`/devices/${encodeURIComponent(id)}/summary`)}
        />
      )}
      <PageFoot
        pages={pages}
        empty={
          filter === '' ? (
            <Empty title={words().noneWaits} text={words().noneWaitsText} />
          ) : (
            <Empty title={words().noneFits} />
          )
        }
      />
      {(asked === 'approve' || asked === 'refuse') && (
        <Later of={decideDialog} props={{ decision: asked, narrowed: filter, onClose: close, onDone: pages.reload }} />
      )}
      {asked === 'rule' && <Later of={ruleDialog} props={{ filter, onClose: close, onDone: onRule }} />}
    </section>
  );
}

/** Narrows the list to the device whose row has the focus. */
function narrowToRow(): void {
  const serial = document.activeElement?.closest('tr')?.querySelector('th')?.textContent;
  if (serial) setQuery({ q: `serial = ${quotedText(serial)}` });
}

function Actions({ total, onAsk }: { total: number; onAsk: (asked: Asked) => void }): JSX.Element {
  return (
    <span class="push row">
      {may('createJob') && (
        <>
          <button class="btn tiny primary" type="button" disabled={total === 0} onClick={() => onAsk('approve')}>
            {words().approveAll(total)}
          </button>
          <button class="btn tiny" type="button" disabled={total === 0} onClick={() => onAsk('refuse')}>
            {words().refuse}
          </button>
        </>
      )}
      {may('putEnrolmentRule') && (
        <button class="btn tiny" type="button" disabled={total === 0} onClick={() => onAsk('rule')}>
          {words().makeRule}
        </button>
      )}
    </span>
  );
}

/** Devices that came or went since the list was read: it changes only when it is asked to. */
function Changed({ pages, filter }: { pages: GrowingList<Waiting>; filter: string }): JSX.Element | null {
  const count = summary.value?.states.quarantine;
  const known = useRef<{ at: number | undefined; count: number | undefined }>({ at: undefined, count });
  if (known.current.at !== pages.at || known.current.count === undefined) known.current = { at: pages.at, count };
  const isOther = filter === '' && pages.total !== undefined && count !== undefined && count !== known.current.count;
  return isOther ? (
    <button class="btn tiny" type="button" onClick={pages.reload}>
      {common().changed}
    </button>
  ) : null;
}

function columns(reload: () => void): [Column<Waiting>, ...Column<Waiting>[]] {
  const heads = words().columns;
  return [
    { name: 'serial', head: heads.serial, class: 'mono', cell: ({ serial }) => serial },
    {
      name: 'product',
      head: heads.product,
      class: 'p3 w16',
      cell: ({ productClass, firmware }) => (
        <span title={`${productClass} ${firmware}`}>
          {productClass} <span class="mono ink-2">{firmware}</span>
        </span>
      ),
    },
    {
      name: 'cameBy',
      head: heads.cameBy,
      class: 'p2',
      cell: ({ login }) => <span class={`st ${tones[login ?? 'none']}`}>{words().logins[login ?? 'none']}</span>,
    },
    { name: 'address', head: heads.address, class: 'mono', cell: ({ address }) => address },
    {
      name: 'code',
      head: heads.code,
      class: 'mono',
      cell: ({ provisioningCode }) => provisioningCode || <span class="ink-3">{common().none}</span>,
    },
    { name: 'first', head: heads.first, class: 'num', cell: ({ created }) => created && <Age at={created} /> },
    {
      name: 'last',
      head: heads.last,
      class: 'p4 num',
      cell: ({ lastInform }) => lastInform && <Age at={lastInform} />,
    },
    ...(may('approveDevice')
      ? [
          {
            name: 'act',
            head: words().approve,
            hidesHead: true,
            class: 'num',
            cell: ({ id = '' }: Waiting) => (
              <button class="btn tiny quiet" type="button" onClick={() => void approveOne(id, reload)}>
                {words().approve}
              </button>
            ),
          },
        ]
      : []),
  ];
}

async function approveOne(id: string, reload: () => void): Promise<void> {
  try {
    await approveDevice(id);
    tell({ tone: 'ok', text: words().approved(id) });
    reload();
  } catch (error) {
    tell({ tone: 'bad', text: problemOf(error).message });
  }
}
