// PROXY headers as load balancers write them (HAProxy, "The PROXY protocol", sections 2.1 and 2.2).
import { isIPv6 } from 'node:net';

export interface End {
  address: string;
  port: number;
}

const family = ({ address }: End): 4 | 6 => (isIPv6(address) ? 6 : 4);

export const lineHeader = (from: End, to: End): Buffer =>
  Buffer.from(`PROXY TCP${family(from)} ${from.address} ${to.address} ${from.port} ${to.port}\r\n`);

/** @param extra type-length-value fields behind the addresses */
export function binaryHeader(from: End, to: End, extra = Buffer.alloc(0)): Buffer {
  const block = Buffer.concat([bytesOf(from.address), bytesOf(to.address), portOf(from), portOf(to), extra]);
  const fixed = Buffer.from([0x21, family(from) === 6 ? 0x21 : 0x11, block.length >> 8, block.length & 0xff]);
  return Buffer.concat([Buffer.from('0d0a0d0a000d0a515549540a', 'hex'), fixed, block]);
}

const portOf = ({ port }: End): Buffer => Buffer.from([port >> 8, port & 0xff]);

function bytesOf(text: string): Buffer {
  if (!isIPv6(text)) return Buffer.from(text.split('.').map(Number));
  // Also one whose end is written as IPv4.
  const address = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const [head = '', tail] = address.split('::');
  const groups = (text: string): string[] => (text ? text.split(':') : []);
  const [first, last] = [groups(head), groups(tail ?? '')];
  const all = tail === undefined ? first : [...first, ...Array(8 - first.length - last.length).fill('0'), ...last];
  return Buffer.from(all.map(group => group.padStart(4, '0')).join(''), 'hex');
}
