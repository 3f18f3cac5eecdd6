// What the unit says of itself at the start of a session: the Inform of the moment, and the settings that the agent reads from the model.
import type { Arguments, EventEntry, ParameterValue } from '../../../shared/cwmp/methods.ts';
import type { Model } from '../../../shared/model/definitions.ts';
import type { Device } from '../../state/device.ts';
import { nameForAcs } from '../../state/tree/reads.ts';
import { exists } from '../settings.ts';
import { currentTime } from '../unit-time.ts';
import { wantedBy } from './inform-parameter.ts';

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

/** Values of paths, each once; what no longer exists (a deleted row) is left out. */
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
 * Inform, TR-069 A.3.3.1: forced parameters first, then those with a change to tell, then those that the ACS asked for.
 * @param connectionRequestUrl what the listener answers to at this moment
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
      [...forcedParameters(device.model), ...changed, ...wantedBy(device, events)],
      connectionRequestUrl,
    ),
  };
}
