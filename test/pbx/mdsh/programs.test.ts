// The shell as a program against a server as a program: single commands, scripts of operators over pipe and terminal, several at once.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../support/eventually.ts';
import { startOf } from '../../support/processes/process.ts';
import { hasProgram, run } from '../../support/servers/peers.ts';

const operator = fileURLToPath(new URL('../../peers/mx-one/operator.py', import.meta.url));
const words = startOf('pbx/main.ts');

interface Ended {
  code: number | null;
  out: string;
  error: string;
}

describe('the shell as a program', function () {
  this.timeout(120_000);
  let data = '';
  let server: ChildProcess;

  const pbx = async (args: readonly string[], input?: string): Promise<Ended> => {
    const child = spawn(process.execPath, [...words, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, TANDEM_PBX_DATA: data },
    });
    const ended: Ended = { code: null, out: '', error: '' };
    child.stdout.on('data', chunk => {
      ended.out += chunk;
    });
    child.stderr.on('data', chunk => {
      ended.error += chunk;
    });
    child.stdin.end(input ?? '');
    [ended.code] = (await once(child, 'close')) as [number | null];
    return ended;
  };
  const numbers = async (range: string): Promise<number> => {
    const { out } = await pbx(['extension', '-p', '-d', range]);
    return out.split('\n').filter(line => /^\d/.test(line)).length;
  };

  before(async () => {
    data = await mkdtemp(join(tmpdir(), 'mdsh-'));
    const ports = ['tls-port', 'port', 'h323', 'h323-tls', 'phones', 'phones-tls'].flatMap(name => [`--${name}`, '0']);
    const args = ['serve', '--mx-one', ...ports, '--data', data, '--log-level', 'info'];
    server = spawn(process.execPath, [...words, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    server.stdout?.on('data', chunk => {
      out += chunk;
    });
    await eventually('the server', () => out.includes('"msg":"ready"'), 60_000);
  });
  after(async () => {
    server.kill('SIGTERM');
    if (server.exitCode === null) await once(server, 'close');
    await rm(data, { recursive: true, force: true });
  });

  it('runs one command: 0 executed, 1 not executed with the reason on stdout, 2 wrong syntax', async () => {
    const line = ['extension', '-i', '-d', '4000', '-l', '1', '--csp', '1'];
    assert.deepEqual(await pbx([...line, '--data', data]), { code: 0, out: 'EXECUTED\n', error: '' });
    const refused = 'NOT EXECUTED\nDIRECTORY NUMBERS WITH SECURITY EXCEPTION EXIST\n';
    assert.deepEqual(await pbx(['sec_policy', '-set', '1']), { code: 1, out: refused, error: '' });
    const wrong = await pbx(['sec_policy', '-set', '9']);
    assert.deepEqual([wrong.code, wrong.out], [2, '']);
    assert.match(wrong.error, /^sec_policy -set 9\n {16}\^\nSYNTAX ERROR at column 17: /);
    assert.equal((await pbx(['RIANP:ROU=1;'])).out, 'NO DATA\n');
    assert.equal((await pbx(['mdsh', '-c', '-f', 'extension', '-e', '-d', '4000;'])).out, 'EXECUTED\n');
    const unknown = await pbx(['bogus']);
    assert.equal(unknown.code, 2);
    assert.match(unknown.error, /'bogus' is none of serve, .*mdsh, nor a command of mdsh/);
    const nowhere = await pbx(['extension', '-p', '--control', join(data, 'nowhere')]);
    assert.deepEqual([nowhere.code, nowhere.out], [1, '']);
    assert.match(nowhere.error, /^tandem-pbx: no server runs at /);
  });

  it('carries out a script that makes extensions over a pipe', async () => {
    const lines = Array.from({ length: 20 }, (_, at) => [
      `extension -i --dir ${4100 + at} --csp 10 --edn no --lim 1 --customer 0 --language-code en --secretary 0 --free-on-second-line 0 --security-exception yes`,
      `ip_extension -i --dir ${4100 + at} --protocol SIP`,
      ...((at + 1) % 10 === 0 ? ['data_backup'] : []),
    ]).flat();
    const { code, out, error } = await pbx(['mdsh'], `${lines.join('\n')}\n`);
    assert.deepEqual([code, error, out], [0, '', 'EXECUTED\n'.repeat(42)]);
    assert.equal(await numbers('4100..4119'), 20);
    assert.equal((await readdir(join(data, 'backups'))).length, 2);
  });

  it('carries out a script that drives it at a terminal', async function () {
    if (!hasProgram('python3')) return this.skip();
    const { stdout } = await run('python3', [
      operator,
      '4200',
      '12',
      '6',
      '--',
      process.execPath,
      ...words,
      'mdsh',
      '--data',
      data,
    ]);
    const report = JSON.parse(stdout) as { refused: string[]; backups: number; answered: number; exit: number };
    assert.deepEqual([report.refused, report.backups, report.answered, report.exit], [[], 2, 1, 0]);
    assert.equal(await numbers('4200..4211'), 11);
  });

  it('prints columns that shell scripts pick by grep and awk', async () => {
    const script = `
      mx() { $PBX "$@" --data "$DATA"; }
      number=4300
      mx extension -p -d $number | grep -q "^$number " && echo there already
      mx extension -i -d $number -l 1 --csp 17 --max-terminals 1 --video yes --third-party-client yes --security-exception no
      mx ip_extension -i -d $number
      mx auth_code -i -d $number --auth-code 471100 --csp 17 --cil $number --restricted
      echo csp $(mx extension -p -d $number | grep "^$number " | awk '{print $4}')
      echo ip $(mx ip_extension -p -d $number | grep -c "^$number ")
      echo code $(mx auth_code -p -d $number | grep " $number " | awk '{print $3}')
      echo license $(mx license_status | grep VOIP | awk '{print $1}')`;
    const env = { ...process.env, PBX: [process.execPath, ...words].join(' '), DATA: data };
    const { stdout } = await run('bash', ['-c', script], { env });
    const printed = ['csp 17', 'ip 1', 'code 471100', 'license VOIP-SECURITY'];
    assert.deepEqual(stdout.split('\n'), ['EXECUTED', 'EXECUTED', 'EXECUTED', ...printed, '']);
  });

  it('ends without a word when the reader of its output is gone, and executes no further command', async () => {
    await pbx(['extension', '-i', '-d', '50000..59999', '-l', '1', '--csp', '1']);
    const script = `
      mx() { $PBX "$@" --data "$DATA"; }
      mx extension -p | head -1 | cut -c1-3
      printf 'extension -p\\nextension -p\\nextension -p\\nsec_policy -set 3\\n' | mx mdsh | head -1 | cut -c1-3
      mx sec_policy -print`;
    const env = { ...process.env, PBX: [process.execPath, ...words].join(' '), DATA: data };
    const { stdout, stderr } = await run('bash', ['-c', script], { env });
    assert.deepEqual([stdout, stderr], ['Dir\nDir\nSECURITY POLICY 0: NO SECURITY\n', '']);
  });

  it('takes 1,000 commands at once', async () => {
    const lines = Array.from({ length: 1000 }, (_, at) => `extension -i -d ${10_000 + at} -l 1 --csp 1\n`);
    const { code, out, error } = await pbx(['mdsh'], lines.join(''));
    assert.deepEqual([code, error, out.length], [0, '', 'EXECUTED\n'.length * 1000]);
    assert.equal(await numbers('10000..10999'), 1000);
  });

  it('serves two shells at once: of the same command one is executed', async () => {
    const lines = (first: number, step: number): string =>
      Array.from({ length: 200 }, (_, at) => `extension -i -d ${first + at * step} -l 1 --csp 1\n`).join('');
    const [one, two] = await Promise.all([pbx(['mdsh'], lines(20_000, 2)), pbx(['mdsh'], lines(20_001, 2))]);
    assert.deepEqual([one.code, two.code], [0, 0]);
    assert.equal(await numbers('20000..20399'), 400);
    const both = await Promise.all([pbx(['mdsh'], lines(21_000, 1)), pbx(['mdsh'], lines(21_000, 1))]);
    const executed = both.map(({ out }) => out.split('\n').filter(line => line === 'EXECUTED').length);
    assert.equal((executed[0] ?? 0) + (executed[1] ?? 0), 200);
  });

  it('stays whole when clients go away in the midst of a line or of an answer', async () => {
    await pbx(['extension', '-i', '-d', '30,3000', '-l', '1', '--csp', '1']);
    const cut = await pbx(['mdsh'], 'extension -e -d 30');
    assert.deepEqual([cut.code, cut.out], [2, '']);
    const path = join(data, 'control.sock');
    const request = JSON.stringify({ command: 'mdsh', args: ['extension -e -d 30'] });
    for (const text of [request, `${JSON.stringify({ command: 'mdsh', args: ['extension -p'] })}\n`]) {
      const socket = connect(path);
      await once(socket, 'connect');
      socket.write(text);
      socket.destroy();
    }
    assert.equal(await numbers('30,3000'), 2);
  });

  it('shows its help without a server and lists the shell in the usage', async () => {
    const [list, page, shell, usage] = await Promise.all([
      pbx(['help', '--control', '/nowhere']),
      pbx(['extension', '-?', '--control', '/nowhere']),
      pbx(['mdsh', '--help']),
      pbx(['--help']),
    ]);
    assert.deepEqual([list.code, page.code, shell.code, usage.code], [0, 0, 0, 0]);
    assert.match(list.out, /\n {2}RIANI {2,}initiate /);
    assert.match(page.out, /^NAME\n {5}extension - manage an extension\n/);
    assert.match(shell.out, /^Usage: tandem-pbx mdsh /);
    assert.match(usage.out, /\n {2}mdsh /);
  });
});
