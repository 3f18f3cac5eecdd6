// A DHCP server for tests: on any port of loopback, answering where the question came from.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import {
  type AcsOptions,
  addressesOf,
  ENTERPRISE,
  type MessageType,
  messageType,
  messageTypeValue,
  OPTION,
} from '../../../shared/dhcp/options.ts';
import {
  type DhcpMessage,
  decodeMessage,
  encodeMessage,
  NO_ADDRESS,
  type Options,
} from '../../../shared/dhcp/packet.ts';
import { acsSubOptions, addressesValue, asksForAcs, uint32Value, vendorSpecificValue } from './dhcp-options.ts';

export interface DhcpServerOptions extends AcsOptions {
  host?: string;
  /** 0, any free one, by default. */
  port?: number;
  ntpServers?: string[];
  dnsServers?: string[];
  routers?: string[];
  /** Address handed out; 127.0.0.1 by default. */
  address?: string;
  leaseSeconds?: number;
  /** Puts the ACS into option 125 instead of option 43. */
  identified?: boolean;
  /** Further or other options of every answer; an empty value takes one away. */
  options?: ReadonlyMap<number, Buffer>;
  /** False: no answer is sent; the first question is number 0. */
  answers?: (type: MessageType, number: number) => boolean;
}

export interface DhcpServer {
  port: number;
  /** Messages of clients, oldest first. */
  requests: { type: MessageType | undefined; message: DhcpMessage }[];
  /** Changes what later answers say. */
  change(options: Partial<DhcpServerOptions>): void;
  close(): Promise<void>;
}

/** Answers DISCOVER, REQUEST and INFORM; the ACS only to a client whose vendor class asks for it (TR-069 3.1). */
export async function startDhcpServer(initial: DhcpServerOptions = {}): Promise<DhcpServer> {
  let options = initial;
  const host = options.host ?? '127.0.0.1';
  const socket = createSocket('udp4');
  const requests: DhcpServer['requests'] = [];
  socket.on('message', (bytes, from) => {
    const message = decodeMessage(bytes);
    const type = messageType(message.options);
    requests.push({ type, message });
    const reply =
      type && (options.answers?.(type, requests.length - 1) ?? true) && answer(type, message, host, options);
    if (reply) socket.send(encodeMessage(reply), from.port, from.address);
  });
  socket.bind(options.port ?? 0, host);
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    requests,
    change(more) {
      options = { ...options, ...more };
    },
    async close() {
      socket.close();
      await once(socket, 'close');
    },
  };
}

function answer(
  type: MessageType,
  request: DhcpMessage,
  host: string,
  options: DhcpServerOptions,
): DhcpMessage | undefined {
  const kind = ({ DISCOVER: 'OFFER', REQUEST: 'ACK', INFORM: 'ACK' } as const)[type as 'DISCOVER'];
  if (!kind) return undefined;
  const address = options.address ?? '127.0.0.1';
  const wanted = addressesOf(request.options.get(OPTION.requestedAddress))[0] ?? address;
  const refused = type === 'REQUEST' && request.ciaddr === NO_ADDRESS && wanted !== address;
  return {
    ...request,
    op: 'reply',
    yiaddr: refused || type === 'INFORM' ? NO_ADDRESS : address,
    siaddr: host,
    options: refused ? common('NAK', host) : settings(kind, request, host, options, type !== 'INFORM'),
  };
}

const common = (type: MessageType, host: string): Options =>
  new Map([
    [OPTION.messageType, messageTypeValue(type)],
    [OPTION.serverId, addressesValue([host])],
  ]);

function settings(
  type: MessageType,
  request: DhcpMessage,
  host: string,
  options: DhcpServerOptions,
  lease: boolean,
): Options {
  const found = common(type, host);
  if (lease) found.set(OPTION.leaseTime, uint32Value(options.leaseSeconds ?? 600));
  found.set(OPTION.subnetMask, addressesValue(['255.0.0.0']));
  if (options.ntpServers?.length) found.set(OPTION.ntpServers, addressesValue(options.ntpServers));
  if (options.dnsServers?.length) found.set(OPTION.dnsServers, addressesValue(options.dnsServers));
  if (options.routers?.length) found.set(OPTION.routers, addressesValue(options.routers));
  if (asksForAcs(request.options)) {
    if (!options.identified) found.set(OPTION.vendorSpecific, acsSubOptions(options, 1));
    else found.set(OPTION.viVendorSpecific, vendorSpecificValue(ENTERPRISE, acsSubOptions(options, 11)));
  }
  for (const [code, value] of options.options ?? []) {
    if (value.length > 0) found.set(code, value);
    else found.delete(code);
  }
  return found;
}
