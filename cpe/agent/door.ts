// Keeps the connection-request listener open where the model says, under an address that outlives reboots where it can.
import type { Device } from '../state/device.ts';
import { credentials, isTrue, managementServer } from './inform.ts';
import { createMutex } from './latch.ts';
import { type Listener, openListener } from './listener.ts';

/** Name under which the address is kept in the unit's state. */
const MEMORY = 'connection-request';

export interface DoorOptions {
  /** Absent: nobody can knock, the URL stays empty. */
  listen: { host: string; port: number } | undefined;
  busy: () => boolean;
  requested: () => void;
  /** The URL is another one than the ACS was told. */
  changed: () => void;
}

export interface Door {
  readonly url: string;
  /** Opens, moves or closes the listener as the settings are now. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

interface Remembered {
  path: string;
  port: number;
  url: string;
}

export function createDoor(device: Device, options: DoorOptions): Door {
  let listener: Listener | undefined;
  let at = '';
  const one = createMutex();

  const open = async (host: string, configured: number, fallback: number): Promise<void> => {
    const before = await remembered(device);
    const path = before?.path ?? `/${device.random.bytes(16).toString('hex')}`;
    const { address, clock, random, log } = device;
    const base = {
      host,
      path,
      address,
      clock,
      random,
      log,
      credentials: () => credentials(device, 'ConnectionRequest'),
    };
    const port = configured || fallback || before?.port || 0;
    listener = await openListener({ ...base, port, busy: options.busy, requested: options.requested });
    if (before?.url === listener.url) return;
    const memory: Remembered = { path, port: listener.port, url: listener.url };
    await device.storeFile(MEMORY, Buffer.from(JSON.stringify(memory)));
    if (before) options.changed();
  };

  const close = async (): Promise<void> => {
    await listener?.close();
    listener = undefined;
    at = '';
  };

  const settle = async (): Promise<void> => {
    const { listen } = options;
    // TR-181 ManagementServer.HTTPConnectionRequestEnable and EnableCWMP; the DGW has neither.
    const wanted = ['HTTPConnectionRequestEnable', 'EnableCWMP'].every(name =>
      isTrue(managementServer(device, name, '1')),
    );
    // Cwmp.ListeningPort 0 stands for 7547; many units share a host here, so it means the port the program was given.
    const configured = Number(device.variable('Cwmp.ListeningPort') ?? 0) || 0;
    const goal = listen && wanted ? `${listen.host} ${configured || listen.port}` : '';
    if (goal === at) return;
    await close();
    at = goal;
    if (listen && goal !== '') await open(listen.host, configured, listen.port);
  };

  return {
    get url() {
      return listener?.url ?? '';
    },
    settle: () => one(settle),
    close: () => one(close),
  };
}

async function remembered(device: Device): Promise<Remembered | undefined> {
  const bytes = await device.storedFile(MEMORY);
  if (!bytes) return undefined;
  try {
    const { path, port, url } = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
    if (typeof path === 'string' && typeof port === 'number' && typeof url === 'string') return { path, port, url };
  } catch (error) {
    device.log.warn('connection-request address is unreadable, a new one is made', { error });
  }
  return undefined;
}
