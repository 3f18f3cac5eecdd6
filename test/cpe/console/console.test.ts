// The console of a unit as a person at OpenSSH's client sees it.
import assert from 'node:assert/strict';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { UnitServer } from '../../../cpe/services/service.ts';
import { ConsoleServer } from '../../../cpe/shell/server.ts';
import { systemClock } from '../../../shared/clock.ts';
import { type SshClient, sshClient } from '../../support/console/ssh.ts';
import { type TestUnit, testUnit } from '../../support/cpe/unit.ts';
import { eventually } from '../../support/eventually.ts';
import { hasProgram, peerSuite } from '../../support/servers/peers.ts';

const PASSWORD = 'administrator';

/** A program of Python that runs a command at a terminal of its own, whose width changes once. */
const atPty = `
import fcntl, os, pty, struct, sys, termios, time
def size(fd, columns): fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))
pid, fd = pty.fork()
if pid == 0:
  size(0, 200)
  os.execvp(sys.argv[1], sys.argv[1:])
seen = b''
def until(text, count):
  global seen
  while seen.count(text) < count:
    seen += os.read(fd, 4096)
until(b'Global>', 1)
os.write(fd, b'Scm.ServicesConfig\\r'); until(b'Global>', 2)
size(fd, 20); time.sleep(0.3)
os.write(fd, b'Scm.ServicesConfig\\r'); until(b'Global>', 4)
os.write(fd, b'exit\\r')
try:
  while True:
    more = os.read(fd, 4096)
    if not more: break
    seen += more
except OSError: pass
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

peerSuite("console of a unit at OpenSSH's client", { programs: ['ssh'] }, function () {
  this.timeout(30_000);
  let unit: TestUnit;
  let server: ConsoleServer;
  let ssh: SshClient;

  before(async () => {
    const console: UnitServer = { open: async () => server.open(), close: async () => server.close() };
    unit = await testUnit({ clock: systemClock(), console });
    server = new ConsoleServer(unit.gateway.device, { host: '127.0.0.1', port: 0 });
    await unit.boot();
    ssh = await sshClient(server.address);
  });
  afterEach(function () {
    if (this.currentTest?.state === 'failed') console.log(unit.logged.slice(-6));
  });
  after(async () => {
    await unit?.close();
    await ssh?.close();
  });

  const value = (name: string): string | undefined => unit.device.config.variable(name);

  it('shows a value as a command, with an exit code', async () => {
    const read = await ssh.run('admin', PASSWORD, 'Hoc.SystemName');
    assert.deepEqual([read.exit, read.out, read.error], [0, `${value('Hoc.SystemName')}\n`, '']);
    const { exit, out } = await ssh.run('admin', PASSWORD, 'Hoc.Nothing');
    assert.deepEqual([exit, out], [1, 'Error: there is no command Hoc.Nothing\n']);
    assert.equal((await ssh.run('admin', PASSWORD, 'Hoc.SystemName = "open')).exit, 2);
  });

  it('changes a value, and refuses one that does not fit', async () => {
    assert.equal((await ssh.run('admin', PASSWORD, 'Hoc.SystemName = "Front desk"')).exit, 0);
    assert.equal(value('Hoc.SystemName'), 'Front desk');
    const refused = await ssh.run('admin', PASSWORD, 'Cli.InactivityTimeOut = 91');
    assert.equal(refused.exit, 1);
    assert.match(refused.out, /^Error: .*91/);
    const waits = await ssh.run('admin', PASSWORD, 'SipEp.Gateway[Name=default].SecurePort = 5071');
    assert.deepEqual([waits.exit, value('SipEp.Gateway[Name=default].SecurePort')], [0, '5071']);
  });

  it('answers a wrong password late, and locks the account after some', async () => {
    const since = performance.now();
    const { exit, error } = await ssh.run('public', 'wrong', 'Hoc.SystemName');
    assert.equal(exit, 255);
    assert.match(error, /Permission denied \(password\)/);
    assert.ok(performance.now() - since >= 1000);
  });

  it('lets an observer read and not change', async () => {
    assert.equal((await ssh.run('public', '', 'Hoc.SystemName')).exit, 0);
    const { exit, out } = await ssh.run('public', '', 'Hoc.SystemName = Mine');
    assert.deepEqual([exit, out], [1, 'Error: your access rights do not allow this change\n']);
    assert.equal((await ssh.run('public', '', 'reboot')).exit, 1);
  });

  it('shows no password', async () => {
    const { out } = await ssh.run('admin', PASSWORD, 'Aaa.Users');
    assert.match(out, /admin/);
    assert.doesNotMatch(out, /administrator/);
  });

  it('has a prompt, history, Tab, Ctrl-C and Ctrl-D at a terminal', async () => {
    await ssh.run('admin', PASSWORD, 'Hoc.SystemName = "Front desk"');
    const session = watched(ssh.terminal('admin', PASSWORD));
    await session.until(/Global>/);
    // Tab within a paste is a character.
    session.child.stdin.write('Hoc.SystemN');
    await session.until(/SystemN/);
    session.child.stdin.write('\t');
    await session.until(/SystemName/);
    session.child.stdin.write('\r');
    await session.until(/Hoc\.SystemN[\s\S]*Front desk\r\nGlobal>/);
    session.child.stdin.write('Hoc.SystemName = broken\x03');
    await session.until(/\^C\r\n[\s\S]*Global>/);
    session.child.stdin.write('\x1b[A\r');
    await session.until(/\^C[\s\S]*Hoc\.SystemName[\s\S]*Front desk/);
    assert.equal(value('Hoc.SystemName'), 'Front desk');
    session.child.stdin.write('SipEp.Gateway[');
    await session.until(/SipEp.Gateway\[/);
    session.child.stdin.write('\t');
    await session.until(/SipEp\.Gateway\[Name=default\]/);
    session.child.stdin.write('\x03\x04');
    assert.equal(await session.exit, 0);
  });

  it('takes a paste of ten thousand lines', async () => {
    const session = watched(ssh.terminal('admin', PASSWORD));
    await session.until(/Global>/);
    const lines = Array.from({ length: 9_998 }, (_, at) => `# line ${at}`);
    session.child.stdin.write(['Hoc.SystemName = First', ...lines, 'Hoc.SystemName = Last\r'].join('\r'));
    await eventually('the last line', () => value('Hoc.SystemName') === 'Last', 20_000, 50);
    session.child.stdin.write('exit\r');
    assert.equal(await session.exit, 0);
  });

  it('knows the width of the window after it changed', async function () {
    if (!hasProgram('python3')) return this.skip();
    const { words, env } = ssh.command('admin', PASSWORD);
    const child = spawn('python3', ['-c', atPty, ...words], { env });
    const session = watched(child);
    assert.equal(await session.exit, 0);
    const [, wide = '', , narrow = ''] = session.text.split('Global>');
    assert.match(wide, /Name +StartupType/);
    assert.match(narrow, /\[Name=Bni\]\s+Name = Bni/);
  });

  it('keeps its host key over a restart of the service, and closes while it is stopped', async () => {
    await ssh.run('admin', PASSWORD, 'Hoc.SystemName');
    const { port } = new URL(`tcp://${server.address}`);
    await unit.gateway.device.services.command('Cli', 'Stop');
    assert.equal(server.address, '');
    await assert.rejects(once(connect(Number(port), '127.0.0.1'), 'connect'), /ECONNREFUSED/);
    await unit.gateway.device.services.command('Cli', 'Start');
    const again = await sshClient(server.address);
    const keys = await Promise.all([again.run('admin', PASSWORD, 'sysinfo'), again.run('admin', PASSWORD, 'help')]);
    assert.deepEqual(
      keys.map(({ exit }) => exit),
      [0, 0],
    );
    assert.match(keys[0]?.out ?? '', /Model: Media5 4102S\nSerial number: 0090f8000001/);
    await again.close();
    assert.deepEqual(
      (await unit.device.state.persist.list()).filter(name => name.includes('console')),
      ['file/console-host-key'],
    );
  });

  it('closes its port when the setting says so, after a restart', async () => {
    const { config, services } = unit.gateway.device;
    await config.set([{ name: config.pathOf('Cli.EnableSsh') ?? '', value: 'Disable' }], 'unit');
    assert.notEqual(server.address, '');
    await services.restartRequired();
    assert.equal(server.address, '');
    await config.set([{ name: config.pathOf('Cli.EnableSsh') ?? '', value: 'Enable' }], 'unit');
    await services.command('Cli', 'Restart');
    assert.notEqual(server.address, '');
  });

  it('outlives bytes that are no SSH, and too many connections', async () => {
    const [host = '', port = ''] = server.address.split(':');
    const sockets = Array.from({ length: 30 }, () => connect(Number(port), host).on('error', () => undefined));
    for (const socket of sockets) socket.write('GET / HTTP/1.1\r\n\r\n'.repeat(50));
    await eventually('connections beyond ten are refused', () => sockets.filter(({ closed }) => closed).length >= 20);
    for (const socket of sockets) socket.destroy();
    const ok = await sshClient(server.address);
    assert.equal((await ok.run('admin', PASSWORD, 'Hoc.SystemName')).exit, 0);
    await ok.close();
  });
});

interface Watched {
  readonly child: ChildProcessWithoutNullStreams;
  readonly text: string;
  readonly exit: Promise<number | null>;
  until(pattern: RegExp): Promise<void>;
}

function watched(child: ChildProcessWithoutNullStreams): Watched {
  let text = '';
  child.stdout.on('data', chunk => {
    text += String(chunk);
  });
  child.stdin.on('error', () => undefined);
  const exit = once(child, 'close').then(([code]) => code as number | null);
  return {
    child,
    exit,
    get text() {
      return text;
    },
    until: async pattern => {
      await eventually(`${pattern}`, () => pattern.test(text), 10_000, 20).catch(() => assert.match(text, pattern));
    },
  };
}
