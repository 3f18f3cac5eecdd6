// The one UDP port of a unit's connection requests: STUN answers and requests arrive at it, and STUN questions leave from it.
import type { Socket } from 'node:dgram';
import { plainAddress } from '../../../shared/net/address.ts';
import { bindUdp } from '../../../shared/net/udp.ts';
import { authorityOf, type Endpoint } from '../../../shared/stun.ts';
import type { Device } from '../../state/device.ts';
import { storedFile, storeFile } from '../../state/files.ts';
import { credentials } from '../settings.ts';
import { type Binder, createBinder } from './stun-client.ts';
import { createUdpPolicy, type LastRequest, type UdpPolicy } from './udp-policy.ts';

/** Name under which port and last request are kept in the unit's state. */
const MEMORY = 'udp-connection-request';

interface Memory extends LastRequest {
  port: number;
}

export interface UdpPort {
  readonly local: Endpoint;
  readonly binder: Binder;
  close(): Promise<void>;
}

/** @throws Error when no port could be had */
export async function openUdpPort(device: Device, requested: () => void): Promise<UdpPort> {
  const { clock, random, log, address } = device;
  const before = await remembered(device);
  const { socket, port } = await bound(address, before.port);
  const local = { address, port };
  let saving: Promise<void> = Promise.resolve();
  const save = (judge: UdpPolicy): void => {
    const { ts, id } = judge.last;
    const memory: Memory = { port, ts, id };
    saving = saving
      .then(() => storeFile(device.state.persist, MEMORY, Buffer.from(JSON.stringify(memory))))
      .catch((error: unknown) => log.error('the UDP port could not be kept', { error }));
  };
  const judge = createUdpPolicy({
    clock,
    credentials: () => credentials(device, 'ConnectionRequest'),
    allowUnsigned: () => device.config.variable('Cwmp.InteropAllowUnauthenticatedUDPConnectionRequests') === 'Enable',
    last: before,
  });
  const binder = createBinder({
    clock,
    random,
    send: (bytes, to) =>
      socket.send(bytes, to.port, to.address, error => {
        if (error) log.debug('STUN request not sent', { to: authorityOf(to), reason: error.message });
      }),
  });
  socket.on('error', error => log.warn('UDP port', { reason: error.message }));
  socket.on('message', (bytes, from) => {
    // RFC 3489 11.1: the first two bits of STUN are zero; a letter's are not.
    if ((bytes[0] ?? 0xff) < 0x40) {
      binder.heard(bytes, { address: plainAddress(from.address), port: from.port });
    } else if (judge.accepts(bytes)) {
      log.info('connection request', { by: 'UDP', from: authorityOf(from) });
      // An older one is old after a restart, too.
      save(judge);
      requested();
    }
  });
  if (port !== before.port) save(judge);
  return {
    local,
    binder,
    close: async () => {
      await new Promise<void>(resolve => socket.close(() => resolve()));
      await saving;
    },
  };
}

async function remembered(device: Device): Promise<Memory> {
  const bytes = await storedFile(device.state.persist, MEMORY);
  try {
    const { port, ts, id } = JSON.parse(bytes?.toString('utf8') ?? '{}') as Record<string, unknown>;
    if (typeof port === 'number' && typeof ts === 'number' && typeof id === 'string') return { port, ts, id };
  } catch (error) {
    device.log.warn('the UDP port that was used last is unreadable', { error });
  }
  return { port: 0, ts: 0, id: '' };
}

/** The port of before, or another one when it is taken. */
async function bound(address: string, wanted: number): Promise<{ socket: Socket; port: number }> {
  try {
    const socket = await bindUdp({ address, port: wanted, exclusive: true });
    return { socket, port: socket.address().port };
  } catch (error) {
    if (wanted === 0 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return bound(address, 0);
  }
}
