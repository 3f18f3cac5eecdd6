// Valid connections of a load balancer that writes PROXY headers, versions 1 and 2.
import { binaryHeader, lineHeader } from '../../support/servers/proxy-header.ts';
import { type Conversation, type Message, whole } from '../plan.ts';
import { cwmpConversations } from './acs-cwmp.ts';

/** Balancers come from this network, and the ACS takes headers from there. */
export const BALANCERS = '127.101.0.0/16';
export const asBalancer = (source: string): string => source.replace(/^127\.\d+/, '127.101');

const from = { address: '127.0.113.7', port: 40_000 };
const to = { address: '127.0.0.1', port: 7547 };
const from6 = { address: '::1', port: 40_000 };
/** TLVs: ALPN, authority, checksum, unique id, TLS. */
const extra = Buffer.from('010002683202000161030004000000000500010920000501000000000', 'hex');

const behind = (header: Buffer, message: Message): Message => ({
  body: header,
  frame: changed => Buffer.concat([changed, message.frame(message.body)]),
  answered: true,
});

const session = cwmpConversations.find(({ name }) => name === 'session');
const [first = whole('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n'), ...rest] = session?.messages ?? [];

const headers: Readonly<Record<string, Buffer>> = {
  line: lineHeader(from, to),
  'line of IPv6': lineHeader(from6, { ...from6, port: 1 }),
  unknown: Buffer.from('PROXY UNKNOWN\r\n'),
  binary: binaryHeader(from, to),
  'binary of IPv6': binaryHeader(from6, { ...from6, port: 1 }),
  'binary with fields': binaryHeader(from, to, extra),
  local: Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex'),
};

export const proxyConversations: readonly Conversation[] = Object.entries(headers).map(([name, header]) => ({
  name,
  protocol: 'tcp',
  messages: [behind(header, first), ...rest],
}));
