// The Inform among the messages of a CPE: recognised, and read for the identity and software of its device.
import { clip } from '../../shared/clip.ts';
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import type { TextField } from '../../shared/cwmp/fields.ts';
import { type Arguments, methods } from '../../shared/cwmp/methods.ts';
import type { Envelope, RequestBody } from '../../shared/cwmp/soap.ts';
import type { DeviceIdentity } from '../device/row.ts';
import type { Arrival } from './admission/arrival-queue.ts';
import type { Posted } from './post-stream.ts';

export type InformEnvelope = Envelope & { body: RequestBody<'Inform'> };

export const isInform = (posted: Posted): posted is InformEnvelope =>
  posted !== 'empty' && posted.body.kind === 'request' && posted.body.method === 'Inform';

type IdentityField = 'Manufacturer' | 'OUI' | 'ProductClass' | 'SerialNumber';
const fields: Record<IdentityField, TextField> = methods.Inform.request.DeviceId.fields;
const mostOf = (name: IdentityField): number => fields[name].max ?? 0;
const isOui = (text: string): boolean => fields.OUI.pattern?.test(text) ?? false;

/**
 * The identity that the CPE claims: it counts as proven only where the credentials confirm it. The OUI comes in capitals, without
 * separators, all parts without white space around them.
 * @throws CwmpFault 8003 where it identifies no device (TR-069 A.3.3.1)
 */
export function identityOf({ DeviceId }: Arguments<'Inform'>): DeviceIdentity {
  const identity = {
    manufacturer: DeviceId.Manufacturer.trim().slice(0, mostOf('Manufacturer')),
    oui: normalOui(DeviceId.OUI),
    productClass: DeviceId.ProductClass.trim(),
    serialNumber: DeviceId.SerialNumber.trim(),
  };
  if (identity.serialNumber === '') throw new CwmpFault(8003, 'DeviceId.SerialNumber is empty');
  if (identity.serialNumber.length > mostOf('SerialNumber')) throw tooLong('SerialNumber', identity.serialNumber);
  if (identity.productClass.length > mostOf('ProductClass')) throw tooLong('ProductClass', identity.productClass);
  return identity;
}

/** @returns undefined where the Inform identifies no device */
export function claimedIdentity(inform: InformEnvelope): DeviceIdentity | undefined {
  try {
    return identityOf(inform.body.args);
  } catch (error) {
    if (error instanceof CwmpFault) return undefined;
    throw error;
  }
}

/** @throws CwmpFault 8003 */
function normalOui(text: string): string {
  if (isOui(text)) return text;
  const oui = text.replace(/[\s:-]/g, '').toUpperCase();
  if (isOui(oui)) return oui;
  throw new CwmpFault(8003, `DeviceId.OUI is not six hexadecimal digits: ${JSON.stringify(clip(text, 40))}`);
}

const tooLong = (name: 'SerialNumber' | 'ProductClass', text: string): CwmpFault =>
  new CwmpFault(8003, `DeviceId.${name} has ${text.length} characters, more than ${mostOf(name)}`);

/** The root of the data model and the software version that an Inform reports. */
export function softwareOf({ ParameterList }: Arguments<'Inform'>): { root: string; softwareVersion: string } {
  const version = ParameterList.find(({ Name }) => Name.endsWith('.DeviceInfo.SoftwareVersion'));
  const [, root = 'Device.'] = /^([^.]+\.)/.exec(version?.Name ?? ParameterList[0]?.Name ?? '') ?? [];
  return { root, softwareVersion: version?.Value ?? '' };
}

/** The RetryCount of an Inform, and whether a connection request has brought it; as if nothing had for any other message. */
export function arrivalOf(posted: Posted): Arrival {
  if (!isInform(posted)) return { retryCount: 0, isCalled: false };
  const { RetryCount, Event } = posted.body.args;
  return { retryCount: RetryCount, isCalled: Event.some(({ EventCode }) => EventCode === '6 CONNECTION REQUEST') };
}
