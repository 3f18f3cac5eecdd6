// CPEs that come without a good login: a flood of them is counted by address range, not listed.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { approveDevice, type Knocking, listKnocking } from '../../api/administration/enrolment.ts';
import { Age } from '../../components/age.tsx';
import { Confirm } from '../../components/dialogs/confirm.tsx';
import { Empty } from '../../components/empty.tsx';
import { Panel } from '../../components/panel.tsx';
import { PageFoot } from '../../components/records/page-foot.tsx';
import { useEvents } from '../../components/records/use-events.ts';
import { useGrowingList } from '../../state/growing-list.ts';
import { hrefOf } from '../../state/location.ts';
import { type Resource, useResource } from '../../state/resource.ts';
import { may } from '../../state/session.ts';
import { tell } from '../../state/toasts.ts';
import { enrolment } from '../../words/en/enrolment.ts';
import { number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('enrolment', enrolment);
/** Entries of the panel beside others. */
const FEW = 3;
const EVENTS = ['knock'] as const;

type Knock = Knocking['items'][number];
type Range = Knocking['ranges'][number];

/** @param isPart beside other parts: the latest few */
export function KnockingPanel({ isPart = false }: { isPart?: boolean }): JSX.Element {
  const pages = useGrowingList<Knock>('knocking', listKnocking);
  const ranges = useResource(
    isPart ? undefined : 'ranges',
    async signal => (await listKnocking(undefined, signal)).ranges,
  );
  const [asked, setAsked] = useState<string | undefined>(undefined);
  const [newer, setNewer] = useState<ReadonlySet<string>>(new Set());
  const show = (): void => {
    setNewer(new Set());
    pages.reload();
  };
  const items = pages.items ?? [];
  // Rows stay in their places: those that knock meanwhile wait, but for the first.
  useEvents(EVENTS, devices => {
    if (!isPart) ranges.reload();
    if (items.length === 0 || devices.size === 0) show();
    else
      setNewer(
        before => new Set([...before, ...[...devices].filter(id => !items.some(({ device }) => device === id))]),
      );
  });
  const shown = isPart ? items.slice(0, FEW) : items;
  return (
    <>
      <section class={isPart ? 'panel c4' : 'panel c8'} aria-label={words().tabs.knocking}>
        <header>
          <h2>{words().tabs.knocking}</h2>
          <span class="push small ink-3">{words().knocking.about}</span>
          {newer.size > 0 && (
            <button class="chip accent" type="button" onClick={show}>
              {words().knocking.newer(newer.size)}
            </button>
          )}
        </header>
        {shown.length > 0 && <Knocks items={shown} onOpen={setAsked} />}
        {isPart && items.length > FEW ? (
          <footer>
            <a href={hrefOf('/enrolment/knocking')}>{words().knocking.all(pages.total ?? items.length)}</a>
          </footer>
        ) : (
          <PageFoot pages={pages} empty={<Empty title={words().knocking.none} text={words().knocking.noneText} />} />
        )}
      </section>
      {!isPart && <Ranges of={ranges} />}
      {asked !== undefined && <OpenDoor id={asked} onClose={() => setAsked(undefined)} onDone={pages.reload} />}
    </>
  );
}

interface KnocksProps {
  items: readonly Knock[];
  onOpen: (id: string) => void;
}

const Knocks = ({ items, onOpen }: KnocksProps): JSX.Element => (
  <table class="table stacks">
    <thead>
      <tr>
        <th scope="col">{words().knocking.saysItIs}</th>
        <th scope="col" class="num">
          {words().knocking.knocks}
        </th>
        {may('approveDevice') && (
          <th scope="col">
            <span class="sr">{words().knocking.openNow}</span>
          </th>
        )}
      </tr>
    </thead>
    <tbody>
      {items.map(({ device, reason, address, last, count }) => (
        <tr key={device}>
          <td>
            <span class="mono wrap-any">{device}</span>
            <p class="small ink-3">
              {words().knocking.reasons[reason] ?? reason} · {address} · <Age at={last} />
            </p>
          </td>
          <td class="num" data-l={words().knocking.knocks}>
            {number(count)}
          </td>
          {may('approveDevice') && (
            <td class="num">
              <button
                class="btn tiny"
                type="button"
                title={words().knocking.openTitle(device)}
                onClick={() => onOpen(device)}
              >
                {words().knocking.open}
              </button>
            </td>
          )}
        </tr>
      ))}
    </tbody>
  </table>
);

const Ranges = ({ of }: { of: Resource<readonly Range[]> }): JSX.Element => (
  <Panel title={words().knocking.ranges} class="c4" of={of} isBare>
    {ranges => (
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{words().knocking.range}</th>
            <th scope="col" class="num">
              {words().knocking.cpes}
            </th>
            <th scope="col" class="num">
              {words().knocking.knocks}
            </th>
          </tr>
        </thead>
        <tbody>
          {ranges.map(({ range, cpes, count }) => (
            <tr key={range}>
              <td class="mono wrap-any">{range}</td>
              <td class="num">{number(cpes)}</td>
              <td class="num">{number(count)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    )}
  </Panel>
);

const OpenDoor = ({ id, onClose, onDone }: { id: string; onClose: () => void; onDone: () => void }): JSX.Element => (
  <Confirm
    title={words().knocking.openTitle(id)}
    action={words().knocking.openNow}
    onClose={onClose}
    onConfirm={async () => {
      await approveDevice(id);
      tell({ tone: 'ok', text: words().knocking.opened(id) });
      onDone();
    }}
  >
    <p>{words().knocking.openText}</p>
  </Confirm>
);
