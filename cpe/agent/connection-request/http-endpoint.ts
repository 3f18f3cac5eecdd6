// Keeps the connection-request listener open where the model says, under an address that outlives reboots where it can.
import type { Device } from '../../state/device.ts';
import { storedFile, storeFile } from '../../state/files.ts';
import { credentials, isTrue, managementServer } from '../inform.ts';
import { Mutex } from '../latch.ts';
import { type Listener, type OpenListener, openListener } from './listener.ts';

/** Name under which the address is kept in the unit's state. */
const MEMORY = 'connection-request';

export interface HttpEndpointOptions {
  listen: { host: string; port: number };
  /** Another listener than the one on sockets. */
  open?: OpenListener | undefined;
  busy: () => boolean;
  requested: () => void;
  /** The URL is another one than the ACS was told. */
  changed: () => void;
}

interface Remembered {
  path: string;
  port: number;
  url: string;
}

export class HttpEndpoint {
  readonly #device: Device;
  readonly #options: HttpEndpointOptions;
  readonly #one = new Mutex();
  #listener: Listener | undefined;
  #at = '';

  constructor(device: Device, options: HttpEndpointOptions) {
    this.#device = device;
    this.#options = options;
  }

  get url(): string {
    return this.#listener?.url ?? '';
  }

  /** Opens, moves or closes the listener as the settings are now. */
  settle(): Promise<void> {
    return this.#one.run(() => this.#settle());
  }

  close(): Promise<void> {
    return this.#one.run(() => this.#close());
  }

  async #settle(): Promise<void> {
    const device = this.#device;
    const { listen } = this.#options;
    // TR-181 ManagementServer.HTTPConnectionRequestEnable and EnableCWMP; the DGW has neither.
    const wanted = ['HTTPConnectionRequestEnable', 'EnableCWMP'].every(name =>
      isTrue(managementServer(device, name, '1')),
    );
    // Cwmp.ListeningPort 0 stands for 7547; many units share a host here, so it means the port the program was given.
    const configured = Number(device.config.variable('Cwmp.ListeningPort') ?? 0) || 0;
    const goal = wanted ? `${listen.host} ${configured || listen.port}` : '';
    if (goal === this.#at) return;
    await this.#close();
    this.#at = goal;
    if (goal !== '') await this.#open(listen.host, configured, listen.port);
  }

  async #open(host: string, configured: number, fallback: number): Promise<void> {
    const device = this.#device;
    const { open = openListener, busy, requested, changed } = this.#options;
    const { address, clock, random, log } = device;
    const before = await remembered(device);
    const path = before?.path ?? `/${random.bytes(16).toString('hex')}`;
    const listener = await open({
      host,
      port: configured || fallback || before?.port || 0,
      path,
      address,
      clock,
      random,
      log,
      credentials: () => credentials(device, 'ConnectionRequest'),
      busy,
      requested,
    });
    this.#listener = listener;
    if (before?.url === listener.url) return;
    const memory: Remembered = { path, port: listener.port, url: listener.url };
    await storeFile(device.state.persist, MEMORY, Buffer.from(JSON.stringify(memory)));
    if (before) changed();
  }

  async #close(): Promise<void> {
    await this.#listener?.close();
    this.#listener = undefined;
    this.#at = '';
  }
}

async function remembered(device: Device): Promise<Remembered | undefined> {
  const bytes = await storedFile(device.state.persist, MEMORY);
  if (!bytes) return undefined;
  try {
    const { path, port, url } = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
    if (typeof path === 'string' && typeof port === 'number' && typeof url === 'string') return { path, port, url };
  } catch (error) {
    device.log.warn('connection-request address is unreadable, a new one is made', { error });
  }
  return undefined;
}
