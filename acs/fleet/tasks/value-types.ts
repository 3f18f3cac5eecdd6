// The types of values that a task sets without naming them. Many CPEs refuse a value of another type (9006).
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { ParameterValue } from '../../../shared/cwmp/methods.ts';
import type { DeviceRow } from '../../device/row.ts';
import type { Store } from '../../store/store.ts';
import { type Models, typeOf } from '../common/models.ts';
import type { Cpe } from '../common/ports.ts';

/** Fills in the types that are '': from the model, from values that the device was read for before, or by asking it now. */
export async function withTypes(
  list: readonly ParameterValue[],
  row: DeviceRow,
  cpe: Cpe,
  { store, models }: { store: Pick<Store, 'parameters'>; models: Models },
): Promise<ParameterValue[]> {
  const model = await models.of(row);
  const types = new Map<string, string>();
  const unknown: string[] = [];
  for (const { Name } of list.filter(({ Type }) => Type === '')) {
    const type = typeOf(model, Name) ?? (await knownType(store, row.id, Name));
    if (type) types.set(Name, type);
    else unknown.push(Name);
  }
  if (unknown.length) for (const { Name, Type } of await read(cpe, unknown)) types.set(Name, Type);
  return list.map(entry => {
    if (entry.Type !== '') return entry;
    const type = types.get(entry.Name) || 'xsd:string';
    // The device refuses by name what is no value of the type; as a string it keeps the envelope valid.
    return { ...entry, Type: isLexical(type, entry.Value) ? type : 'xsd:string' };
  });
}

const knownType = async (store: Pick<Store, 'parameters'>, device: string, name: string): Promise<string | undefined> =>
  (await store.parameters(device, name)).find(({ path }) => path === name)?.type;

/** @returns none where the device does not know a name: its answer to the setting itself says which */
async function read(cpe: Cpe, names: string[]): Promise<ParameterValue[]> {
  try {
    return (await cpe.call('GetParameterValues', { ParameterNames: names })).ParameterList;
  } catch (error) {
    if (!(error instanceof CwmpFault)) throw error;
    return [];
  }
}

const lexicalForms: Readonly<Record<string, RegExp>> = {
  'xsd:boolean': /^(0|1|true|false)$/,
  'xsd:int': /^[+-]?\d{1,10}$/,
  'xsd:long': /^[+-]?\d{1,19}$/,
  'xsd:unsignedInt': /^\+?\d{1,10}$/,
  'xsd:unsignedLong': /^\+?\d{1,20}$/,
  'xsd:dateTime': /^-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/,
  'xsd:hexBinary': /^([0-9A-Fa-f]{2})*$/,
};

/** The text is written as XML Schema writes values of the type (XML Schema Part 2, 3.2 and 3.3); ranges are the device's. */
const isLexical = (type: string, text: string): boolean => lexicalForms[type]?.test(text) ?? true;
