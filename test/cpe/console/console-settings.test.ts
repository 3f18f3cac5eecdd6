// The settings of a unit's console: greeting, port, and how long it waits for a key.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { stripVTControlCharacters } from 'node:util';
import type { UnitServer } from '../../../cpe/services/service.ts';
import { ConsoleServer } from '../../../cpe/shell/server.ts';
import { type SshClient, sshClient } from '../../support/console/ssh.ts';
import { type TestUnit, testUnit } from '../../support/cpe/unit.ts';
import { eventually } from '../../support/eventually.ts';
import { peerSuite } from '../../support/servers/peers.ts';

peerSuite("settings of a unit's console", { programs: ['ssh'] }, function () {
  this.timeout(30_000);
  let unit: TestUnit;
  let server: ConsoleServer;
  let ssh: SshClient;

  before(async () => {
    const console: UnitServer = { open: async () => server.open(), close: async () => server.close() };
    unit = await testUnit({ console });
    server = new ConsoleServer(unit.gateway.device, { host: '127.0.0.1', port: 0 });
    await unit.boot();
    ssh = await sshClient(server.address);
  });
  after(async () => {
    await unit?.close();
    await ssh?.close();
  });

  const set = (name: string, value: string): Promise<unknown> =>
    unit.device.config.set([{ name: unit.device.config.pathOf(name) ?? '', value }], 'unit');
  /** A session at a terminal, once it has its prompt. */
  const session = async (): Promise<{ text(): string; exit: Promise<unknown>; end(): void }> => {
    const child = ssh.terminal('admin', 'administrator');
    let text = '';
    child.stdout.on('data', chunk => {
      text += String(chunk);
    });
    const exit = once(child, 'close');
    await eventually('the prompt', () => text.includes('Global>'), 10_000, 20);
    return { text: () => text, exit, end: () => child.stdin.write('exit\r') };
  };

  it('greet with WelcomeMessage, which is none from the factory', async () => {
    for (const greeting of ['', 'No entry without a key']) {
      await set('Cli.WelcomeMessage', greeting);
      const { text, exit, end } = await session();
      const [shown = ''] = stripVTControlCharacters(text()).split('Global>');
      assert.equal(shown.trim(), greeting);
      end();
      await exit;
    }
  });

  it('end a session after InactivityTimeOut minutes without a key', async () => {
    await set('Cli.InactivityTimeOut', '2');
    const { exit } = await session();
    let hasEnded = false;
    void exit.then(() => {
      hasEnded = true;
    });
    await unit.clock.advance(119_000);
    await new Promise(resolve => setTimeout(resolve, 100));
    assert.equal(hasEnded, false);
    await unit.clock.advance(2_000);
    await exit;
  });

  it('open SshPort once the service has restarted, and the old port no more', async () => {
    const before = server.address;
    const spare = createServer();
    await new Promise<void>(resolve => spare.listen(0, '127.0.0.1', resolve));
    const { port } = spare.address() as AddressInfo;
    await new Promise(resolve => spare.close(resolve));
    await set('Cli.SshPort', String(port));
    assert.equal(server.address, before);
    await unit.gateway.device.services.restartRequired();
    assert.equal(server.address, `127.0.0.1:${port}`);
    const there = await sshClient(server.address);
    assert.equal((await there.run('admin', 'administrator', 'Cli.SshPort')).out, `${port}\n`);
    await there.close();
    assert.notEqual((await ssh.run('admin', 'administrator', 'Cli.SshPort')).exit, 0);
  });
});
