// The one UDP port of a unit's connection requests: requests and STUN answers arrive at it, and STUN questions leave from it.
import type { Socket } from 'node:dgram';
import type { Log } from '../../../shared/log.ts';
import { plainAddress } from '../../../shared/net/address.ts';
import { bindUdp, onDatagram, sendDatagram } from '../../../shared/net/udp.ts';
import { authorityOf, type Endpoint } from '../../../shared/stun.ts';
import type { Device } from '../../state/device.ts';
import { storedFile, storeFile } from '../../state/files.ts';
import { credentials } from '../settings.ts';
import { StunClient } from './stun-client.ts';
import { type LastRequest, UdpRequestPolicy } from './udp-policy.ts';

/** Name under which port and last request are kept in the unit's state. */
const MEMORY = 'udp-connection-request';

interface Memory extends LastRequest {
  port: number;
}

export interface UdpPort {
  readonly local: Endpoint;
  readonly stun: StunClient;
  close(): Promise<void>;
}

/**
 * @param requested called for each connection request that counts
 * @throws Error when no port could be had
 */
export async function openUdpPort(device: Device, requested: () => void): Promise<UdpPort> {
  const { clock, random, log, address } = device;
  const before = await remembered(device);
  const { socket, port } = await bound(address, before.port);
  const policy = new UdpRequestPolicy({
    clock,
    credentials: () => credentials(device, 'ConnectionRequest'),
    allowUnsigned: () => device.config.variable('Cwmp.InteropAllowUnauthenticatedUDPConnectionRequests') === 'Enable',
    last: before,
  });
  const memory = new PortMemory(device, port);
  const stun = new StunClient({ clock, random, send: (bytes, to) => sendTo(socket, log, bytes, to) });
  socket.on('error', error => log.warn('UDP port error', { reason: error.message }));
  onDatagram(socket, log, (bytes, from) => {
    // RFC 3489 11.1: the first two bits of STUN are zero; a letter's are not.
    if ((bytes[0] ?? 0xff) < 0x40) {
      stun.received(bytes, { address: plainAddress(from.address), port: from.port });
    } else if (policy.accepts(bytes)) {
      log.info('UDP connection request received', { by: 'UDP', from: authorityOf(from) });
      // An older request stays old over a restart, too.
      memory.save(policy.last);
      requested();
    }
  });
  if (port !== before.port) memory.save(policy.last);
  return {
    local: { address, port },
    stun,
    close: async () => {
      await new Promise<void>(resolve => socket.close(() => resolve()));
      await memory.saved;
    },
  };
}

function sendTo(socket: Socket, log: Log, bytes: Buffer, to: Endpoint): void {
  sendDatagram(socket, bytes, { host: to.address, port: to.port }, error => {
    if (error) log.debug('STUN request not sent', { to: authorityOf(to), reason: error.message });
  });
}

/** Stores the port and its last request, one write after the other. */
class PortMemory {
  readonly #device: Device;
  readonly #port: number;
  saved: Promise<void> = Promise.resolve();

  constructor(device: Device, port: number) {
    this.#device = device;
    this.#port = port;
  }

  save({ ts, id }: Readonly<LastRequest>): void {
    const { log, state } = this.#device;
    const memory: Memory = { port: this.#port, ts, id };
    this.saved = this.saved
      .then(() => storeFile(state.persist, MEMORY, Buffer.from(JSON.stringify(memory))))
      .catch((error: unknown) => log.error('UDP port not stored', { error }));
  }
}

async function remembered(device: Device): Promise<Memory> {
  const bytes = await storedFile(device.state.persist, MEMORY);
  try {
    const { port, ts, id } = JSON.parse(bytes?.toString('utf8') ?? '{}') as Record<string, unknown>;
    if (typeof port === 'number' && typeof ts === 'number' && typeof id === 'string') return { port, ts, id };
  } catch (error) {
    device.log.warn('stored UDP port unreadable', { error });
  }
  return { port: 0, ts: 0, id: '' };
}

/** Binds the port of before, or any other when that is in use. */
async function bound(address: string, wanted: number): Promise<{ socket: Socket; port: number }> {
  try {
    const socket = await bindUdp({ address, port: wanted, exclusive: true });
    return { socket, port: socket.address().port };
  } catch (error) {
    if (wanted === 0 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return bound(address, 0);
  }
}
