// The summary of a device: is it well, and why not.
import type { JSX } from 'preact';
import { factsOf } from '../../../api/device/device.ts';
import { useReload } from '../../../state/device-line.ts';
import { useResource } from '../../../state/resource.ts';
import type { TabProps } from '../props.ts';
import { ConnectionPanel } from './connection.tsx';
import { EventsPanel } from './events.tsx';
import { LinksPanel } from './links.tsx';
import { Notes } from './notes/notes.tsx';
import { ServicesPanel } from './services.tsx';
import { SiblingsPanel } from './siblings.tsx';
import { SitePanel } from './site.tsx';
import { UnitPanel } from './unit.tsx';

export function SummaryTab(props: TabProps): JSX.Element {
  const { device, line } = props;
  const facts = useResource(device.id, async signal => await factsOf(device.id, signal));
  useReload(line, ['session', 'task'], facts.reload);
  return (
    <>
      <Notes {...props} />
      <div class="cols">
        <ConnectionPanel {...props} facts={facts} />
        <ServicesPanel device={device} facts={facts} />
        <UnitPanel device={device} facts={facts} />
        <LinksPanel {...props} />
        <SiblingsPanel device={device} />
        <EventsPanel {...props} />
        <SitePanel device={device} />
      </div>
    </>
  );
}
