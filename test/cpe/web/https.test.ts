// The servers of the pages by the settings of the service Web, judged by OpenSSL's client: they act when the service restarts.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { get } from 'node:https';
import { type AddressInfo, connect, createServer } from 'node:net';
import type { Gateway } from '../../../cpe/gateway.ts';
import { UnitPagesOf } from '../../../cpe/unit-pages.ts';
import { CERTIFICATE, Gateways, set } from '../../support/cpe/gateways.ts';
import { voiceAuthority } from '../../support/cpe/voice.ts';
import { fieldsOf, PagesClient } from '../../support/cpe/web/client.ts';

describe('servers of the pages', () => {
  let on: Gateways;
  let gateway: Gateway;
  let pages: UnitPagesOf;
  beforeEach(async () => {
    on = await Gateways.open();
    pages = new UnitPagesOf('127.0.0.1:0', 0);
    gateway = await on.up({ pages });
  });
  afterEach(async () => {
    await on.close();
    await pages.stop();
  });
  const command = async (action: string): Promise<void> => {
    await set(gateway, { [`Scm.ServiceCommands[Name=Web].${action}`]: action });
    await gateway.device.services.settled();
  };
  const installHost = async (): Promise<void> => {
    const authority = await voiceAuthority();
    const issued = await authority.issue({ commonName: 'unit', ips: ['127.0.0.1'], usage: ['server'], key: 'rsa' });
    await gateway.device.install(CERTIFICATE, Buffer.from(issued.cert + issued.key), 'unit.pem');
  };
  const freePort = async (): Promise<number> => {
    const server = createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise(resolve => server.close(resolve));
    return port;
  };
  const portOf = (url: string | undefined): number => Number(new URL(url ?? 'http://0:9').port);
  const isOpen = (port: number): Promise<boolean> =>
    new Promise(resolve => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
  const loginCookie = (url: string): Promise<string> =>
    new Promise((resolve, reject) => {
      // The certificate is one of a test authority.
      get(new URL('/login', url), { rejectUnauthorized: false }, answer => {
        answer.resume();
        resolve(answer.headers['set-cookie']?.[0] ?? '');
      }).on('error', reject);
    });
  /** @returns protocol and suite; undefined where the handshake fails */
  const handshake = (version: '-tls1_1' | '-tls1_2' | '-tls1_3'): Promise<string | undefined> => {
    const at = `127.0.0.1:${portOf(pages.addresses.webSecure ?? pages.addresses.web)}`;
    const child = spawn('openssl', ['s_client', '-connect', at, version, '-cipher', 'ALL:@SECLEVEL=0'], {
      stdio: 'pipe',
    });
    let text = '';
    child.stdout.on('data', chunk => {
      text += String(chunk);
    });
    child.stderr.resume();
    child.stdin.end();
    return new Promise(resolve =>
      child.once('close', () => resolve(/^New, \S+ Cipher is (?!\(NONE\))(\S+)/m.exec(text)?.[1])),
    );
  };

  it('have HTTPS with a Host certificate, by the settings of Web, after its restart', async () => {
    assert.deepEqual(Object.keys(pages.addresses), ['web']);
    await installHost();
    await command('Restart');
    const { web, webSecure } = pages.addresses;
    assert.ok(web?.startsWith('http:') && webSecure?.startsWith('https:'), `${web} ${webSecure}`);
    assert.match(
      await loginCookie(webSecure ?? ''),
      /^__Host-unit-login-\w+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
    );
    assert.equal(await handshake('-tls1_2'), 'DHE-RSA-AES256-SHA');
    assert.equal(await handshake('-tls1_1'), 'DHE-RSA-AES256-SHA');
    await set(gateway, { 'Web.TlsVersion': 'TLSv1_2' });
    assert.equal(gateway.device.config.variable('Web.NeedRestartInfo'), 'Yes');
    assert.equal(await handshake('-tls1_1'), 'DHE-RSA-AES256-SHA');
    await command('Restart');
    assert.equal(gateway.device.config.variable('Web.NeedRestartInfo'), 'No');
    assert.equal(await handshake('-tls1_1'), undefined);
    assert.equal(await handshake('-tls1_3'), undefined);
    await set(gateway, { 'Web.HttpsCipherSuite': 'CS3' });
    await command('Restart');
    assert.match((await handshake('-tls1_2')) ?? '', /^ECDHE-RSA-AES256-GCM-SHA384$/);
  });

  it('close by HttpMode, and open at another port, each after a restart', async () => {
    await installHost();
    await command('Restart');
    const before = pages.addresses;
    await set(gateway, { 'Web.HttpMode': 'Secure' });
    assert.equal(await isOpen(portOf(before.web)), true);
    await command('Restart');
    assert.equal(await isOpen(portOf(before.web)), false);
    assert.ok(pages.addresses.web?.startsWith('https:'));
    await set(gateway, {
      'Web.HttpMode': 'Unsecure',
      'Web.ServerPort': String(await freePort()),
    });
    await command('Restart');
    assert.deepEqual(Object.keys(pages.addresses), ['web']);
    assert.equal(portOf(pages.addresses.web), Number(gateway.device.config.variable('Web.ServerPort')));
  });

  it('stop and start with the service, and outlive a port that is taken', async () => {
    const port = portOf(pages.addresses.web);
    await command('Stop');
    assert.equal(await isOpen(port), false);
    await command('Start');
    assert.equal(portOf(pages.addresses.web), port);
    assert.equal(await isOpen(port), true);
    const taken = await on.up({ pages: new UnitPagesOf('127.0.0.1:0', 0) });
    await set(taken, { 'Web.ServerPort': String(portOf(pages.addresses.web)) });
    await set(taken, { 'Scm.ServiceCommands[Name=Web].Restart': 'Restart' });
    await taken.device.services.settled();
    assert.equal(taken.device.config.variable('Scm.ServicesInfo[Name=Web].ExecState'), 'Started');
    await gateway.reboot({ reason: 'test' });
    assert.equal(await isOpen(portOf(pages.addresses.web)), true);
  });

  it('answer the form that restarts them, and count what they answer', async () => {
    const web = new PagesClient(pages.addresses.web ?? '');
    await web.signIn('admin', 'administrator');
    const { device } = gateway;
    await web.change(device, '/system/all/Web', { 'Web.MinSeverity': 'Debug' });
    const row = device.config.pathOf('Scm.ServiceCommands[Name=Web].Restart');
    const { token } = fieldsOf(await web.page('/system/all/Scm'));
    const ordered = await web.post('/system/all/Scm', { token, do: `command:${row}=Restart` });
    assert.equal(ordered.status, 303);
    await device.services.settled();
    const again = new PagesClient(pages.addresses.web ?? '');
    assert.equal((await again.signIn('public', '')).status, 303);
    await again.request('/none');
    const stats = ['StatsRequest', 'StatsRedirect', 'StatsError'].map(name =>
      Number(device.config.variable(`Web.${name}`)),
    );
    assert.ok((stats[0] ?? 0) > 5 && (stats[1] ?? 0) >= 2 && (stats[2] ?? 0) >= 1, stats.join());
  });
});
