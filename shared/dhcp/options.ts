// Values of DHCP options: those that any host uses, and those that lead a CPE to its ACS (TR-069 3.1).
import { type Options, readAddress, readTlv, tlv } from './packet.ts';

/** RFC 2132, RFC 3925; only what is used here. */
export const OPTION = {
  subnetMask: 1,
  routers: 3,
  dnsServers: 6,
  hostName: 12,
  domainName: 15,
  ntpServers: 42,
  vendorSpecific: 43,
  requestedAddress: 50,
  leaseTime: 51,
  messageType: 53,
  serverId: 54,
  parameterRequest: 55,
  message: 56,
  maxMessageSize: 57,
  vendorClass: 60,
  clientId: 61,
  tftpServer: 66,
  bootFile: 67,
  userClass: 77,
  viVendorClass: 124,
  viVendorSpecific: 125,
} as const;

/** RFC 2132 9.6. */
export const MESSAGE_TYPES = ['DISCOVER', 'OFFER', 'REQUEST', 'DECLINE', 'ACK', 'NAK', 'RELEASE', 'INFORM'] as const;
export type MessageType = (typeof MESSAGE_TYPES)[number];

/** Value of option 60 with which a CPE asks for its ACS (TR-069 3.1). */
export const VENDOR_CLASS = 'dslforum.org';
/** Enterprise number of the Broadband Forum, in options 124 and 125. */
export const ENTERPRISE = 3561;

/** The options about an ACS that a server sends to a CPE. */
export interface AcsOptions {
  acsUrl?: string;
  provisioningCode?: string;
  /** CWMPRetryMinimumWaitInterval, seconds. */
  retryMinimumWait?: number;
  /** CWMPRetryIntervalMultiplier, thousandths. */
  retryMultiplier?: number;
}

export function messageType(options: Options): MessageType | undefined {
  const value = options.get(OPTION.messageType);
  return value?.length === 1 ? MESSAGE_TYPES[(value[0] ?? 0) - 1] : undefined;
}

export const messageTypeValue = (type: MessageType): Buffer => Buffer.from([MESSAGE_TYPES.indexOf(type) + 1]);

/** Text of an option, without the NULs that some servers end it with; undefined when absent or empty. */
export function optionText(value: Buffer | undefined): string | undefined {
  return value?.toString('utf8').replace(/\0+$/, '') || undefined;
}

/** IPv4 addresses of an option, in order; trailing bytes that make no address are dropped. */
export function addressesOf(value: Buffer | undefined): string[] {
  const addresses: string[] = [];
  for (let at = 0; value && at + 4 <= value.length; at += 4) addresses.push(readAddress(value, at));
  return addresses;
}

/** A number of 1, 2 or 4 bytes. */
export function numberOf(value: Buffer | undefined): number | undefined {
  return value && [1, 2, 4].includes(value.length) ? value.readUIntBE(0, value.length) : undefined;
}

/**
 * Reads the ACS from option 43 (sub-options 1 to 4) and, for what that lacks, from option 125 (enterprise 3561,
 * sub-options 11 to 14). A malformed value is left out. TR-069 3.1; RFC 3925 4.
 */
export function readAcsOptions(options: Options): AcsOptions {
  const own = options.get(OPTION.vendorSpecific);
  const bare = bareUrl(own);
  const encapsulated = bare ? {} : readSubOptions(own, 1);
  const identified = readSubOptions(readVendorSpecific(options.get(OPTION.viVendorSpecific)).get(ENTERPRISE), 11);
  return { ...identified, ...encapsulated, ...(bare && { acsUrl: bare }) };
}

/** Some servers put the URL into option 43 as it is, without a sub-option around it. */
function bareUrl(value: Buffer | undefined): string | undefined {
  // Some write the closing 0xFF of a list of sub-options (RFC 2132 8.4) after the URL, and NULs.
  let end = value?.length ?? 0;
  while (value && end > 0 && (value[end - 1] === 0 || value[end - 1] === 255)) end--;
  const text = optionText(value?.subarray(0, end))?.trim();
  return text && /^https?:/i.test(text) ? acsUrl(text) : undefined;
}

function readSubOptions(value: Buffer | undefined, first: number): AcsOptions {
  const parts = new Map<number, Buffer>();
  for (const item of readTlv(value ?? Buffer.alloc(0))) {
    // RFC 3396 holds inside option 43 as well; what is cut off ends the reading.
    if (item.value) parts.set(item.code, Buffer.concat([parts.get(item.code) ?? Buffer.alloc(0), item.value]));
  }
  const text = (index: number): string | undefined => optionText(parts.get(first + index))?.trim() || undefined;
  const url = text(0);
  const found: AcsOptions = {};
  const valid = url === undefined ? undefined : acsUrl(url);
  if (valid !== undefined) found.acsUrl = valid;
  const code = text(1);
  if (code !== undefined && code.length <= 64) found.provisioningCode = code;
  const wait = decimal(text(2), 1);
  if (wait !== undefined) found.retryMinimumWait = wait;
  const multiplier = decimal(text(3), 1000);
  if (multiplier !== undefined) found.retryMultiplier = multiplier;
  return found;
}

/** TR-069 3.1: an absolute URL, http or https, of at most 256 characters. */
function acsUrl(text: string): string | undefined {
  if (text.length > 256 || !/^https?:\/\//i.test(text) || /[\s\u0000-\u001f\u007f]/.test(text)) return undefined;
  return URL.canParse(text) ? text : undefined;
}

function decimal(text: string | undefined, least: number): number | undefined {
  const value = /^\d{1,5}$/.test(text ?? '') ? Number(text) : Number.NaN;
  return value >= least && value <= 65535 ? value : undefined;
}

/** RFC 3925 4: data by enterprise number; what is cut off is left out. */
export function readVendorSpecific(value: Buffer | undefined): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  let at = 0;
  while (value && at + 5 <= value.length) {
    const enterprise = value.readUInt32BE(at);
    const length = value[at + 4] ?? 0;
    at += 5;
    if (at + length > value.length) break;
    found.set(enterprise, Buffer.concat([found.get(enterprise) ?? Buffer.alloc(0), value.subarray(at, at + length)]));
    at += length;
  }
  return found;
}

/** A device or its gateway as they name themselves to each other by DHCP (TR-069 Annex F). */
export interface DhcpIdentity {
  /** Six upper-case hexadecimal digits. */
  oui: string;
  serialNumber: string;
  /** Empty where it has none. */
  productClass: string;
}

/** First sub-option of three (OUI, serial number, product class): those of the device, and those of the gateway that answers it. */
const DEVICE = 1;
const GATEWAY = 4;

/** The gateway in the answer of a DHCP server: option 125, enterprise 3561; undefined where it does not name itself whole. */
export function readGateway(options: Options): DhcpIdentity | undefined {
  const value = readVendorSpecific(options.get(OPTION.viVendorSpecific)).get(ENTERPRISE);
  const parts = new Map([...readTlv(value ?? Buffer.alloc(0))].map(item => [item.code, item.value]));
  const text = (index: number): string => optionText(parts.get(GATEWAY + index))?.trim() ?? '';
  const [oui, serialNumber, productClass] = [text(0).toUpperCase(), text(1), text(2)];
  if (!/^[0-9A-F]{6}$/.test(oui) || serialNumber === '' || serialNumber.length > 64) return undefined;
  return { oui, serialNumber, productClass: productClass.slice(0, 64) };
}

/** Value of option 125 in which a device names itself to its gateway. */
export function deviceIdentityValue({ oui, serialNumber, productClass }: DhcpIdentity): Buffer {
  const texts = productClass === '' ? [oui, serialNumber] : [oui, serialNumber, productClass];
  const data = Buffer.concat(texts.map((text, at) => tlv(DEVICE + at, Buffer.from(text).subarray(0, 64))));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(ENTERPRISE);
  head.writeUInt8(data.length, 4);
  return Buffer.concat([head, data]);
}

/** Option 61: a type byte (1: a hardware address, 0: anything else) and the identifier (RFC 2132 9.14). */
export function clientIdValue(kind: 'hardware' | 'text', identifier: Buffer): Buffer {
  return Buffer.concat([Buffer.from([kind === 'hardware' ? 1 : 0]), identifier]);
}
