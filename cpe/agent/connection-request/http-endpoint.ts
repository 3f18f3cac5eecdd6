// The endpoint of connection requests by HTTP: a listener where the model wants one, under an address that outlives reboots if possible.
import type { Device } from '../../state/device.ts';
import { storedFile, storeFile } from '../../state/files.ts';
import { credentials, isCwmpOff, isTrue, managementServer } from '../settings.ts';
import { Mutex } from '../task-control.ts';
import { type Listener, type OpenListener, openListener } from './listener.ts';

/** Name under which the address is kept in the unit's state. */
const MEMORY = 'connection-request';

/** Receives what happens at an endpoint. */
export interface RequestTarget {
  readonly device: Device;
  /** A session runs, so an HTTP request is refused. */
  readonly isBusy: boolean;
  /** An authenticated connection request arrived. */
  requested(): void;
  /** @param names of parameters of ManagementServer whose values the ACS does not know yet */
  changed(names: readonly string[]): void;
}

interface Remembered {
  path: string;
  port: number;
  url: string;
}

export class HttpEndpoint {
  readonly #target: RequestTarget;
  /** The address at which connection requests are taken. */
  readonly #listen: { host: string; port: number };
  readonly #open: OpenListener;
  readonly #one = new Mutex();
  #listener: Listener | undefined;
  /** The settings that the listener was opened by. */
  #openedFor = '';

  constructor(target: RequestTarget, listen: { host: string; port: number }, open: OpenListener = openListener) {
    this.#target = target;
    this.#listen = listen;
    this.#open = open;
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
    const { device } = this.#target;
    const { host, port } = this.#listen;
    // TR-181 ManagementServer.HTTPConnectionRequestEnable, which the DGW has not.
    const enabled = isTrue(managementServer(device, 'HTTPConnectionRequestEnable', '1')) && !isCwmpOff(device);
    // Cwmp.ListeningPort 0 stands for 7547; many units share a host here, so it means the port the program was given.
    const configured = Number(device.config.variable('Cwmp.ListeningPort') ?? 0) || 0;
    const goal = enabled ? `${host} ${configured || port}` : '';
    if (goal === this.#openedFor) return;
    await this.#close();
    this.#openedFor = goal;
    if (goal !== '') await this.#openAt(configured || port);
  }

  async #openAt(wanted: number): Promise<void> {
    const target = this.#target;
    const { address, clock, random, log, state } = target.device;
    const before = await remembered(target.device);
    const path = before?.path ?? `/${random.bytes(16).toString('hex')}`;
    const listener = await this.#open({
      host: this.#listen.host,
      port: wanted || before?.port || 0,
      path,
      address,
      clock,
      random,
      log,
      credentials: () => credentials(target.device, 'ConnectionRequest'),
      busy: () => target.isBusy,
      requested: () => target.requested(),
    });
    this.#listener = listener;
    if (before?.url === listener.url) return;
    const memory: Remembered = { path, port: listener.port, url: listener.url };
    await storeFile(state.persist, MEMORY, Buffer.from(JSON.stringify(memory)));
    if (before) target.changed(['ConnectionRequestURL']);
  }

  async #close(): Promise<void> {
    await this.#listener?.close();
    this.#listener = undefined;
    this.#openedFor = '';
  }
}

async function remembered(device: Device): Promise<Remembered | undefined> {
  const bytes = await storedFile(device.state.persist, MEMORY);
  if (!bytes) return undefined;
  try {
    const { path, port, url } = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
    if (typeof path === 'string' && typeof port === 'number' && typeof url === 'string') return { path, port, url };
  } catch (error) {
    device.log.warn('stored connection request address unreadable', { error });
  }
  return undefined;
}
