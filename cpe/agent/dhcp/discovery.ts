// Discovery of the ACS by DHCP: one exchange that asks for the vendor options (TR-069 3.1, RFC 2131) over a plain UDP socket.
import type { RemoteInfo, Socket } from 'node:dgram';
import type { Clock, Random } from '../../../shared/clock.ts';
import {
  addressesOf,
  clientIdValue,
  type DhcpIdentity,
  deviceIdentityValue,
  messageType,
  messageTypeValue,
  OPTION,
  optionText,
  readAcsOptions,
  readGateway,
  VENDOR_CLASS,
} from '../../../shared/dhcp/options.ts';
import {
  addressBytes,
  type DhcpMessage,
  decodeMessage,
  encodeMessage,
  MalformedDhcp,
  NO_ADDRESS,
  type Options,
  readAddress,
  readTlv,
} from '../../../shared/dhcp/packet.ts';
import { messageOf } from '../../../shared/errors.ts';
import { type Log, silentLog } from '../../../shared/log.ts';
import { bindUdp, onDatagram, sendDatagram } from '../../../shared/net/udp.ts';
import type { Lease } from '../../state/device.ts';
import { isAcsUrl } from '../acs-url.ts';
import { Latch } from '../task-control.ts';

export interface DiscoverOptions {
  /** Server that is asked by unicast from a free port: for units that share a host with others. */
  server?: { host: string; port: number } | undefined;
  /**
   * Interface on which DHCP is asked by broadcast from port 68, as root. A socket cannot be bound to an interface here: the unit's network
   * namespace must have no other, and a route to 255.255.255.255 through it.
   */
  interface?: string | undefined;
  /** 12 hexadecimal digits. */
  mac: string;
  /** Sent as option 12; '' is not sent. */
  hostName?: string;
  /** Named to the gateway (TR-069 Annex F). */
  identity?: DhcpIdentity | undefined;
  clock: Clock;
  random: Random;
  log?: Log;
  signal: AbortSignal;
  /** Milliseconds after which the discovery fails. */
  timeoutMs: number;
}

/** No usable answer came in time, or the question could not be sent. */
export class NoLease extends Error {
  override readonly name = 'NoLease';
}

const SERVER_PORT = 67;
const CLIENT_PORT = 68;
/** RFC 2131 4.1: 4 s before the first repetition, doubled up to 64 s, each a second more or less. */
const FIRST_WAIT = 4000;
const LONGEST_WAIT = 64_000;
/** Milliseconds after an offer without an ACS in which another server may make a better one; our choice. */
const BETTER_OFFER = 1000;

/**
 * DISCOVER, OFFER, REQUEST, ACK.
 * @throws NoLease; the signal's reason when it aborts
 */
export async function discover(options: DiscoverOptions): Promise<Lease> {
  const { clock, signal } = options;
  signal.throwIfAborted();
  const exchange = new DhcpExchange(options, await openSocket(options));
  const deadline = clock.monotonic() + options.timeoutMs;
  try {
    for (let wait = FIRST_WAIT; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
      const offer = await exchange.ask('DISCOVER', undefined, deadline);
      const answer = await exchange.ask('REQUEST', offer, deadline);
      if (messageType(answer.options) === 'ACK') return leaseOf(answer);
      // NAK, RFC 2131 3.1: from the beginning, after the wait of a repetition (4.1).
      await rest(options, wait, deadline);
    }
  } finally {
    await exchange.close();
  }
}

/** @throws NoLease when the deadline comes first */
async function rest({ clock, random, signal }: DiscoverOptions, wait: number, deadline: number): Promise<void> {
  const left = deadline - clock.monotonic();
  const pause = wait + random.int(-1000, 1000);
  await clock.sleep(Math.min(pause, Math.max(0, left)), signal);
  if (pause >= left) throw new NoLease('the DHCP server refuses the address that it offers');
}

interface Received extends DhcpMessage {
  from: string;
}

type Question = 'DISCOVER' | 'REQUEST';

/** Answers that may wait to be read: more are dropped. */
const MAX_INBOX = 32;

class DhcpExchange {
  readonly #options: DiscoverOptions;
  readonly #socket: Socket;
  readonly #chaddr: Buffer;
  /** Monotonic milliseconds. */
  readonly #started: number;
  readonly #inbox: Received[] = [];
  readonly #arrived: Latch;
  #xid = 0;

  constructor(options: DiscoverOptions, socket: Socket) {
    this.#options = options;
    this.#socket = socket;
    this.#chaddr = Buffer.from(options.mac.replaceAll(':', ''), 'hex');
    this.#started = options.clock.monotonic();
    this.#arrived = new Latch(options.clock);
    // A later error belongs to one datagram that could not be sent or came back unreachable: the repetition covers it.
    socket.on('error', () => undefined);
    onDatagram(socket, options.log ?? silentLog, (bytes, from) => this.#receive(bytes, from));
  }

  /** Sends until an answer comes that counts for the question. @param deadline monotonic milliseconds */
  async ask(question: Question, offer: Received | undefined, deadline: number): Promise<Received> {
    const { clock, random } = this.#options;
    // RFC 2131 4.4.1: the REQUEST belongs to the transaction of its offer.
    if (question === 'DISCOVER') this.#xid = random.bytes(4).readUInt32BE(0);
    this.#inbox.length = 0;
    let wait = FIRST_WAIT;
    for (;;) {
      await this.#send(question, offer);
      const until = Math.min(deadline, clock.monotonic() + wait + random.int(-1000, 1000));
      const answer = await this.#firstAnswer(question, offer, until);
      if (answer) return answer;
      if (clock.monotonic() >= deadline) throw new NoLease('no DHCP server answered');
      wait = Math.min(wait * 2, LONGEST_WAIT);
    }
  }

  close(): Promise<void> {
    return new Promise(resolve => this.#socket.close(() => resolve()));
  }

  #receive(bytes: Buffer, from: RemoteInfo): void {
    const message = read(bytes, from);
    const isOurs = message?.xid === this.#xid && message.chaddr.equals(this.#chaddr);
    if (!message || !isOurs || this.#inbox.length > MAX_INBOX) return;
    this.#inbox.push(message);
    this.#arrived.set();
  }

  #send(question: Question, offer: Received | undefined): Promise<void> {
    const { clock, server } = this.#options;
    const secs = Math.round((clock.monotonic() - this.#started) / 1000);
    const fixed = fixedPart(this.#xid, secs, this.#chaddr);
    return sendTo(
      this.#socket,
      server ?? BROADCAST,
      encodeMessage({ ...fixed, options: optionsOf(question, this.#options, offer) }),
    );
  }

  /** The first answer that names an ACS; without one, the first usable answer. */
  async #firstAnswer(question: Question, offer: Received | undefined, until: number): Promise<Received | undefined> {
    const { clock, signal } = this.#options;
    let second: Received | undefined;
    const arrival = (end: number): Promise<void> => this.#arrived.wait(Math.max(0, end - clock.monotonic()), signal);
    for (let end = until; clock.monotonic() < end; await arrival(end)) {
      const usable = this.#inbox.splice(0).filter(message => answers(question, message, offer));
      const best = usable.find(({ options }) => question === 'REQUEST' || readAcsOptions(options).acsUrl !== undefined);
      if (best) return best;
      second ??= usable[0];
      if (second) end = Math.min(end, clock.monotonic() + BETTER_OFFER);
    }
    return second;
  }
}

async function openSocket({ server }: DiscoverOptions): Promise<Socket> {
  try {
    return await bindUdp({ port: server ? 0 : CLIENT_PORT, reuseAddress: true, broadcast: !server });
  } catch (error) {
    throw notAsked(error);
  }
}

const BROADCAST = { host: '255.255.255.255', port: SERVER_PORT };

function sendTo(socket: Socket, { host, port }: { host: string; port: number }, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    sendDatagram(socket, bytes, { host, port }, error => (error ? reject(notAsked(error)) : resolve()));
  });
}

const notAsked = (error: unknown): NoLease => new NoLease(`DHCP cannot be asked: ${messageOf(error)}`);

/** @returns whether a message is of the kind that the question wants, and from the server that was asked */
function answers(question: Question, { options }: Received, offer: Received | undefined): boolean {
  const kind = messageType(options);
  if (question === 'DISCOVER') return kind === 'OFFER';
  const theirs = options.get(OPTION.serverId);
  const ours = offer?.options.get(OPTION.serverId);
  return (kind === 'ACK' || kind === 'NAK') && (!theirs || !ours || theirs.equals(ours));
}

/** RFC 2131 4.1: without an address of its own, the unit can only take broadcasts. */
const fixedPart = (xid: number, secs: number, chaddr: Buffer): Omit<DhcpMessage, 'options'> => ({
  op: 'request',
  xid,
  secs: Math.min(secs, 0xffff),
  broadcast: true,
  ciaddr: NO_ADDRESS,
  yiaddr: NO_ADDRESS,
  siaddr: NO_ADDRESS,
  giaddr: NO_ADDRESS,
  chaddr,
});

/** Options that the unit asks for: mask, router, DNS, NTP, the vendor options, and the location of scripts (TFTP server and boot file). */
const wanted = [
  OPTION.subnetMask,
  OPTION.routers,
  OPTION.dnsServers,
  OPTION.domainName,
  OPTION.ntpServers,
  OPTION.vendorSpecific,
  OPTION.tftpServer,
  OPTION.bootFile,
  OPTION.viVendorSpecific,
];

function optionsOf(
  type: Question,
  { mac, identity, hostName = '' }: Pick<DiscoverOptions, 'mac' | 'identity' | 'hostName'>,
  offer: Received | undefined,
): Options {
  const options: Options = new Map([
    [OPTION.messageType, messageTypeValue(type)],
    // DGW Bni.DhcpClientIdentifierPresentation=MacAscii, its default: the MAC as lower-case text.
    [OPTION.clientId, clientIdValue('text', Buffer.from(mac.replaceAll(':', '').toLowerCase()))],
    [OPTION.vendorClass, Buffer.from(VENDOR_CLASS)],
    [OPTION.maxMessageSize, Buffer.from([1500 >> 8, 1500 & 0xff])],
    [OPTION.parameterRequest, Buffer.from(wanted)],
  ]);
  const serverId = offer?.options.get(OPTION.serverId);
  if (offer) options.set(OPTION.requestedAddress, addressBytes(offer.yiaddr));
  if (serverId) options.set(OPTION.serverId, serverId);
  if (hostName !== '') options.set(OPTION.hostName, Buffer.from(hostName));
  if (identity) options.set(OPTION.viVendorSpecific, deviceIdentityValue(identity));
  return options;
}

/** A datagram as a DHCP reply; undefined for anything else. */
function read(bytes: Buffer, from: RemoteInfo): Received | undefined {
  try {
    const message = decodeMessage(bytes);
    return message.op === 'reply' ? { ...message, from: from.address } : undefined;
  } catch (error) {
    if (error instanceof MalformedDhcp) return undefined;
    throw error;
  }
}

function leaseOf(ack: Received): Lease {
  const { acsUrl, ...acs } = readAcsOptions(ack.options);
  const serverId = ack.options.get(OPTION.serverId);
  const scripts = scriptsOf(ack.options);
  const gateway = readGateway(ack.options);
  const [router] = addressesOf(ack.options.get(OPTION.routers));
  const domainName = optionText(ack.options.get(OPTION.domainName));
  return {
    ...(gateway && { gateway }),
    ...(scripts.length > 0 && { scripts }),
    ...(acsUrl !== undefined && isAcsUrl(acsUrl) && { acsUrl }),
    ...acs,
    ntpServers: addressesOf(ack.options.get(OPTION.ntpServers)),
    dnsServers: addressesOf(ack.options.get(OPTION.dnsServers)),
    ...(router !== undefined && { router }),
    ...(domainName !== undefined && isDomain(domainName) && { domainName }),
    ...(ack.yiaddr !== NO_ADDRESS && { address: ack.yiaddr }),
    server: serverId?.length === 4 ? readAddress(serverId, 0) : ack.from,
  };
}

/** A text that is no name of a domain is not kept. */
const isDomain = (text: string): boolean => text.length <= 255 && /^[A-Za-z0-9._-]+$/.test(text);

/** DGW: options 66 and 67, or the sub-options with their numbers inside option 43. */
function scriptsOf(options: Options): { option: 66 | 67; value: string }[] {
  const inside = new Map<number, string | undefined>();
  const own = options.get(OPTION.vendorSpecific) ?? Buffer.alloc(0);
  // Some servers put the bare URL of the ACS there, without sub-options.
  const bare = /^https?:/i.test(own.toString('latin1'));
  for (const { code, value } of bare ? [] : readTlv(own)) inside.set(code, optionText(value));
  return [OPTION.tftpServer, OPTION.bootFile].flatMap(option => {
    const value = (optionText(options.get(option)) ?? inside.get(option))?.trim();
    return value ? [{ option, value }] : [];
  });
}
