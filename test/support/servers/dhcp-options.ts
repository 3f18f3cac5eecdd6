// DHCP options as a server writes and reads them (RFC 2132, RFC 3925; TR-069 3.1).
import { type AcsOptions, ENTERPRISE, OPTION, readVendorSpecific, VENDOR_CLASS } from '../../../shared/dhcp/options.ts';
import { addressBytes, type Options, tlv } from '../../../shared/dhcp/packet.ts';

export const addressesValue = (addresses: readonly string[]): Buffer => Buffer.concat(addresses.map(addressBytes));

export function uint32Value(number: number): Buffer {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(number >>> 0);
  return value;
}

/** Sub-options by their numbers, as option 43 or one enterprise's part of option 125 holds them. */
export function subOptions(items: Readonly<Record<number, string>>): Buffer {
  return Buffer.concat(Object.entries(items).map(([code, text]) => tlv(Number(code), Buffer.from(text))));
}

/** Option 125 of one enterprise (RFC 3925 4). */
export function vendorSpecificValue(enterprise: number, data: Buffer): Buffer {
  return Buffer.concat([uint32Value(enterprise), Buffer.from([data.length]), data]);
}

/** The ACS in option 43 (`first` 1) or 125 (`first` 11), for a server. */
export function acsSubOptions(acs: AcsOptions, first: 1 | 11): Buffer {
  const items: Record<number, string> = {};
  if (acs.acsUrl !== undefined) items[first] = acs.acsUrl;
  if (acs.provisioningCode !== undefined) items[first + 1] = acs.provisioningCode;
  if (acs.retryMinimumWait !== undefined) items[first + 2] = String(acs.retryMinimumWait);
  if (acs.retryMultiplier !== undefined) items[first + 3] = String(acs.retryMultiplier);
  return subOptions(items);
}

/** The client asks for its ACS: option 60 holds the class anywhere, or option 124 names it. */
export function asksForAcs(options: Options): boolean {
  if (options.get(OPTION.vendorClass)?.includes(VENDOR_CLASS)) return true;
  const classes = readVendorSpecific(options.get(OPTION.viVendorClass)).get(ENTERPRISE);
  return classes?.includes(VENDOR_CLASS) ?? false;
}
