// The page of a device that is not there: those with the nearest ids, for a slip of the hand.
import type { JSX } from 'preact';
import { quotedText } from '../../../query/quote.ts';
import { listDevices } from '../../api/devices.ts';
import type { Device } from '../../api/shapes.ts';
import { Empty } from '../../components/empty.tsx';
import { hrefOf } from '../../state/location.ts';
import { useResource } from '../../state/resource.ts';
import { device as english } from '../../words/en/device/device.ts';
import { textsOf } from '../../words/texts.ts';
import { hrefOfTab } from './places.ts';

const words = textsOf('device', english);
const MOST = 6;
/** Shorter beginnings of a serial number are alike by chance. */
const SHORTEST = 3;

export function MissingDevice({ id }: { id: string }): JSX.Element {
  const near = useResource(id, async signal => await nearest(id, signal));
  const found = near.value ?? [];
  return (
    <Empty isPage title={words().missing.title} text={words().missing.text(id)}>
      {found.length > 0 && <p>{words().missing.nearest}</p>}
      {found.map(({ id: other = '' }) => (
        <a class="btn mono" key={other} href={hrefOfTab(other, 'summary')}>
          {other}
        </a>
      ))}
      <a class="btn" href={hrefOf('/devices')}>
        {words().missing.all}
      </a>
    </Empty>
  );
}

/** Devices that have the serial number, or its beginning, halved until one is found. */
async function nearest(id: string, signal: AbortSignal): Promise<Partial<Device>[]> {
  let text = id.slice(id.lastIndexOf('-') + 1);
  for (;;) {
    const filter = `find ${quotedText(text)}`;
    const { items } = await listDevices({ filter, fields: 'id', limit: MOST }, signal);
    if (items.length > 0) return items;
    const shorter = text.slice(0, Math.min(text.length - 1, Math.ceil(text.length * 0.75)));
    if (shorter.length < SHORTEST) return [];
    text = shorter;
  }
}
