// Transport addresses and aliases of H.225.0, as host and port and as digits.
import { isIP, isIPv4 } from 'node:net';
import { plainAddress } from '../../../shared/net/address.ts';
import type { Address } from '../../../shared/sip/flow-types.ts';
import type { AliasAddress, TransportAddress } from '../messages.ts';

/** Undefined for networks other than IP, and for port 0. */
export function addressOf(address: TransportAddress | undefined): Address | undefined {
  if (address === undefined) return undefined;
  if ('ipAddress' in address) return reachable([...address.ipAddress.ip].join('.'), address.ipAddress.port);
  if ('ip6Address' in address) return reachable(ip6Text(address.ip6Address.ip), address.ip6Address.port);
  return undefined;
}

const reachable = (host: string, port: number): Address | undefined =>
  port === 0 ? undefined : { host: plainAddress(host), port };

/** Written as a socket writes it. */
function ip6Text(ip: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, at) => ip.readUInt16BE(2 * at).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** @throws TypeError where the host is not an IP address */
export function transportAddress({ host, port }: Address): TransportAddress {
  if (isIPv4(host)) return { ipAddress: { ip: Buffer.from(host.split('.').map(Number)), port } };
  if (isIP(host) === 0) throw new TypeError(`${host} is not an IP address`);
  return { ip6Address: { ip: ip6Bytes(host), port } };
}

function ip6Bytes(host: string): Buffer {
  // The URL writes an IPv4 tail as groups, too.
  const text = new URL(`http://[${host}]`).hostname.slice(1, -1);
  const [head = '', tail] = text.split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => '0');
  const groups = tail === undefined ? first : [...first, ...zeros, ...last];
  return Buffer.from(groups.flatMap(group => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]));
}

/** The text of an alias that may be a number: dialled digits, or a name; undefined for other kinds. */
export function textOfAlias(alias: AliasAddress): string | undefined {
  if ('dialledDigits' in alias) return alias.dialledDigits;
  // Some endpoints send the terminating null of their strings as well.
  if ('h323-ID' in alias) return alias['h323-ID'].replace(/\0$/, '');
  if ('url-ID' in alias) return /^(?:h323|tel):([^@;]+)/.exec(alias['url-ID'])?.[1];
  if ('partyNumber' in alias && 'e164Number' in alias.partyNumber)
    return alias.partyNumber.e164Number.publicNumberDigits;
  return undefined;
}

export const textsOfAliases = (aliases: readonly AliasAddress[] | undefined): string[] =>
  (aliases ?? []).map(textOfAlias).filter(text => text !== undefined);
