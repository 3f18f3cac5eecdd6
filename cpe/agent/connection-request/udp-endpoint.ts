// The way in through NAT (TR-069 Annex G): keeps a binding open from the port that takes UDP connection requests to a STUN server,
// and knows the address under which the ACS reaches it. Off, there is no such port: neither a socket nor an address.
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { unlessAborted } from '../../../shared/abort.ts';
import type { Timer } from '../../../shared/clock.ts';
import { messageOf } from '../../../shared/errors.ts';
import { authorityOf, type Endpoint, STUN_PORT } from '../../../shared/stun.ts';
import type { Device } from '../../state/device.ts';
import { acsAddress } from '../acs-url.ts';
import { isTrue, managementServer } from '../inform.ts';
import { createMutex } from '../latch.ts';
import type { BindingOutcome } from './stun-client.ts';
import { openUdpPort, type UdpPort } from './udp-port.ts';

/** DGW Cwmp.Tr111StunStatus. */
export type StunStatus =
  | 'Disabled'
  | 'Starting'
  | 'Connected'
  | 'ErrorCannotResolve'
  | 'ErrorNotResponding'
  | 'ErrorOther';

export interface StunView {
  readonly status: StunStatus;
  readonly natDetected: boolean;
  /** UDPConnectionRequestAddress; '' while none is known. */
  readonly address: string;
}

export const stunOff: StunView = { status: 'Disabled', natDetected: false, address: '' };

export interface UdpEndpointOptions {
  requested: () => void;
  /** Paths whose values are others than before. */
  changed: (paths: string[]) => void;
}

export interface UdpEndpoint extends StunView {
  /** Opens, changes or ends the binding as the settings are now; does not wait for an answer. */
  settle(): Promise<void>;
  /** Tells the address once more: to an ACS that has not heard it. */
  tellAgain(): void;
  close(): Promise<void>;
}

interface Settings {
  host: string;
  port: number;
  username: string;
  password: string;
  /** Seconds between two bindings. */
  least: number;
  most: number;
}

/** Seconds that a binding is left alone at most where STUNMaximumKeepAlivePeriod sets no limit (-1); our choice. */
const UNLIMITED = 300;

/** TR-181 ManagementServer.STUNEnable, DGW Cwmp.Tr111StunEnable. */
export const isStunEnabled = (device: Device): boolean =>
  isTrue(managementServer(device, 'STUNEnable', '0')) && isTrue(managementServer(device, 'EnableCWMP', '1'));

/** What the model says now; undefined when there is to be no binding. */
function settingsOf(device: Device): Settings | undefined {
  if (!isStunEnabled(device)) return undefined;
  const acs = acsAddress(device)?.url;
  // TR-181 ManagementServer.STUNServerAddress: empty is the host of the ACS.
  const host =
    managementServer(device, 'STUNServerAddress') || (acs ? new URL(acs).hostname.replace(/^\[|\]$/g, '') : '');
  const least = Math.max(1, Number(managementServer(device, 'STUNMinimumKeepAlivePeriod', '60')) || 0);
  const most = Number(managementServer(device, 'STUNMaximumKeepAlivePeriod', '-1'));
  return {
    host,
    port: Number(managementServer(device, 'STUNServerPort')) || STUN_PORT,
    username: managementServer(device, 'STUNUsername'),
    password: managementServer(device, 'STUNPassword'),
    least,
    most: Math.max(least, most > 0 ? most : UNLIMITED),
  };
}

export function createUdpEndpoint(device: Device, options: UdpEndpointOptions): UdpEndpoint {
  const { clock, log, model } = device;
  const one = createMutex();
  let view: StunView = stunOff;
  let at = '';
  let running: { stop: AbortController; ended: Promise<void> } | undefined;
  let told = Number.NEGATIVE_INFINITY;
  let telling: Timer | undefined;
  const untold = new Set<string>();

  /** TR-098 ManagementServer.UDPConnectionRequestAddressNotificationLimit: seconds between two tellings. */
  const tell = (paths: string[]): void => {
    for (const path of paths) untold.add(path);
    telling?.cancel();
    const limit = Number(managementServer(device, 'UDPConnectionRequestAddressNotificationLimit', '0')) * 1000;
    const wait = told + limit - clock.monotonic();
    if (wait > 0) {
      telling = clock.after(wait, () => tell([]));
      return;
    }
    told = clock.monotonic();
    options.changed([...untold]);
    untold.clear();
  };

  const show = (next: StunView): void => {
    const before = view;
    view = next;
    if (next.status !== before.status) log.debug('STUN', { ...next });
    const names: string[] = [];
    if (next.address !== before.address) names.push('UDPConnectionRequestAddress');
    if (next.natDetected !== before.natDetected) names.push('NATDetected');
    if (names.length > 0) tell(names.map(name => `${model.root}ManagementServer.${name}`));
  };

  const end = async (): Promise<void> => {
    running?.stop.abort(new DOMException('the binding ends', 'AbortError'));
    await running?.ended;
    running = undefined;
  };

  const live = async (settings: Settings, signal: AbortSignal): Promise<void> => {
    const port = await openUdpPort(device, options.requested);
    try {
      await keepBinding({ device, settings, port, signal, show: next => show({ ...view, ...next }) });
    } finally {
      await port.close();
    }
  };

  const settle = async (): Promise<void> => {
    const settings = settingsOf(device);
    const goal = settings ? JSON.stringify(settings) : '';
    if (goal === at) return;
    await end();
    at = goal;
    if (!settings) {
      show(stunOff);
      return;
    }
    show({ ...view, status: 'Starting' });
    const stop = new AbortController();
    const ended = live(settings, stop.signal).catch((error: unknown) => {
      if (stop.signal.aborted) return;
      log.error('no connection requests can be taken by UDP', { reason: messageOf(error) });
      show({ ...view, status: 'ErrorOther' });
    });
    running = { stop, ended };
  };

  return {
    get status() {
      return view.status;
    },
    get natDetected() {
      return view.natDetected;
    },
    get address() {
      return view.address;
    },
    settle: () => one(settle),
    tellAgain() {
      if (view.address !== '') tell([`${model.root}ManagementServer.UDPConnectionRequestAddress`]);
    },
    close: () =>
      one(async () => {
        telling?.cancel();
        await end();
        at = '';
      }),
  };
}

interface KeepAlive {
  device: Device;
  settings: Settings;
  port: UdpPort;
  signal: AbortSignal;
  show: (next: Partial<StunView>) => void;
}

/** Renews the binding until `signal` aborts; it is the only way in which this ends, by an AbortError. */
async function keepBinding({ device, settings, port, signal, show }: KeepAlive): Promise<void> {
  const { clock } = device;
  const { least, most, username, password } = settings;
  let known: Endpoint | undefined;
  /** Seconds: grows towards `most` while the binding holds, and no more once it did not (RFC 3489 10.2, from this side of the NAT). */
  let wait = least;
  let longest = most;
  /** The binding that the server has taken note of. */
  let announced = '';

  const ask = async (server: Endpoint, change: boolean): Promise<BindingOutcome> => {
    const question = { server, username, change };
    const outcome = await port.binder.ask(question, signal);
    // TR-069 Annex G: MESSAGE-INTEGRITY only when the server asks for it.
    if (outcome.kind !== 'error' || outcome.code !== 401 || password === '') return outcome;
    return await port.binder.ask({ ...question, key: password }, signal);
  };

  const held = (endpoint: Endpoint): void => {
    if (!known || authorityOf(known) === authorityOf(endpoint)) {
      if (known) wait = Math.min(wait * 1.5, longest);
    } else {
      longest = Math.max(least, wait / 1.5);
      wait = longest;
    }
    known = endpoint;
    show({ natDetected: authorityOf(endpoint) !== authorityOf(port.local), address: authorityOf(endpoint) });
  };

  /** The server is told of a new binding at once (TR-069 Annex G); should it move meanwhile, the next renewal sees it. */
  const renewed = async (server: Endpoint): Promise<BindingOutcome> => {
    const outcome = await ask(server, false);
    if (outcome.kind !== 'mapped') return outcome;
    held(outcome.endpoint);
    const binding = authorityOf(outcome.endpoint);
    if (binding === announced) return outcome;
    const noted = await ask(server, true);
    if (noted.kind === 'mapped') announced = binding;
    return noted;
  };

  for (;;) {
    const server = await unlessAborted(resolved(settings, port.local), signal);
    if (!server) show({ status: 'ErrorCannotResolve' });
    else {
      const outcome = await renewed(server);
      if (outcome.kind === 'error') {
        device.log.warn('STUN server refuses', {
          server: authorityOf(server),
          code: outcome.code,
          reason: outcome.reason,
        });
      }
      const status = { mapped: 'Connected', error: 'ErrorOther', silent: 'ErrorNotResponding' } as const;
      show({ status: status[outcome.kind] });
    }
    await clock.sleep(wait * 1000, signal);
  }
}

async function resolved({ host, port }: Settings, local: Endpoint): Promise<Endpoint | undefined> {
  const family = isIP(local.address) === 6 ? 6 : 4;
  if (isIP(host) === family) return { address: host, port };
  if (host === '' || isIP(host)) return undefined;
  try {
    return { address: (await lookup(host, { family })).address, port };
  } catch {
    // The status says so; the next renewal asks again.
    return undefined;
  }
}
