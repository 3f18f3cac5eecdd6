// A device beside the list: the drawer follows the row, and the keys stay with the list.
import type { JSX } from 'preact';
import { getDevice } from '../../api/devices.ts';
import type { Device } from '../../api/shapes.ts';
import { Age } from '../../components/age.tsx';
import { Icon } from '../../components/icon.tsx';
import { Liveness } from '../../components/liveness.tsx';
import { Note } from '../../components/note.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { hrefOf } from '../../state/location.ts';
import { useResource } from '../../state/resource.ts';
import { devices } from '../../words/en/devices.ts';
import { frame } from '../../words/en/frame.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('devices', devices);
const frameWords = textsOf('frame', frame);

export interface PeekProps {
  id: string;
  onClose: () => void;
}

export function Peek({ id, onClose }: PeekProps): JSX.Element {
  const device = useResource(id, async signal => await getDevice(id, signal), { keeps: true });
  // The device before stays while the next one comes, not beside the failure of that one.
  const value = device.problem && device.value?.id !== id ? undefined : device.value;
  return (
    <aside class="drawer" aria-label={words().peek}>
      <header>
        <h2 class="mono cut">{value?.serial ?? id}</h2>
        <button class="btn quiet square push" type="button" aria-label={frameWords().close} onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <div class="body" aria-busy={device.isLoading}>
        {device.problem && <ProblemNote problem={device.problem} at={device.at} onRetry={device.reload} />}
        {value ? <Facts device={value} /> : !device.problem && <Skeleton rows={8} />}
      </div>
      <footer>
        <a class="btn" href={hrefOf(`/devices/${encodeURIComponent(id)}/summary`)}>
          {words().keys.open}
        </a>
      </footer>
    </aside>
  );
}

function Facts({ device }: { device: Device }): JSX.Element {
  const { columns, facetNames } = words();
  const rows: [string, JSX.Element | string | null][] = [
    [columns.liveness, <Liveness key="liveness" of={device.liveness} />],
    [columns.lastInform, device.lastInform && <Age at={device.lastInform} />],
    [columns.productClass, device.productClass],
    [
      facetNames.firmware,
      <span key="firmware" class="mono">
        {device.firmware}
      </span>,
    ],
    [columns.manufacturer, device.manufacturer],
    [
      columns.address,
      <span key="address" class="mono">
        {device.address}
      </span>,
    ],
    [columns.state, device.state],
    [columns.lastBoot, device.lastBoot && <Age at={device.lastBoot} />],
    ...Object.entries(device.site).map(([name, value]): [string, string] => [name, String(value)]),
    [columns.tags, device.tags.join(' ')],
  ];
  return (
    <>
      {device.faults.map(({ cause, message, hint }) => (
        <Note tone="bad" key={cause}>
          <p>{message}</p>
          {hint && <p class="ink-2">{hint}</p>}
        </Note>
      ))}
      <dl class="kv">
        {rows.map(([name, value]) => (
          <>
            <dt key={`${name} name`}>{name}</dt>
            <dd key={name}>{value}</dd>
          </>
        ))}
      </dl>
    </>
  );
}
