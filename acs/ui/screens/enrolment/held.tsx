// Devices that are held because they may be other units than before: both sightings side by side, one decision.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { approveDevice, forgetDevice } from '../../api/administration/enrolment.ts';
import { countDevices, listDevices } from '../../api/devices.ts';
import type { Device } from '../../api/shapes.ts';
import { Age } from '../../components/age.tsx';
import { Confirm } from '../../components/dialogs/confirm.tsx';
import { Empty } from '../../components/empty.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { Pair } from '../../components/records/pair.tsx';
import { useEvents } from '../../components/records/use-events.ts';
import { Skeleton } from '../../components/skeleton.tsx';
import { hrefOf, place, setQuery } from '../../state/location.ts';
import { useResource } from '../../state/resource.ts';
import { may } from '../../state/session.ts';
import { tell } from '../../state/toasts.ts';
import { enrolment } from '../../words/en/enrolment.ts';
import { records } from '../../words/en/records.ts';
import { dateTime } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('enrolment', enrolment);
const common = textsOf('records', records);
const FILTER = 'state = "held"';
/** After which the list of those that are held may be another one. */
const EVENTS = ['held', 'enrolled'] as const;
const FIELDS = 'id,serial,productClass,site,hold';

type Held = Partial<Device>;
type Hold = NonNullable<Device['hold']>;
type Sighting = NonNullable<Hold['sightings']>[number];

/** @param isPart beside other parts; else it has the page for itself */
export function HeldPanel({ isPart = false }: { isPart?: boolean }): JSX.Element | null {
  const at = Math.max(0, Number(place.value.query.get('held') ?? 0) || 0);
  const found = useResource(
    `held ${at}`,
    async signal =>
      await listDevices({ filter: FILTER, fields: FIELDS, sort: 'id', limit: 1, offset: at, count: true }, signal),
    { keeps: true },
  );
  const counted = useResource(found.at === undefined ? undefined : `held ${found.at}`, async signal =>
    countDevices(FILTER, signal),
  );
  const total = counted.value ?? found.value?.total ?? 0;
  const device = found.value?.items[0];
  // The device that is looked at stays, wherever others come and go.
  useEvents(EVENTS, devices => {
    if (!device?.id || devices.has(device.id) || devices.size === 0) found.reload();
    else counted.reload();
  });
  const open = (to: number): void => setQuery({ held: to === 0 ? undefined : String(to) });
  return (
    <section class={isPart ? 'panel c8' : 'panel'} aria-label={words().tabs.held}>
      <header>
        <h2>{words().tabs.held}</h2>
        {device?.hold && (
          <span class="small ink-3">
            {words().held.position(at + 1, total)} · {words().held.reasons[device.hold.reason]}
          </span>
        )}
        <span class="push row">
          <button class="btn tiny quiet" type="button" disabled={at === 0} onClick={() => open(at - 1)}>
            {words().held.previous}
          </button>
          <button class="btn tiny quiet" type="button" disabled={at + 1 >= total} onClick={() => open(at + 1)}>
            {words().held.next}
          </button>
        </span>
      </header>
      {found.problem && <ProblemNote problem={found.problem} at={found.at} onRetry={found.reload} />}
      {!found.value && !found.problem && <Skeleton />}
      {found.value && !device && <Empty title={words().held.none} text={words().held.noneText} />}
      {device && (
        <HeldDevice
          key={device.id}
          device={device}
          onDecided={() => {
            open(Math.max(0, Math.min(at, total - 2)));
            found.reload();
          }}
        />
      )}
    </section>
  );
}

function HeldDevice({ device, onDecided }: { device: Held; onDecided: () => void }): JSX.Element {
  const { id = '', serial = '', productClass, site = {}, hold } = device;
  const [asked, setAsked] = useState<'approve' | 'forget' | undefined>(undefined);
  const path = `/devices/${encodeURIComponent(id)}`;
  return (
    <div class="body stack">
      <p class="wrap-any">
        <a class="mono" href={hrefOf(`${path}/summary`)}>
          {serial}
        </a>{' '}
        {[productClass, site.name].filter(Boolean).join(', ')} · {hold?.detail}
      </p>
      <Sightings hold={hold ?? undefined} />
      <div class="row">
        {may('approveDevice') && (
          <button class="btn" type="button" onClick={() => setAsked('approve')}>
            {words().held.approve}
          </button>
        )}
        {may('deleteDevice') && (
          <button class="btn" type="button" onClick={() => setAsked('forget')}>
            {words().held.forget}
          </button>
        )}
        <a class="btn quiet" href={hrefOf(`${path}/sessions`)}>
          {words().held.trace}
        </a>
      </div>
      {asked && (
        <HeldDecision device={device} decision={asked} onClose={() => setAsked(undefined)} onDone={onDecided} />
      )}
    </div>
  );
}

function HeldDecision({
  device: { id = '', serial = '' },
  decision,
  onClose,
  onDone,
}: {
  device: Held;
  decision: 'approve' | 'forget';
  onClose: () => void;
  onDone: () => void;
}): JSX.Element {
  const texts = words().held;
  const isApproval = decision === 'approve';
  return (
    <Confirm
      title={isApproval ? texts.approveTitle(serial) : texts.forgetTitle(serial)}
      action={isApproval ? words().approve : texts.forgetNow}
      isDangerous={!isApproval}
      typed={isApproval ? undefined : serial}
      onClose={onClose}
      onConfirm={async () => {
        await (isApproval ? approveDevice(id) : forgetDevice(id));
        tell({ tone: 'ok', text: isApproval ? words().approved(id) : texts.forgotten(id) });
        onDone();
      }}
    >
      <p>{isApproval ? texts.approveText : texts.forgetText}</p>
    </Confirm>
  );
}

/** The Inform before and the one that led to the hold; what differs is marked in the second. */
function Sightings({ hold }: { hold: Hold | undefined }): JSX.Element {
  const texts = words().held;
  const [one, two] = hold?.sightings ?? [];
  if (!one || !two) return <p class="ink-3">{texts.noSightings}</p>;
  const heads = hold?.reason === 'cloned' ? [texts.one, texts.two] : [texts.before, texts.now];
  return (
    <div class="cols twin">
      <Sighting head={heads[0]} of={one} beside={one} />
      <Sighting head={heads[1]} of={two} beside={one} />
    </div>
  );
}

function Sighting({ head, of, beside }: { head: string | undefined; of: Sighting; beside: Sighting }): JSX.Element {
  const texts = words().held;
  const rows: { name: string; show: (sighting: Sighting) => string }[] = [
    { name: texts.address, show: ({ address }) => address },
    { name: texts.url, show: ({ connectionRequestUrl }) => connectionRequestUrl },
    { name: texts.firmware, show: ({ softwareVersion }) => softwareVersion },
    { name: texts.certificate, show: ({ certificate }) => certificate ?? common().none },
  ];
  return (
    <div class="c6 stack tight">
      <h3>{head}</h3>
      <dl class="kv">
        <Pair name={texts.time}>
          <span title={dateTime(of.time)}>
            <Age at={of.time} />
          </span>
        </Pair>
        {rows.map(({ name, show }) => (
          <Pair key={name} name={name}>
            <span class={`mono ${show(of) === show(beside) ? '' : 'diffv'}`}>{show(of)}</span>
          </Pair>
        ))}
      </dl>
    </div>
  );
}
