// The servers of the demo on loopback: SNTP, syslog, the SIP server, the ACS with its API, DHCP.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { acsOptions } from '../../acs/config.ts';
import { type Started, start } from '../../acs/server/start.ts';
import { type Pbx, startPbx } from '../../pbx/app.ts';
import type { Clock, Random } from '../../shared/clock.ts';
import { readOptions } from '../../shared/config.ts';
import type { Log } from '../../shared/log.ts';
import { createCa } from '../../shared/pki/authority.ts';
import { type DhcpServer, startDhcpServer } from '../support/servers/dhcp.ts';
import { type SntpServer, startSntpServer } from '../support/servers/sntp.ts';
import { type SyslogServer, startSyslogServer } from '../support/servers/syslog.ts';

export const domain = 'demo.test';
export const enrolment = { username: 'factory', password: 'shared-by-new-units' };

export interface Account {
  user: string;
  password: string;
}

export interface Servers {
  sntp: SntpServer;
  syslog: SyslogServer;
  pbx: Pbx;
  dhcp: DhcpServer;
  started: Started;
  /** Accounts of the SIP server. */
  users: readonly Account[];
  /** PEM of the CA that signed the SIP server's certificate. */
  voiceCa: string;
  api: Api;
  close(): Promise<void>;
}

/** One call of the ACS's API; answers above 299 are errors. */
export type Api = (method: string, path: string, body?: unknown) => Promise<Record<string, unknown>>;

export interface ServersOptions {
  folder: string;
  verbose: boolean;
  clock: Clock;
  random: Random;
  log: Log;
  /** True once the time server answers. */
  isTimeOn(): boolean;
}

export async function startServers(options: ServersOptions): Promise<Servers> {
  const { clock, random, log, isTimeOn } = options;
  const sntp = await startSntpServer({ clock, change: answer => (isTimeOn() ? answer : undefined) });
  const syslog = await startSyslogServer();
  const users = ['100', '101'].map(user => ({ user, password: random.bytes(12).toString('hex') }));
  const { pbx, voiceCa } = await startSipServer({ clock, random, log }, users);
  const started = await startTheAcs(options, options.verbose);
  const [acsUrl = ''] = started.acs.cwmp;
  const dhcp = await startDhcpServer({ acsUrl, provisioningCode: 'demo.site-1' });
  const close = async (): Promise<void> => {
    await pbx.stop();
    await started.acs.close();
    await Promise.all([dhcp.close(), sntp.close(), syslog.close()]);
  };
  return { sntp, syslog, pbx, dhcp, started, users, voiceCa, api: apiOf(started), close };
}

async function startSipServer(
  { clock, random, log }: Pick<ServersOptions, 'clock' | 'random' | 'log'>,
  users: Account[],
): Promise<{ pbx: Pbx; voiceCa: string }> {
  const ca = await createCa({ name: 'Demo voice CA', key: 'rsa', clock, random });
  const sip = await ca.issue({
    commonName: 'sip.demo.test',
    dns: ['sip.demo.test'],
    ips: ['127.0.0.1'],
    usage: ['server'],
    key: 'rsa',
  });
  const pbx = await startPbx({
    host: '127.0.0.1',
    tlsPort: 0,
    port: 0,
    cert: sip.chain,
    key: sip.key,
    domain,
    users,
    clock,
    random,
    log: log.child({ program: 'pbx' }),
  });
  return { pbx, voiceCa: ca.root };
}

export const apiOf =
  ({ acs, adminToken }: Started): Api =>
  async (method, path, body) => {
    const isBytes = Buffer.isBuffer(body);
    const answer = await fetch(`${acs.api}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${adminToken}`,
        'content-type': isBytes ? 'application/octet-stream' : 'application/json',
      },
      ...(body === undefined ? {} : { body: isBytes ? new Uint8Array(body) : JSON.stringify(body) }),
    });
    const text = await answer.text();
    const value = (text ? JSON.parse(text) : {}) as Record<string, unknown>;
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${String(value.detail ?? text)}`);
    return value;
  };

export async function startTheAcs(options: { folder: string }, verbose: boolean): Promise<Started> {
  const secret = join(options.folder, 'enrol-secret');
  await writeFile(secret, `${enrolment.username}:${enrolment.password}\n`, { mode: 0o600 });
  const argv = [
    '--data',
    join(options.folder, 'acs'),
    '--cwmp',
    'https://127.0.0.1:0',
    '--api',
    'http://127.0.0.1:0',
    '--enrol-secret',
    secret,
  ];
  const { values } = readOptions(acsOptions, { argv: [...argv, '--log-level', verbose ? 'info' : 'silent'] });
  return await start(values, { pretty: false, write: line => process.stderr.write(`${line}\n`) });
}
