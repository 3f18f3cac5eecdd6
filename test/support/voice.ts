// User agents and a SIP server for tests of the voice side: a CA, certificates, settings with sensible values, on loopback.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import type { Severity, UserAgentConfig } from '../../cpe/voice/settings.ts';
import { startUserAgent, type UserAgent } from '../../cpe/voice/useragent.ts';
import { type Pbx, type PbxOptions, startPbx } from '../../pbx/app.ts';
import { type Clock, systemClock, systemRandom } from '../../shared/clock.ts';
import { type Log, silentLog } from '../../shared/log.ts';
import { type Authority, createCa } from '../../shared/pki/authority.ts';
import type { TlsSettings } from '../../shared/tls/connect.ts';
import { policyFor } from '../../shared/tls/profiles.ts';

export interface Heard {
  id: number;
  severity: Severity;
  message: string;
}

export interface Unit {
  agent: UserAgent;
  heard: Heard[];
  /** Resolves when `check` holds; asked again at every change the unit reports. */
  until(check: (agent: UserAgent) => boolean, what: string): Promise<void>;
}

const clock = systemClock();
const random = systemRandom();

/** One authority for a file's tests; RSA, since that is what the units' suites need. */
export async function voiceAuthority(): Promise<Authority> {
  return createCa({ name: 'Voice test CA', key: 'rsa', clock, random });
}

export async function startServer(authority: Authority, options: Partial<PbxOptions> = {}): Promise<Pbx> {
  const issued = await authority.issue({ commonName: '127.0.0.1', ips: ['127.0.0.1'], usage: ['server'], key: 'rsa' });
  return startPbx({
    host: '127.0.0.1',
    tlsPort: 0,
    cert: issued.chain,
    key: issued.key,
    domain: 'voice.test',
    users: ['100', '101', '102'].map(user => ({ user, password: `pw${user}` })),
    clock,
    random,
    log: silentLog,
    ...options,
  });
}

/** The unit's defaults (TLS, CS1, HostName) with these roots. */
export function tlsSettings(roots: string[], changes: Partial<TlsSettings> = {}): TlsSettings {
  const policy = policyFor('SipEp', () => undefined);
  return { policy, roots: roots.map(pem => new X509Certificate(pem)), now: clock.now(), ...changes };
}

/** A unit's settings; each test names what matters to it. */
export function unitConfig(
  user: string,
  registrar: { host: string; port: number },
  changes: Partial<UserAgentConfig> = {},
): UserAgentConfig {
  return {
    gateway: 'default',
    address: '127.0.0.1',
    transport: 'tls',
    port: 0,
    basePort: 16_000,
    portInterval: 0,
    failbackInterval: 1,
    connectTimeout: 5,
    registrar,
    domain: 'voice.test',
    accounts: [{ user, register: true, password: `pw${user}` }],
    contactTransport: true,
    registrationTransport: true,
    userAgent: 'Mediatrix 4102S/v2.0.26.451 4102-MX-D2000-28',
    srtp: { mode: 'Secure', keyManagement: 'Sdes', encryption: 'AesCm128' },
    rtpBasePort: 5004,
    srtpBasePort: 5004,
    rejectCode: 415,
    expires: 0,
    retryTime: 120,
    refreshTime: 60,
    keepAlive: { method: 'None', interval: 30 },
    tone: 440,
    ...changes,
  };
}

export function startUnit(
  config: UserAgentConfig,
  tls: () => TlsSettings,
  env: { clock?: Clock; log?: Log } = {},
): Unit {
  const heard: Heard[] = [];
  const waiting = new Set<() => void>();
  const agent = startUserAgent(config, {
    clock: env.clock ?? clock,
    random,
    log: env.log ?? silentLog,
    tls,
    notify: (id, severity, message) => {
      heard.push({ id, severity, message });
      for (const check of waiting) check();
    },
  });
  agent.onChange(() => {
    for (const check of waiting) check();
  });
  const until = (check: (agent: UserAgent) => boolean, what: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!check(agent)) return;
        waiting.delete(look);
        late.cancel();
        resolve();
      };
      const late = clock.after(15_000, () => {
        waiting.delete(look);
        reject(new Error(`${what}: not within 15 s; ${JSON.stringify([agent.connections(), agent.registrations()])}`));
      });
      waiting.add(look);
      look();
    });
  return { agent, heard, until };
}

export const registered = (agent: UserAgent): boolean => agent.registrations().every(one => one.state === 'Registered');

export function assertTone(heard: number | undefined, wanted: number, where: string): void {
  assert.ok(heard !== undefined && Math.abs(heard - wanted) <= 2, `${where}: heard ${heard}, wanted ${wanted}`);
}
