// The exchange with its gatekeeper: terminals, calls and connections of SIP and of H.323 together.
import type { TLSSocket } from 'node:tls';
import { addressText } from '../shared/sip/flow-types.ts';
import { plainPolicy } from '../shared/tls/profiles.ts';
import type { Pbx, PbxOptions } from './app.ts';
import type { RegisteredTerminal } from './exchange/terminals.ts';
import type { GatekeeperOptions } from './h323/parts.ts';
import { startGatekeeper } from './h323/terminals.ts';
import { askingClients, refusalOf } from './sip/client-certificates.ts';

export type GatekeeperPorts = Pick<GatekeeperOptions, 'rasPort' | 'callPort' | 'tlsPort'>;

type Options = GatekeeperPorts &
  Pick<GatekeeperOptions, 'host' | 'keylog' | 'clock' | 'random' | 'log'> &
  Pick<PbxOptions, 'addresses' | 'cert' | 'key' | 'tls' | 'clients' | 'routeRoots'>;

/** Starts the gatekeeper of a running exchange. Rejects when a port is taken; the exchange runs on then. */
export async function withGatekeeper(pbx: Pbx, options: Options): Promise<Pbx> {
  const { exchange, admission, sources } = pbx;
  const { clock } = options;
  const [sip] = sources;
  const isSipNumber = (number: string): boolean => (sip?.terminals(number).length ?? 0) > 0;
  const gatekeeper = await startGatekeeper({ ...gatekeeperOptions(options), exchange, admission, isSipNumber });
  sources.push(gatekeeper);
  const { ras, calls, tls } = gatekeeper.ports;
  return {
    ...pbx,
    ports: {
      ...pbx.ports,
      ...(ras === undefined ? {} : { h323: ras }),
      ...(calls === undefined ? {} : { h323Calls: calls }),
      ...(tls === undefined ? {} : { h323Tls: tls }),
    },
    get policy() {
      return pbx.policy;
    },
    registrations: () => [
      ...pbx.registrations(),
      ...gatekeeper.terminals().map(terminal => registrationInfo(terminal, clock.now())),
    ],
    calls: () => [
      ...pbx.calls(),
      // The endpoints agree on their media themselves.
      ...gatekeeper.calls().map(call => ({ ...call, decidedBy: 'endpoints', required: false })),
    ],
    connections: () => [...pbx.connections(), ...gatekeeper.connections()],
    messages: () => [...pbx.messages(), ...gatekeeper.messages()],
    stop: async () => {
      await gatekeeper.stop();
      await pbx.stop();
    },
  };
}

function gatekeeperOptions(options: Options): Omit<GatekeeperOptions, 'exchange' | 'admission'> {
  const { addresses = [], cert, key, tls, clients, clock, host, routeRoots: roots = [], ...rest } = options;
  const own = cert !== undefined && key !== undefined ? { cert, key } : undefined;
  return {
    ...{ ...rest, clock, host, address: addresses[0] ?? host },
    ...(own ? { tls: { ...own, ...tls, ...(clients && askingClients) } } : {}),
    admit: clients && ((socket: TLSSocket) => refusalOf(socket, clients, clock)),
    routeTls: { policy: plainPolicy, roots, ...(own ? { host: own } : {}) },
  };
}

function registrationInfo(terminal: RegisteredTerminal, now: number): ReturnType<Pbx['registrations']>[number] {
  const { dir, contact, protocol, port, remote, tls, product, isSecure, row, expires } = terminal;
  return {
    ...{ user: dir, contact, kind: 'H.323', protocol, port, remote: addressText(remote) },
    ...(tls ? { tls } : {}),
    ...(product === undefined ? {} : { userAgent: product }),
    terminal: isSecure ? 'secure' : 'insecure',
    signalling: protocol === 'tls' ? 'encrypted' : 'not encrypted',
    row,
    expires: Math.ceil((expires - now) / 1000),
  };
}
