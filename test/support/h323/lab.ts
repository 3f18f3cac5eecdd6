// A gatekeeper on loopback with extensions of its own, for tests: UDP, TCP and TLS, each at a free port.
import type { Change, PolicyNumber } from '../../../pbx/exchange/data.ts';
import { defaultSettings } from '../../../pbx/exchange/data.ts';
import { Exchange } from '../../../pbx/exchange/exchange.ts';
import type { GatekeeperOptions } from '../../../pbx/h323/parts.ts';
import { type H323Terminals, startGatekeeper } from '../../../pbx/h323/terminals.ts';
import { Admission } from '../../../pbx/policy/admission.ts';
import { Refusals } from '../../../pbx/policy/refusals.ts';
import { Subscribers } from '../../../pbx/policy/subscribers.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { silentLog } from '../../../shared/log.ts';
import { createCa } from '../../../shared/pki/authority.ts';

const clock = systemClock();
const random = systemRandom();

export interface H323Extension {
  dir: string;
  /** Individual authorization code. */
  pin?: string;
  /** Security exception; yes by default. */
  exception?: boolean;
  maxTerminals?: number;
  protocol?: 'SIP' | 'IP';
}

export interface H323Lab {
  readonly exchange: Exchange;
  readonly refusals: Refusals;
  readonly gatekeeper: H323Terminals;
  readonly ports: { ras: number; calls: number; tls: number };
  /** CA of its certificate. */
  readonly root: string;
  setPolicy(policy: PolicyNumber): Promise<void>;
  add(...extensions: H323Extension[]): Promise<void>;
  stop(): Promise<void>;
}

/** The changes that make an extension, and its code as it is now. */
export function extensionChanges({
  dir,
  pin,
  exception = true,
  maxTerminals = 1,
  protocol = 'IP',
}: H323Extension): Change[] {
  const row = { dir, lim: 1, csp: 1, customer: 0, thirdPartyClient: false, securityException: exception, maxTerminals };
  const key = `dir:${dir}`;
  const code = { code: pin ?? '', dir, customer: 0, csp: 1, cil: dir, isRestricted: false };
  return [
    { table: 'extensions', key: dir, row },
    { table: 'ipExtensions', key: dir, row: { dir, protocol } },
    pin === undefined ? { table: 'authorizationCodes', key } : { table: 'authorizationCodes', key, row: code },
  ];
}

export async function openH323Lab(options: Partial<GatekeeperOptions> = {}): Promise<H323Lab> {
  const ca = await createCa({ name: 'test', key: 'ec', clock, random });
  const { chain: cert, key } = await ca.issue({ commonName: 'lab', ips: ['127.0.0.1'], usage: ['server'], key: 'ec' });
  const exchange = options.exchange ?? Exchange.inMemory();
  const refusals = new Refusals(clock);
  const subscribers = new Subscribers(exchange, []);
  const admission = new Admission({ exchange, subscribers, refusals });
  const gatekeeper = await startGatekeeper({
    ...{ host: '127.0.0.1', address: '127.0.0.1', rasPort: 0, callPort: 0, tlsPort: 0, tls: { cert, key } },
    ...{ exchange, admission, clock, random, log: silentLog },
    ...options,
  });
  const { ras = 0, calls = 0, tls = 0 } = gatekeeper.ports;
  return {
    ...{ exchange, refusals, gatekeeper, ports: { ras, calls, tls }, root: ca.root },
    setPolicy: policy => exchange.commit([{ table: 'settings', key: 'system', row: { ...defaultSettings, policy } }]),
    add: async (...extensions) => exchange.commit(extensions.flatMap(extensionChanges)),
    stop: () => gatekeeper.stop(),
  };
}
