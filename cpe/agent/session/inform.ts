// The Inform with which a unit begins a session (TR-069 A.3.3.1).
import type { Arguments, EventEntry, ParameterValue } from '../../../shared/cwmp/methods.ts';
import type { Device } from '../../state/device.ts';
import { nameForAcs } from '../../state/tree/reads.ts';
import { exists } from '../settings.ts';
import { currentTime } from '../unit-time.ts';
import type { AcsView } from '../views/acs-view.ts';
import { extraParameters } from './inform-parameter.ts';

/** Values of names as the ACS has them, each once. */
function values(
  device: Device,
  view: AcsView,
  names: Iterable<string>,
  connectionRequestUrl: string,
): ParameterValue[] {
  const list: ParameterValue[] = [];
  for (const name of new Set(names)) {
    const isUrl = name === `${view.root}ManagementServer.ConnectionRequestURL`;
    for (const value of view.read(name)) {
      list.push({
        ...value,
        Name: nameForAcs(device.config.tree, value.Name),
        ...(isUrl && { Value: connectionRequestUrl }),
      });
    }
  }
  return list;
}

/**
 * Composes an Inform, TR-069 A.3.3.1: forced parameters first, then those with a change to report, then those that the ACS asked for.
 * @param connectionRequestUrl the address of the listener at this moment
 */
export function informOf(
  device: Device,
  view: AcsView,
  events: EventEntry[],
  changed: readonly string[],
  connectionRequestUrl: string,
): Arguments<'Inform'> {
  const { manufacturer, oui, productClass, serialNumber } = device.identity;
  // A path that no longer exists (a deleted row) has nothing to report.
  const own = [...changed, ...extraParameters(device, events)].filter(path => exists(device, path));
  return {
    DeviceId: { Manufacturer: manufacturer, OUI: oui, ProductClass: productClass, SerialNumber: serialNumber },
    Event: events,
    MaxEnvelopes: 1,
    CurrentTime: currentTime(device),
    RetryCount: device.state.facts.retries,
    ParameterList: values(
      device,
      view,
      [...view.forced(), ...own.flatMap(path => view.shown(path) ?? [])],
      connectionRequestUrl,
    ),
  };
}
