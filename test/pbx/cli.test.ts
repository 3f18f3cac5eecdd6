// The PBX as a program: usage, ready line, commands over the control socket, clean end on signals.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../shared/clock.ts';
import { askControl } from '../../shared/control/client.ts';
import { serveControl } from '../../shared/control/server.ts';
import { asText } from '../../shared/control/text.ts';
import { UserError } from '../../shared/errors.ts';
import { silentLog as log } from '../../shared/log.ts';
import { startOf } from '../support/processes/process.ts';

const clock = systemClock();

interface Run {
  child: ChildProcess;
  out: () => string;
  line: (text: string) => Promise<Record<string, unknown>>;
  end: Promise<{ code: number | null; out: string; err: string }>;
}

function run(...args: string[]): Run {
  const child = spawn(process.execPath, [...startOf('pbx/main.ts'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', chunk => {
    out += chunk;
  });
  child.stderr.on('data', chunk => {
    err += chunk;
  });
  const end = once(child, 'close').then(([code]) => ({ code: code as number | null, out, err }));
  const line: Run['line'] = async text => {
    for (;;) {
      const found = out.split('\n').find(one => one.includes(text));
      if (found) return JSON.parse(found) as Record<string, unknown>;
      const ended = await Promise.race([once(child.stdout, 'data').then(() => false), end.then(() => true)]);
      assert.ok(!ended, `ended: ${out}${err}`);
    }
  };
  return { child, out: () => out, line, end };
}

describe('pbx, the program', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pbx-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('serves, answers commands, keeps its CA, and ends cleanly on SIGTERM', async () => {
    const users = join(folder, 'users');
    await writeFile(users, '# accounts\n100:pw:100\n\n101:pw101\n');
    const args = ['--tls-port', '0', '--domain', 'lab.test', '--user', '102:x', '--users', users, '--data', folder];
    const server = run('serve', ...args, '--port', '0', '--license', 'voip security');
    const ready = await server.line('"msg":"ready"');
    assert.match(String(ready.tls), /^127\.0\.0\.1:\d+$/);
    assert.equal(ready.users, 3);
    assert.ok(server.out().includes('unprotected SIP enabled'));
    assert.deepEqual((await server.line('"msg":"licences given"')).tags, ['VOIP-SECURITY']);
    assert.ok((await readFile(join(folder, 'exchange.journal'), 'utf8')).includes('VOIP-SECURITY'));
    assert.equal((await stat(join(folder, 'control.sock'))).mode & 0o777, 0o600);
    assert.equal((await stat(join(folder, 'ca.key'))).mode & 0o777, 0o600);

    const status = await run('status', '--data', folder, '--json').end;
    assert.equal(status.code, 0);
    assert.deepEqual((JSON.parse(status.out) as { domain: string }).domain, 'lab.test');
    const table = await run('registrations', '--control', join(folder, 'control.sock')).end;
    assert.equal(table.out, 'none\n');

    const second = await run('serve', ...args).end;
    assert.equal(second.code, 1);
    assert.match(second.err, /^tandem-pbx: another server is controlled at [^\n]+\n$/);

    server.child.kill('SIGTERM');
    assert.equal((await server.end).code, 0);
    const late = await run('status', '--data', folder).end;
    assert.equal(late.code, 1);
    assert.match(late.err, /^tandem-pbx: no server runs at [^\n]+\n$/);
  });

  it('serves the status page and the files of telephones where it is asked to', async () => {
    const data = join(folder, 'web');
    const ports = ['--tls-port', '0', '--status', '0', '--phones', '0', '--phones-tls', '0'];
    const server = run('serve', '--data', data, ...ports);
    const ready = await server.line('"msg":"ready"');
    const page = await fetch(`http://${ready.status}/`, { headers: { accept: 'application/json' } });
    assert.equal(((await page.json()) as { policy: string }).policy, '0 (NO SECURITY)');
    const metrics = await (await fetch(`http://${ready.status}/metrics`)).text();
    assert.match(metrics, /^pbx_registrations\{kind="SIP",security="encrypted"\} 0$/m);
    const file = await (await fetch(`http://${ready.phones}/d42x02-config.txt`)).text();
    assert.equal(file, 'SECURITY = disabled\n');
    const ca = await (await fetch(`http://${ready.phones}/ca.pem`)).text();
    assert.equal(ca, await readFile(join(data, 'ca.pem'), 'utf8'));
    assert.match(String(ready.phonesTls), /^127\.0\.0\.1:\d+$/);
    server.child.kill('SIGTERM');
    assert.equal((await server.end).code, 0);
  });

  it('reports wrong usage in one line and exits 2', async () => {
    const cases: [string[], RegExp][] = [
      [[], /a command is needed/],
      [['dance'], /'dance' is none of serve, status/],
      [['serve', '--user', 'nobody'], /--user: not NAME:PASSWORD/],
      [['serve', '--tls-port', 'x'], /--tls-port/],
      [['serve', '--cert', 'a.pem', '--data', folder], /--cert and --key go together/],
      [['serve', '--users', join(folder, 'none'), '--data', folder], /--users: ENOENT/],
    ];
    await Promise.all(
      cases.map(async ([args, reason]) => {
        const { code, err } = await run(...args).end;
        assert.equal(code, 2, err);
        assert.match(err, reason);
        assert.equal(err.trimEnd().split('\n').length, 1);
      }),
    );
  });

  it('opens ports for H.323 where they are given, call signalling with RAS', async () => {
    const args = ['serve', '--tls-port', '0', '--data', join(folder, 'h323')];
    for (const [given, opened] of [
      [[], []],
      [['--h323-tls', '0'], ['h323Tls']],
      [
        ['--h323', '0'],
        ['h323', 'h323Calls'],
      ],
    ] as const) {
      const server = run(...args, ...given);
      await server.line('"msg":"ready"');
      const status = await askControl(join(folder, 'h323', 'control.sock'), 'status', [], clock);
      const { ports } = status as { ports: Record<string, number> };
      assert.deepEqual(
        Object.keys(ports).filter(name => name.startsWith('h323')),
        opened,
      );
      server.child.kill('SIGTERM');
      assert.equal((await server.end).code, 0);
    }
  });

  it('prints --help for itself and each command', async () => {
    const [whole, serve, command] = await Promise.all([
      run('--help').end,
      run('serve', '--help').end,
      run('registrations', '--help').end,
    ]);
    assert.deepEqual([whole.code, serve.code, command.code], [0, 0, 0]);
    assert.match(whole.out, /registrations/);
    assert.match(serve.out, /--tls-port/);
    assert.match(command.out, /--json/);
  });
});

describe('the control socket', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pbx-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('runs commands, returns their errors, and survives nonsense', async () => {
    const path = join(folder, 'one.sock');
    const close = await serveControl({
      path,
      log,
      run: ({ command, args }) => {
        if (command === 'fail') throw new UserError(400, 'no', 'not like this');
        return { command, args };
      },
    });
    assert.deepEqual(await askControl(path, 'x', ['a\nb'], clock), { command: 'x', args: ['a\nb'] });
    await assert.rejects(askControl(path, 'fail', [], clock), /not like this/);
    const socket = connect(path);
    let text = '';
    socket.on('data', chunk => {
      text += chunk;
    });
    socket.write('nonsense\n{"command":5}\nnull\n');
    while (text.split('\n').length < 4) await once(socket, 'data');
    assert.equal(text.match(/"ok":false/g)?.length, 3);
    socket.write('x'.repeat(100_000));
    socket.on('error', () => undefined);
    await once(socket, 'close');
    await close();
    await assert.rejects(askControl(path, 'x', [], clock), UserError);
  });

  it('replaces the socket file of a dead server', async () => {
    const path = join(folder, 'two.sock');
    const child = spawn(process.execPath, [
      '-e',
      `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`,
    ]);
    await once(child, 'close');
    const close = await serveControl({ path, log, run: () => 1 });
    assert.equal(await askControl(path, 'x', [], clock), 1);
    await close();
  });

  it('reports a server that closes without an answer', async () => {
    const path = join(folder, 'three.sock');
    const server = createServer(socket => socket.end()).listen(path);
    await once(server, 'listening');
    await assert.rejects(askControl(path, 'x', [], clock), /without an answer/);
    server.close();
  });

  it('shows lists as tables', () => {
    const rows = [
      { user: '100', tls: { version: 'TLSv1.2' } },
      { user: '10100', expires: 60 },
    ];
    assert.equal(asText(rows), 'user   tls              expires\n100    version=TLSv1.2\n10100                   60');
    assert.equal(asText([]), 'none');
    assert.equal(asText({ a: 1, long: [1, 2] }), 'a     1\nlong  0=1 1=2');
  });
});
