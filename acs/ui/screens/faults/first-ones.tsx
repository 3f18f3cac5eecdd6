// The devices of a group that have had its fault for longest.
import type { JSX } from 'preact';
import { quotedText } from '../../../query/quote.ts';
import { listDevices } from '../../api/devices.ts';
import { type FaultGroup, listFaults } from '../../api/faults.ts';
import { Age } from '../../components/age.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { hrefOf } from '../../state/location.ts';
import { useResource } from '../../state/resource.ts';
import { deviceName } from '../../words/device-name.ts';
import { faults } from '../../words/en/faults/faults.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('faults', faults);
const SHOWN = 4;

interface Entry {
  device: string;
  first: string;
  site: string;
}

async function load(group: string, filter: string | undefined, signal: AbortSignal): Promise<Entry[]> {
  const { items } = await listFaults({ group, filter, limit: SHOWN, sort: 'first' }, signal);
  if (items.length === 0) return [];
  const ids = items.map(({ device }) => quotedText(device)).join(', ');
  const devices = await listDevices({ filter: `id in (${ids})`, fields: 'id,site.name' }, signal);
  const sites = new Map(devices.items.map(each => [each.id, (each as Record<string, unknown>)['site.name']]));
  return items.map(({ device, first }) => ({ device, first, site: String(sites.get(device) ?? '') }));
}

export function FirstOnes({
  group,
  filter,
  devices,
}: {
  group: FaultGroup;
  filter: string | undefined;
  /** Finds all of its devices. */
  devices: string;
}): JSX.Element {
  const found = useResource(JSON.stringify([group.key, filter]), async signal => await load(group.key, filter, signal));
  const rest = group.devices - (found.value?.length ?? 0);
  return (
    <div class="c5 stack tight">
      <h2 class="w">{words().firstOnes}</h2>
      {found.problem && <ProblemNote problem={found.problem} onRetry={found.reload} />}
      {!found.value && !found.problem && <Skeleton rows={4} />}
      <table class="table flush">
        <tbody>
          {(found.value ?? []).map(({ device, first, site }) => (
            <tr key={device}>
              <td>
                <a class="mono" href={hrefOf(`/devices/${encodeURIComponent(device)}/faults`)} title={device}>
                  {deviceName(device)}
                </a>
              </td>
              <td>{site}</td>
              <td class="num">
                <Age at={first} />
              </td>
            </tr>
          ))}
          {found.value && rest > 0 && (
            <tr>
              <td colSpan={3}>
                <a href={hrefOf('/devices', { q: devices })}>{words().restOf(rest)}</a>
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}
