// The Inform with which a unit begins a session (TR-069 A.3.3.1).
import type { Arguments, EventEntry, ParameterValue } from '../../../shared/cwmp/methods.ts';
import type { Model } from '../../../shared/model/definitions.ts';
import type { Device } from '../../state/device.ts';
import { nameForAcs } from '../../state/tree/reads.ts';
import { exists } from '../settings.ts';
import { currentTime } from '../unit-time.ts';
import { extraParameters } from './inform-parameter.ts';

const forced = new WeakMap<Model, readonly string[]>();

/** TR-069 A.3.3.1: template paths that every Inform carries. */
function forcedParameters(model: Model): readonly string[] {
  let list = forced.get(model);
  if (!list) {
    list = [...model.parameters.values()]
      .filter(def => def.forcedInform && !def.path.includes('{i}'))
      .map(def => def.path);
    forced.set(model, list);
  }
  return list;
}

/** Values of paths, each once; a path that no longer exists (a deleted row) is left out. */
function values(device: Device, paths: Iterable<string>, connectionRequestUrl: string): ParameterValue[] {
  const list: ParameterValue[] = [];
  for (const path of new Set(paths)) {
    if (!exists(device, path)) continue;
    const isUrl = path === `${device.model.root}ManagementServer.ConnectionRequestURL`;
    for (const value of device.config.read(path)) {
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
  events: EventEntry[],
  changed: readonly string[],
  connectionRequestUrl: string,
): Arguments<'Inform'> {
  const { manufacturer, oui, productClass, serialNumber } = device.identity;
  return {
    DeviceId: { Manufacturer: manufacturer, OUI: oui, ProductClass: productClass, SerialNumber: serialNumber },
    Event: events,
    MaxEnvelopes: 1,
    CurrentTime: currentTime(device),
    RetryCount: device.state.facts.retries,
    ParameterList: values(
      device,
      [...forcedParameters(device.model), ...changed, ...extraParameters(device, events)],
      connectionRequestUrl,
    ),
  };
}
