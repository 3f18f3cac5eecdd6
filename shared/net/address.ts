// IP addresses as sockets and URLs have them, and networks in CIDR form.
import { BlockList, isIP } from 'node:net';

/** An IPv4 address that a dual-stack socket shows as IPv4-mapped IPv6 becomes IPv4 again; the zone of a link-local one is dropped. */
export function plainAddress(address: string): string {
  if (!address.includes(':')) return address;
  const zone = address.indexOf('%');
  const bare = zone < 0 ? address : address.slice(0, zone);
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1] ?? bare;
}

/** The host of a URL without brackets; an IPv4 address that the URL maps into IPv6 (`[::ffff:7f00:1]`) becomes IPv4 again. */
export function hostAddress(url: URL): string {
  const bare = plainAddress(url.hostname.replace(/^\[|\]$/g, ''));
  const words = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i
    .exec(bare)
    ?.slice(1)
    .map(word => Number.parseInt(word, 16));
  return words?.flatMap(word => [word >> 8, word & 255]).join('.') ?? bare;
}

/** The network that one subscriber has: an IPv4 address, or the /64 of an IPv6 address. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail = ''] = address.toLowerCase().split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === '' ? [] : tail.split(':');
  const zeros = address.includes('::')
    ? Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => '0')
    : [];
  const groups = [...first, ...zeros, ...last].slice(0, 4);
  return `${groups.map(group => group.replace(/^0+(?=.)/, '')).join(':')}::/64`;
}

/** The address is one of this host itself. */
export const isLoopback = (address: string): boolean => /^(127\.\d+\.\d+\.\d+|::1)$/.test(plainAddress(address));

/** Networks in CIDR form; a bare address is a network of one. @throws Error naming the wrong one */
export function networks(list: readonly string[]): BlockList {
  const block = new BlockList();
  for (const text of list) {
    const [address, bits] = text.split('/');
    const family = isIP(address ?? '');
    if (!address || !family) throw new Error(`'${text}' is not an address or network`);
    const type = family === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) block.addAddress(address, type);
    else block.addSubnet(address, Number(bits), type);
  }
  return block;
}

export const isIn = (list: BlockList, address: string): boolean =>
  isIP(address) > 0 && list.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
