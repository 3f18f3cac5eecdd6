// Device ids, as TR-069 3.4.4 builds them from the identity of a device.

import type { DeviceIdentity } from '../../device/row.ts';
import { UserError } from '../../errors.ts';

/** Percent-encodes all but letters, digits and underscore (TR-069 3.4.4). */
const encodePart = (text: string): string => (/\W/.test(text) ? percentEncoded(text) : text);

const percentEncoded = (text: string): string =>
  [...Buffer.from(text, 'utf8')]
    .map(byte =>
      /\w/.test(String.fromCharCode(byte)) && byte < 128
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('');

const decodePart = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new UserError(400, 'bad-device-id', `'${text}' is not percent-encoded text`);
  }
};

/** The id of a device: `OUI-ProductClass-Serial`, or `OUI-Serial` where the product class is empty (TR-069 3.4.4). */
export function deviceId(identity: Pick<DeviceIdentity, 'oui' | 'productClass' | 'serialNumber'>): string {
  const parts = [identity.oui, ...(identity.productClass ? [identity.productClass] : []), identity.serialNumber];
  return parts.map(encodePart).join('-');
}

/** Reads the identity out of an id that is to be stored. @throws UserError 400, also for another spelling of it */
export function identityIn(id: string): DeviceIdentity {
  const identity = parseDeviceId(id);
  const spelled = deviceId(identity);
  if (spelled !== id) throw new UserError(400, 'bad-device-id', `'${id}' is spelled '${spelled}'`);
  return identity;
}

/** Reads the identity out of a device id. @throws UserError 400 */
export function parseDeviceId(id: string): DeviceIdentity {
  const parts = id.split('-');
  const [oui, second, third] = parts;
  if (!oui || !/^[0-9A-F]{6}$/.test(oui) || !second || parts.length > 3) {
    throw new UserError(400, 'bad-device-id', `'${id}' is not OUI-ProductClass-Serial or OUI-Serial`);
  }
  return third === undefined
    ? { manufacturer: '', oui, productClass: '', serialNumber: decodePart(second) }
    : { manufacturer: '', oui, productClass: decodePart(second), serialNumber: decodePart(third) };
}
