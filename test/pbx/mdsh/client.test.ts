// The client of the shell: a pipe, a terminal, its history and completion, against a shell behind a control socket.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { isOpen, MAX_HISTORY, readHistory, writeHistory } from '../../../pbx/mdsh/client/history.ts';
import { ShellLink } from '../../../pbx/mdsh/client/link.ts';
import { runPipe } from '../../../pbx/mdsh/client/pipe.ts';
import { runTerminal } from '../../../pbx/mdsh/client/terminal.ts';
import { completionOf } from '../../../pbx/mdsh/completion.ts';
import { shellControl } from '../../../pbx/mdsh/control.ts';
import { commandTable } from '../../../pbx/mdsh/table.ts';
import { systemClock } from '../../../shared/clock.ts';
import { serveControl } from '../../../shared/control/server.ts';
import { silentLog as log } from '../../../shared/log.ts';
import { eventually } from '../../support/eventually.ts';
import { type TestShell, testShell } from '../../support/pbx/mdsh.ts';

const clock = systemClock();

/** Text without movements of the cursor. */
const plain = (text: string): string => text.replace(/\u001b\[[\d;]*[A-Z]/gi, '');

describe('the client of the shell', () => {
  let folder = '';
  let shell: TestShell;
  let close: () => Promise<void>;
  let link: ShellLink;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mdsh-'));
    shell = testShell();
    const path = join(folder, 'control.sock');
    const context = { exchange: shell.exchange, sources: () => [], backups: join(folder, 'backups'), clock, log };
    close = await serveControl({ path, log, run: shellControl(context) });
    link = new ShellLink(path, clock);
  });
  afterEach(async () => {
    await close();
    await rm(folder, { recursive: true, force: true });
  });

  describe('on a pipe', () => {
    const pipe = async (input: string | string[], hasPrompt = false): Promise<[number, string, string]> => {
      let out = '';
      let error = '';
      const streams = {
        input: Readable.from(typeof input === 'string' ? [input] : input),
        out: (text: string) => {
          out += text;
        },
        error: (text: string) => {
          error += text;
        },
      };
      return [await runPipe(link, streams, hasPrompt), out, error];
    };

    it('runs a command a line, and exits as the last one', async () => {
      const make = 'extension -i -d 4100 -l 1 --csp 1\n';
      assert.deepEqual(await pipe([make.slice(0, 7), make.slice(7), '# comment\r\n\n']), [0, 'EXECUTED\n', '']);
      const [exit, out, error] = await pipe(`${make}bogus\n${make}`);
      const refused = 'NOT EXECUTED\nDIRECTORY NUMBER 4100 IS ALREADY INITIATED\n';
      assert.deepEqual([exit, out], [1, refused + refused]);
      assert.match(error, /^bogus\n\^\nSYNTAX ERROR at column 1: /);
      assert.equal((await pipe('bogus\n'))[0], 2);
    });

    it('prints the prompt only where it is asked for', async () => {
      assert.equal((await pipe('sec_policy -set 2\n', true))[1], 'MDSH> EXECUTED\nMDSH> ');
    });

    it('does not execute a last line that is cut off', async () => {
      await shell.all('extension -i -d 41,4100 -l 1 --csp 1');
      const [exit, out, error] = await pipe('sec_policy -set 2\nextension -e -d 41');
      assert.deepEqual([exit, out], [2, 'EXECUTED\n']);
      assert.match(error, /was not executed/);
      assert.equal(shell.exchange.size('extensions'), 2);
      assert.equal((await pipe('RIANP;'))[1], 'NO DATA\n');
      assert.deepEqual(await pipe('RIANP;\n  '), [0, 'NO DATA\n', '']);
    });

    it('ends at exit, and finds a line that is too long wrong', async () => {
      assert.deepEqual(await pipe('exit\nbogus\n'), [0, '', '']);
      const [exit, , error] = await pipe(Array.from({ length: 1000 }, () => 'x'.repeat(1000)).concat('\n'));
      assert.equal(exit, 2);
      assert.match(error, /at most 8192 characters/);
    });

    it('shows how the server is by the commands that it has beside', async () => {
      await close();
      const path = join(folder, 'control.sock');
      const rows = [{ user: '4100', userAgent: 'Phone\u001b[2J\n1.0' }];
      close = await serveControl({ path, log, run: ({ command }) => (command === 'registrations' ? rows : undefined) });
      link = new ShellLink(path, clock, ['registrations', 'status']);
      assert.deepEqual(await pipe('registrations;\n'), [0, 'user  userAgent\n4100  Phone?[2J?1.0\n', '']);
      assert.match((await pipe('help\n'))[1], /\nHow the server is: registrations, status\.\n/);
    });

    it('is told of a server that is gone', async () => {
      await close();
      await assert.rejects(pipe('extension -p\n'), /no server runs/);
      assert.match((await pipe('extension -?\n'))[1], /^NAME\n/);
      assert.match((await pipe('help\nhelp sec_policy\n'))[1], /^Commands with options.*\nNAME\n {5}sec_policy - /s);
    });
  });

  describe('at a terminal', () => {
    interface Terminal {
      type(text: string): void;
      /** Waits for an output that ends so, and gives all that came since the last call. */
      until(end: string): Promise<string>;
      ended: Promise<number>;
      hangUp(): void;
    }
    const open = (isForced = false): Terminal => {
      const input = new PassThrough();
      let out = '';
      const output = new Writable({
        write: (chunk: Buffer, _, done) => {
          out += chunk.toString();
          done();
        },
      });
      const ended = runTerminal({ link, input, output, historyFile: join(folder, 'mdsh-history'), isForced });
      const until = async (end: string): Promise<string> => {
        await eventually(`an output that ends with '${end}'`, () => plain(out).endsWith(end), 5000);
        const got = plain(out);
        out = '';
        return got;
      };
      return { type: text => void input.write(text), until, ended, hangUp: () => void input.end() };
    };

    it('has a prompt, and ends at exit or Ctrl-D with the code of the last command', async () => {
      const one = open();
      await one.until('MDSH> ');
      one.type('sec_policy -print\r');
      assert.match(await one.until('MDSH> '), /SECURITY POLICY 0: NO SECURITY\n/);
      one.type('bogus\r');
      await one.until('MDSH> ');
      one.type('exit\r');
      assert.equal(await one.ended, 2);
      const two = open();
      await two.until('MDSH> ');
      two.type('\u0004');
      assert.equal(await two.ended, 0);
    });

    it('asks before an erasure: y erases, all else does not', async () => {
      await shell.all('extension -i -d 4100..4102 -l 1 --csp 1');
      const one = open();
      await one.until('MDSH> ');
      for (const [reply, left] of [
        ['n', 3],
        ['', 3],
        ['y', 2],
        ['YES', 1],
      ] as const) {
        one.type(`extension -e -d ${shell.exchange.all('extensions')[0]?.dir}\r`);
        await one.until('Are you sure? (Y/N): ');
        one.type(`${reply}\r`);
        await one.until('MDSH> ');
        assert.equal(shell.exchange.size('extensions'), left, reply);
      }
      one.hangUp();
      await one.ended;
    });

    it('asks nothing when it is forced', async () => {
      await shell.all('extension -i -d 4100 -l 1 --csp 1');
      const one = open(true);
      await one.until('MDSH> ');
      one.type('extension -e -d 4100\r');
      assert.match(await one.until('MDSH> '), /EXECUTED/);
      one.hangUp();
      await one.ended;
    });

    it('completes by Tab: commands, options, words and numbers', async () => {
      await shell.all('extension -i -d 4100 -l 1 --csp 1', 'extension -i -d 5501..5502 -l 1 --csp 1');
      const one = open();
      await one.until('MDSH> ');
      one.type('media_encryption_p');
      await one.until('media_encryption_p');
      one.type('\t');
      await one.until('rint ');
      one.type('-t\t');
      await one.until('ype ');
      one.type('ro\t');
      await one.until('ute ');
      one.type('\r');
      assert.match(await one.until('MDSH> '), /route +disabled/);
      one.type('extension -p -d 5501,41\t');
      await one.until('00 ');
      one.type('\r');
      assert.match(await one.until('MDSH> '), /\n4100 /);
      one.hangUp();
      await one.ended;
    });

    it('carries out a paste of more lines than it keeps waiting', async () => {
      const one = open();
      await one.until('MDSH> ');
      const lines = Array.from({ length: 1200 }, (_, at) => `extension -i -d ${10_000 + at} -l 1 --csp 1\r`);
      for (let from = 0; from < lines.length; from += 50) one.type(lines.slice(from, from + 50).join(''));
      one.type('exit\r');
      assert.equal(await one.ended, 0);
      assert.equal(shell.exchange.size('extensions'), 1200);
    });

    it('keeps a history that only the owner may read, without codes', async () => {
      const file = join(folder, 'mdsh-history');
      const one = open();
      await one.until('MDSH> ');
      for (const line of [
        'sec_policy -print',
        'auth_code -i -d 4100 --auth-code 471100',
        'auth_code -i 471101 x',
        'license_print',
      ]) {
        one.type(`${line}\r`);
        await one.until('MDSH> ');
      }
      one.hangUp();
      await one.ended;
      assert.equal(await readFile(file, 'utf8'), 'sec_policy -print\nlicense_print\n');
      assert.equal((await stat(file)).mode & 0o777, 0o600);
      const two = open();
      await two.until('MDSH> ');
      two.type('\u001b[A\u001b[A\r');
      assert.match(await two.until('MDSH> '), /SECURITY POLICY 0/);
      two.hangUp();
      await two.ended;
    });

    it('leaves a line at Ctrl-C, and does not execute one that the end of the input cut off', async () => {
      await shell.all('extension -i -d 41,4100 -l 1 --csp 1');
      const one = open(true);
      await one.until('MDSH> ');
      one.type('extension -e -d 41');
      await one.until('41');
      one.type('\u0003');
      await one.until('MDSH> ');
      one.type('sec_policy -print\r');
      assert.match(await one.until('MDSH> '), /SECURITY POLICY/);
      one.type('extension -e -d 41');
      await one.until('41');
      one.hangUp();
      await one.ended;
      assert.equal(shell.exchange.size('extensions'), 2);
    });
  });

  describe('its history', () => {
    it('leaves out lines with codes and passwords, wrong ones too', () => {
      for (const line of [
        'auth_code -i -d 41 --auth-code 1',
        'auth_code 4711',
        'sip_route -set -route 1 -password x',
        'sip_rout -password x',
        'AUTH_CODE -i',
      ])
        assert.equal(isOpen(line), false, line);
      for (const line of ['auth_code -p', 'extension -p', 'bogus', 'auth_code -?'])
        assert.equal(isOpen(line), true, line);
    });

    it('has a bound, and takes the rights of others off an older file', async () => {
      const file = join(folder, 'older');
      await writeFile(file, 'extension -p\n', { mode: 0o644 });
      await writeHistory(
        file,
        Array.from({ length: MAX_HISTORY + 100 }, (_, at) => `extension -p -d ${1000 + at}`),
      );
      assert.equal((await readHistory(file)).length, MAX_HISTORY);
      assert.equal((await readHistory(file))[0], 'extension -p -d 1000');
      assert.equal((await stat(file)).mode & 0o777, 0o600);
    });
  });
});

describe('completion', () => {
  const cases: [string, string, string[]][] = [
    ['license_', 'license_', ['license_print', 'license_status']],
    ['ria', 'ria', ['rianc', 'riane', 'riani', 'rianp']],
    ['help sec', 'sec', ['sec_policy']],
    ['sec_policy -s', '-s', ['-set']],
    ['extension -i --max', '--max', ['--max-call-cost', '--max-terminals']],
    ['extension -c -d 4100 --security-exception ', '', ['no', 'yes']],
    ['extension -p -s max', 'max', ['MAXCALLCOST', 'MAXTERMINALS']],
    ['RIANI:ROU=1,T', 'T', ['TLS=']],
    ['riani rou=1,tls=y', 'y', ['yes']],
    ['bogus -', '-', []],
    ['exi', 'exi', ['exit']],
  ];
  for (const [line, start, candidates] of cases) {
    it(`offers ${candidates.join(', ') || 'nothing'} after '${line}'`, () => {
      assert.deepEqual(completionOf(commandTable, line), { start, candidates });
    });
  }

  it('asks for numbers after -d, for the last one of a range', () => {
    assert.deepEqual(completionOf(commandTable, 'extension -pd 4100..41'), {
      start: '41',
      candidates: [],
      wantsNumbers: true,
    });
  });
});
