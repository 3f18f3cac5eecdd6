// An ACS and gateways in one process, over real sockets on loopback: each side is the other's counterpart.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Acs, startAcs } from '../../../acs/app.ts';
import type { Task } from '../../../acs/device/task.ts';
import type { PageSource } from '../../../acs/north/pages/operator-pages.ts';
import { openSqlite } from '../../../acs/store/sqlite/store.ts';
import type { Store } from '../../../acs/store/store.ts';
import { createGateway, type Gateway, type GatewayOptions } from '../../../cpe/gateway.ts';
import type { CustomerProfile } from '../../../cpe/profile.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { decodeEnvelope, type Envelope } from '../../../shared/cwmp/soap.ts';
import { createLog, silentLog } from '../../../shared/log.ts';
import { builtinModel } from '../../../shared/model/datamodel.ts';
import { type Authority, createCa, type Issued } from '../../../shared/pki/authority.ts';

export interface World {
  acs: Acs;
  /** URL that CPEs use. */
  url: string;
  ca: Authority;
  folder: string;
  /** The store of the ACS, for tests that put many devices into it. */
  store: Store;
  /** Every envelope, in order. */
  wire: { from: 'cpe' | 'acs'; envelope: Envelope; xml: string }[];
  logged: string[];
  gateway(
    options?: Partial<GatewayOptions> & { serial?: string; settings?: Record<string, string>; trust?: boolean },
  ): Promise<Gateway>;
  /** Ends every gateway, the ACS and the store. */
  close(): Promise<void>;
}

export interface WorldOptions {
  tls?: boolean;
  cpeAuth?: 'required' | 'none';
  enrol?: 'approve' | 'auto';
  /** A STUN server on a free port, with or without a login. */
  stun?: { login?: { username: string; password: string } };
  connectionRequestAllow?: string[];
  /** Networks to which webhooks may lead without https. */
  webhookAllow?: string[];
  /** Load balancers that send PROXY headers. */
  proxyProtocol?: string[];
  /** The operator's pages; default: none. */
  pages?: PageSource;
  /** The ACS's own certificate; default: for 127.0.0.1. */
  certificate?: (ca: Authority) => Promise<Issued>;
}

let authority: Promise<Authority> | undefined;
const clock = systemClock();
const random = systemRandom();

/** One CA for all worlds of a run: RSA keys take their time. */
export async function testCa(): Promise<Authority> {
  authority ??= createCa({ name: 'Test CA', key: 'rsa', clock, random });
  return await authority;
}

export const serverCertificate = async (ca: Authority): Promise<Issued> =>
  await ca.issue({ commonName: '127.0.0.1', ips: ['127.0.0.1'], dns: ['localhost'], usage: ['server'], key: 'rsa' });

export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-test-'));
  const ca = await testCa();
  const issued = await (options.certificate ?? serverCertificate)(ca);
  const logged: string[] = [];
  const log = createLog({ clock, level: 'info', write: line => logged.push(line) });
  const store = await openSqlite({ file: join(folder, 'acs.db'), clock, inThread: true });
  const tls = options.tls ?? true;
  const acs = await startAcs({
    clock,
    random,
    log,
    store,
    serverKey: random.bytes(32),
    adminToken: 'test-token',
    cwmp: [{ url: new URL(`${tls ? 'https' : 'http'}://127.0.0.1:0`) }],
    api: new URL('http://127.0.0.1:0'),
    tls: { certificates: [{ cert: issued.chain, key: issued.key }], minVersion: 'TLSv1.2' },
    cpeAuth: options.cpeAuth ?? 'required',
    enrol: options.enrol ?? 'auto',
    enrolment: { username: 'enrol', password: 'factory' },
    trustedProxies: [],
    ...(options.proxyProtocol ? { proxyProtocol: options.proxyProtocol } : {}),
    ...{ connectionRequestAllow: options.connectionRequestAllow ?? [], webhookAllow: options.webhookAllow ?? [] },
    pages: options.pages,
    ...(options.stun ? { stun: { host: '127.0.0.1', port: 0, ...options.stun } } : {}),
  });
  const [url = ''] = acs.cwmp;
  const gateways: Gateway[] = [];
  const wire: World['wire'] = [];

  const gateway: World['gateway'] = async (given = {}) => {
    const { serial = '0090F8000001', settings = {}, trust = true, ...rest } = given;
    const profile: CustomerProfile = {
      parameters: {
        'Cwmp.AcsUrlConfigSource': 'Static',
        'Cwmp.AcsStaticUrl': url,
        'Cwmp.Username': 'enrol',
        'Cwmp.Password': 'factory',
        ...settings,
      },
      certificates: trust ? [ca.root] : [],
    };
    const made = await createGateway({
      model: await builtinModel('dgw'),
      identity: {
        manufacturer: 'Media5',
        oui: '0090F8',
        productClass: '4102S',
        serialNumber: serial,
        mac: serial.toLowerCase(),
      },
      profile,
      address: '127.0.0.1',
      clock,
      random,
      log: silentLog,
      listen: { host: '127.0.0.1', port: 0 },
      clockSource: 'host',
      wire: (from, xml) => wire.push({ from, xml, envelope: decodeEnvelope(xml) }),
      ...rest,
    });
    gateways.push(made);
    return made;
  };

  return {
    ...{ acs, url, ca, folder, store },
    wire,
    logged,
    gateway,
    close: async () => {
      await Promise.all(gateways.map(each => each.stop()));
      await acs.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Adds a task, wakes the device, and waits for the task's end. */
export async function done(
  world: World,
  device: string,
  input: { method: string; args?: Record<string, unknown>; file?: string },
): Promise<Task> {
  const task = await world.acs.fleet.tasks.add(device, input);
  const answer = await fetch(`${world.acs.api}/api/v1/devices/${device}/connection-request`, {
    method: 'POST',
    headers: { authorization: 'Bearer test-token' },
  });
  await answer.arrayBuffer();
  return await world.acs.fleet.tasks.outcome(task.id, 15_000);
}
