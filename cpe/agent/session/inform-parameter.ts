// TR-181 ManagementServer.InformParameter: parameters that the ACS wants in Informs besides the forced ones.
import type { EventEntry } from '../../../shared/cwmp/methods.ts';
import { isPartial, matches } from '../../../shared/model/path.ts';
import type { Device } from '../../state/device.ts';

/** Values that one pattern may add to an Inform: our bound, so that no `*` makes the Inform endless. */
const MAX_VALUES = 500;

/** An enabled row of the table. */
interface InformParameter {
  /** Path, or a pattern with `*`. */
  name: string;
  events: string[];
}

function informParameters(device: Device): InformParameter[] {
  const table = `${device.model.root}ManagementServer.InformParameter.`;
  if (!device.model.objects.has(`${table}{i}.`)) return [];
  const rows = new Map<string, Record<string, string>>();
  for (const { Name, Value } of device.config.read(table)) {
    const [row = '', column = ''] = Name.slice(table.length).split('.');
    rows.set(row, { ...rows.get(row), [column]: Value });
  }
  return [...rows.values()]
    .filter(({ Enable, ParameterName }) => Enable === '1' && ParameterName)
    .map(({ ParameterName = '', EventList = '' }) => ({
      name: ParameterName,
      events: EventList.split(',')
        .map(code => code.trim())
        .filter(Boolean),
    }));
}

/** Full names of the parameters that an Inform with these events carries; an empty EventList stands for all events. */
export function extraParameters(device: Device, events: readonly EventEntry[]): string[] {
  return informParameters(device)
    .filter(row => row.events.length === 0 || events.some(({ EventCode }) => row.events.includes(EventCode)))
    .flatMap(({ name }) => expanded(device, name));
}

/** Expands a pattern to the names that exist now. */
function expanded(device: Device, name: string): string[] {
  if (isPartial(name)) return [];
  if (!name.includes('*')) return [name];
  try {
    const found = device.config.read(name.slice(0, name.indexOf('*')));
    return found
      .map(({ Name }) => Name)
      .filter(path => matches(name, path))
      .slice(0, MAX_VALUES);
  } catch {
    // CwmpFault 9005: nothing of that name exists at the moment.
    return [];
  }
}
