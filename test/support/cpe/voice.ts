// User agents and a SIP server for tests of the voice side: a CA, certificates, settings with sensible values, on loopback.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { notifications, notificationText, type Severity } from '../../../cpe/notifications.ts';
import type { Call } from '../../../cpe/voice/call/call.ts';
import type { UserAgentConfig, UserAgentEnv } from '../../../cpe/voice/settings.ts';
import { SipUserAgent } from '../../../cpe/voice/user-agent.ts';
import { type Pbx, type PbxOptions, startPbx } from '../../../pbx/app.ts';
import { type Clock, systemClock, systemRandom } from '../../../shared/clock.ts';
import { silentLog } from '../../../shared/log.ts';
import { type Authority, createCa } from '../../../shared/pki/authority.ts';
import { createRequest, type SipRequest } from '../../../shared/sip/message.ts';
import { type RequestOptions, TransactionLayer } from '../../../shared/sip/transaction.ts';
import type { ClientTransaction, ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import { SipTransport } from '../../../shared/sip/transport.ts';
import type { TlsSettings } from '../../../shared/tls/connect.ts';
import { policyFor } from '../../../shared/tls/profiles.ts';

export interface Heard {
  id: number;
  severity: Severity;
  message: string;
}

export interface Unit {
  agent: SipUserAgent;
  heard: Heard[];
  /** Resolves when `check` holds; asked again at every change the unit reports. */
  until(check: (agent: SipUserAgent) => boolean, what: string): Promise<void>;
}

const clock = systemClock();
const random = systemRandom();

/** Real time, but waits of `fromMs` and longer are so many times shorter: for the field's long timers over real sockets. */
export function hurriedClock(fromMs: number, times: number): Clock {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    after: (ms, run) => clock.after(ms >= fromMs ? ms / times : ms, run),
    sleep: (ms, signal) => clock.sleep(ms >= fromMs ? ms / times : ms, signal),
  };
}

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

export function startUnit(config: UserAgentConfig, tls: UserAgentEnv['tls'], env: Partial<UserAgentEnv> = {}): Unit {
  const heard: Heard[] = [];
  const waiting = new Set<() => void>();
  const agent = new SipUserAgent(config, {
    clock,
    random,
    log: silentLog,
    tls,
    ...env,
    notify: (name, facts) => {
      const { number, severity } = notifications[name];
      heard.push({ id: number, severity, message: notificationText(name, facts) });
      for (const check of waiting) check();
    },
  });
  agent.onChange(() => {
    for (const check of waiting) check();
  });
  const until = (check: (agent: SipUserAgent) => boolean, what: string): Promise<void> =>
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

/** Waits, in real time, until media has come so far; fails after 15 s. */
export async function reached(check: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !check(); tries++) {
    if (tries > 300) throw new Error(`${what}: not within 15 s`);
    await clock.sleep(50);
  }
}

/** Both ends have sent and received so many packets, and heard a tone. */
export const talking = (count: number, ...calls: Call[]): Promise<void> =>
  reached(
    () =>
      calls.every(call => {
        const { sent, received, tone } = call.stats();
        return sent >= count && received >= count && tone !== undefined;
      }),
    `${count} packets each way`,
  );

export const registered = (agent: SipUserAgent): boolean =>
  agent.registrations().every(one => one.state === 'Registered');

export function assertTone(heard: number | undefined, wanted: number, where: string): void {
  assert.ok(heard !== undefined && Math.abs(heard - wanted) <= 2, `${where}: heard ${heard}, wanted ${wanted}`);
}

/** The other end, by hand: a bare SIP stack over UDP whose answers the test gives. It plays server and telephone in one. */
export interface Peer {
  readonly server: { host: string; port: number };
  readonly layer: TransactionLayer;
  /** ACKs of 2xx, and strays, in order. */
  readonly acks: SipRequest[];
  /** The next request of that method that nobody has taken yet. REGISTERs are answered 200 unless `registrar` is false. */
  next(method: string): Promise<ServerTransaction>;
  /** Sends a request to a unit's listening port. */
  send(address: string, request: SipRequest, options?: RequestOptions): Promise<ClientTransaction>;
  close(): Promise<void>;
}

export async function startPeer(options: { registrar?: boolean } = {}): Promise<Peer> {
  const transport = new SipTransport({ clock, log: silentLog });
  const waiting: ServerTransaction[] = [];
  const takers: { method: string; take: (transaction: ServerTransaction) => void }[] = [];
  const acks: SipRequest[] = [];
  const layer = new TransactionLayer({
    transport,
    clock,
    random,
    log: silentLog,
    onAck: ack => acks.push(ack),
    onRequest: transaction => {
      const { method, headers } = transaction.request;
      if (method === 'REGISTER' && options.registrar !== false) {
        const contact = `${headers.get('Contact')};expires=3600`;
        transaction.respond(200, undefined, { headers: [['Contact', contact]] });
        return;
      }
      const at = takers.findIndex(taker => taker.method === method);
      if (at < 0) waiting.push(transaction);
      else takers.splice(at, 1)[0]?.take(transaction);
    },
  });
  const listener = await transport.listen({ protocol: 'udp', host: '127.0.0.1', port: 0 });
  const server = listener.address;
  return {
    server,
    layer,
    acks,
    next: method => {
      const at = waiting.findIndex(one => one.request.method === method);
      const [found] = at < 0 ? [] : waiting.splice(at, 1);
      if (found) return Promise.resolve(found);
      return new Promise(take => takers.push({ method, take }));
    },
    send: async (address, request, wanted = {}) => {
      const flow = await transport.connect({
        protocol: 'udp',
        host: address,
        port: 5060,
        localAddress: server.host,
        localPort: server.port,
      });
      return layer.request(flow, request, wanted);
    },
    close: async () => {
      layer.stop();
      await transport.close();
    },
  };
}

/** An INVITE from the peer to the unit's account 100. */
export function inviteTo(peer: Peer, address: string, body: string, headers: [string, string][] = []): SipRequest {
  const { host, port } = peer.server;
  return createRequest('INVITE', `sip:100@${address}:5060`, {
    headers: [
      ['Max-Forwards', '70'],
      ['From', `<sip:200@${host}:${port}>;tag=${random.bytes(4).toString('hex')}`],
      ['To', `<sip:100@${address}:5060>`],
      ['Call-ID', random.bytes(8).toString('hex')],
      ['CSeq', '1 INVITE'],
      ['Contact', `<sip:200@${host}:${port}>`],
      ...headers,
    ],
    ...(body === '' ? {} : { body, contentType: 'application/sdp' }),
  });
}

/** SDP with one audio stream at `port`; further lines go below it. */
export function sdpText(
  port: number,
  profile: string,
  lines: string[] = [],
  options: { session?: string[]; version?: number; formats?: string } = {},
): string {
  const { session = [], version = 1, formats = '0 8' } = options;
  const head = ['v=0', `o=- 7 ${version} IN IP4 127.0.0.1`, 's=-', 'c=IN IP4 127.0.0.1', 't=0 0', ...session];
  return `${[...head, `m=audio ${port} ${profile} ${formats}`, ...lines].join('\r\n')}\r\n`;
}

/** A valid a=crypto line with a random key. */
export const cryptoLine = (tag = 1, suite = 'AES_CM_128_HMAC_SHA1_80'): string =>
  `a=crypto:${tag} ${suite} inline:${random.bytes(30).toString('base64')}`;
