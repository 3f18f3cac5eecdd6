// The Inform among the messages of a CPE: recognised, and read for the identity and software of its device.
import type { Arguments } from '../../shared/cwmp/methods.ts';
import type { Envelope, RequestBody } from '../../shared/cwmp/soap.ts';
import type { DeviceIdentity } from '../device/row.ts';
import type { Posted } from './post-stream.ts';

export type InformEnvelope = Envelope & { body: RequestBody<'Inform'> };

export const isInform = (posted: Posted): posted is InformEnvelope =>
  posted !== 'empty' && posted.body.kind === 'request' && posted.body.method === 'Inform';

/** The identity that the CPE claims: it counts as proven only where the credentials confirm it. */
export const identityOf = ({ DeviceId }: Arguments<'Inform'>): DeviceIdentity => ({
  manufacturer: DeviceId.Manufacturer,
  oui: DeviceId.OUI,
  productClass: DeviceId.ProductClass,
  serialNumber: DeviceId.SerialNumber,
});

/** The root of the data model and the software version that an Inform reports. */
export function softwareOf({ ParameterList }: Arguments<'Inform'>): { root: string; softwareVersion: string } {
  const version = ParameterList.find(({ Name }) => Name.endsWith('.DeviceInfo.SoftwareVersion'));
  const [, root = 'Device.'] = /^([^.]+\.)/.exec(version?.Name ?? ParameterList[0]?.Name ?? '') ?? [];
  return { root, softwareVersion: version?.Value ?? '' };
}

/** RetryCount of an Inform; 0 for any other message. */
export const retryCountOf = (posted: Posted): number => (isInform(posted) ? posted.body.args.RetryCount : 0);
