// The parts of the gatekeeper, put together in the order in which they need each other.
import type { TlsOptions } from 'node:tls';
import { type Clock, guardedClock, type Random } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import type { Address } from '../../shared/sip/flow-types.ts';
import { throttledByAddress } from '../../shared/throttled-log.ts';
import type { TlsSettings } from '../../shared/tls/connect.ts';
import type { KeyLogger } from '../../shared/tls/keylog.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { Admission } from '../policy/admission.ts';
import { Calls } from './calls/calls.ts';
import { Setups } from './calls/setup.ts';
import { Signalling } from './calls/signalling.ts';
import { Admissions } from './gatekeeper/admissions.ts';
import { Endpoints } from './gatekeeper/endpoints.ts';
import { OwnRequests } from './gatekeeper/own-requests.ts';
import { type LifeLimits, Registrations } from './gatekeeper/registrations.ts';
import { RasServer } from './gatekeeper/server.ts';
import { HeardMessages } from './heard-messages.ts';
import type { RasChannel } from './transport/channel.ts';
import { Connections } from './transport/connections.ts';
import { type ListenOptions, StreamListeners } from './transport/listeners.ts';
import { MessageRate } from './transport/message-rate.ts';

export interface GatekeeperOptions {
  host: string;
  /** Our address for peers where `host` is a wildcard. */
  address: string;
  /** RAS over UDP, and call signalling over TCP; 0 = a free one; absent: none. */
  rasPort?: number | undefined;
  callPort?: number | undefined;
  /** Both over TLS; needs `tls`. */
  tlsPort?: number | undefined;
  /** Certificate, key, versions and suites. */
  tls?: TlsOptions | undefined;
  admit?: ListenOptions['admit'];
  keylog?: KeyLogger | undefined;
  /** The judgement of the other sides of routes over TLS, apart from the time. */
  routeTls?: Omit<TlsSettings, 'now'> | undefined;
  exchange: Exchange;
  admission: Admission;
  /** A SIP terminal is registered with the number. */
  isSipNumber?: ((number: string) => boolean) | undefined;
  gatekeeperIdentifier?: string;
  clock: Clock;
  random: Random;
  log: Log;
  life?: Partial<LifeLimits>;
  bounds?: Partial<Bounds>;
}

export interface Bounds {
  endpoints: number;
  calls: number;
  connections: number;
  connectionsPerAddress: number;
  /** Messages that one network may send in a second, of RAS and of call signalling each. */
  messagesPerSecond: number;
}

const defaultBounds: Bounds = {
  endpoints: 20_000,
  calls: 5000,
  connections: 20_000,
  connectionsPerAddress: 5000,
  messagesPerSecond: 2000,
};
const defaultLife: LifeLimits = { default: 300, min: 10, max: 3600 };

/** Ports that are open. */
export interface H323Ports {
  ras?: number;
  calls?: number;
  tls?: number;
}

export interface Parts {
  readonly options: GatekeeperOptions;
  readonly clock: Clock;
  readonly log: Log;
  readonly endpoints: Endpoints;
  readonly own: OwnRequests;
  readonly calls: Calls;
  readonly ras: RasServer;
  readonly streams: StreamListeners;
  readonly connections: Connections;
  readonly messages: HeardMessages;
}

/** @param ports filled when the sockets are bound */
export function partsOf(options: GatekeeperOptions, ports: H323Ports): Parts {
  const { exchange, admission, random, isSipNumber = () => false } = options;
  const { gatekeeperIdentifier = 'tandem' } = options;
  const bounds = { ...defaultBounds, ...options.bounds };
  const log = throttledByAddress(options.log, options.clock);
  const clock = guardedClock(options.clock, error => log.error('gatekeeper timer failed', { error }));
  const own = new OwnRequests(clock);
  const messages = new HeardMessages();
  const heard = (type: string): void => messages.add(type);
  const calls = new Calls({ clock, log, most: bounds.calls });
  const endpoints = new Endpoints({ clock, log, most: bounds.endpoints });
  const addresses = addressesOf(options, ports);
  const numbers = { exchange, endpoints, isSipNumber };
  const registrations = new Registrations({
    ...{ exchange, endpoints, own, admission, clock, random, log, gatekeeperIdentifier },
    life: { ...defaultLife, ...options.life },
    callAddress: addresses.callAddress,
  });
  const admissions = new Admissions({ ...numbers, ...addresses, calls });
  const ras = new RasServer({
    ...{
      clock,
      log,
      endpoints,
      registrations,
      admissions,
      own,
      heard,
      gatekeeperIdentifier,
      rasAddress: addresses.rasAddress,
    },
    mostPerSecond: bounds.messagesPerSecond,
  });
  const streams = new StreamListeners({
    ...{ clock, log },
    bounds: { most: bounds.connections, perAddress: bounds.connectionsPerAddress },
  });
  const connections: Connections = new Connections({
    clock,
    routeTls: options.routeTls,
    heard: socket => streams.heard(socket),
    isKept: ({ id }) => endpoints.over({ key: id }).length > 0,
    closed: ({ id }) => {
      for (const endpoint of endpoints.over({ key: id })) endpoints.remove(endpoint, 'connection closed');
    },
    packet: (packet, connection) => signalling.take(packet, connection),
  });
  const signalling = new Signalling({
    log,
    heard,
    rate: new MessageRate(clock, bounds.messagesPerSecond),
    setups: new Setups({ ...numbers, calls, admission, log, connect: target => connections.connect(target) }),
    ras: (message, channel) => ras.take(message, channel),
  });
  return { options, clock, log, endpoints, own, calls, ras, streams, connections, messages };
}

/** Our addresses as a peer reaches them: over its connection, or at our ports. */
function addressesOf(
  { host, address }: GatekeeperOptions,
  ports: H323Ports,
): Record<'callAddress' | 'rasAddress', (channel: RasChannel) => Address> {
  const isWildcard = host === '0.0.0.0' || host === '::';
  const at = (port: number | undefined, { local }: RasChannel): Address => ({
    host: isWildcard ? address : host,
    port: port ?? local.port,
  });
  return {
    callAddress: channel => at(channel.connection ? channel.local.port : ports.calls, channel),
    rasAddress: channel => at(channel.connection ? channel.local.port : ports.ras, channel),
  };
}
