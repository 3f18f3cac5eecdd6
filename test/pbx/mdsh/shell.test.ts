// The shell inside the server: turns, questions, failures, and what it notes of a command.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Exchange } from '../../../pbx/exchange/exchange.ts';
import { systemClock } from '../../../shared/clock.ts';
import { createLog } from '../../../shared/log.ts';
import { terminal, terminalSource, testShell } from '../../support/pbx/mdsh.ts';

describe('the shell', () => {
  it('asks an operator before an erasure, and does nothing before the answer', async () => {
    const shell = testShell();
    await shell.all('extension -i -d 4100 -l 1 --csp 1');
    const line = 'extension -e -d 4100';
    assert.deepEqual(await shell.run(line, { canAsk: true }), {
      exit: 0,
      question: 'Are you sure? (Y/N): ',
      lines: [],
    });
    assert.equal(shell.exchange.size('extensions'), 1);
    assert.deepEqual(await shell.run(line, { canAsk: true, isConfirmed: true }), { exit: 0, lines: ['EXECUTED'] });
    assert.equal(shell.exchange.size('extensions'), 0);
  });

  it('does not ask about a command that is refused anyway', async () => {
    const answer = await testShell().run('extension -e -d 4100', { canAsk: true });
    assert.deepEqual([answer.exit, answer.question], [1, undefined]);
  });

  it('carries out one command at a time, in the order in which they came', async () => {
    let running = 0;
    let most = 0;
    const source = terminalSource([terminal('4100')]);
    source.unregister = async () => {
      most = Math.max(most, ++running);
      await sleep(2);
      return running--;
    };
    const shell = testShell({ sources: () => [source] });
    await shell.all('extension -i -d 4100 -l 1 --csp 1');
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 20 }, async (_, at) => {
        const { exit } = await shell.run('extension_unregistration -d 4100');
        assert.equal(exit, 0);
        order.push(at);
      }),
    );
    assert.equal(most, 1);
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
    );
  });

  it('is busy for a command where too many wait', async () => {
    let end = (): void => undefined;
    const source = terminalSource([terminal('4100')]);
    const held = new Promise<void>(resolve => {
      end = resolve;
    });
    source.unregister = async () => {
      await held;
      return 1;
    };
    const shell = testShell({ sources: () => [source] });
    await shell.all('extension -i -d 4100 -l 1 --csp 1');
    const slow = Array.from({ length: 40 }, () => shell.run('extension_unregistration -d 4100'));
    const change = 'extension -c -d 4100 --csp 2';
    assert.deepEqual(await shell.run(change), { exit: 1, lines: ['COMMAND BUSY'] });
    assert.equal((await shell.run('extension -p')).exit, 0, 'prints do not wait');
    end();
    const exits = (await Promise.all(slow)).map(({ exit }) => exit);
    assert.ok(exits.includes(0) && exits.includes(1));
    assert.equal((await shell.run(change)).exit, 0);
  });

  it('tells of data that cannot be written, and serves the next command', async () => {
    const exchange = Exchange.inMemory();
    const commit = exchange.commit.bind(exchange);
    let isFull = true;
    exchange.commit = async changes => {
      if (isFull) throw new Error('no space left on device');
      await commit(changes);
    };
    const shell = testShell({ exchange });
    const line = 'extension -i -d 4100 -l 1 --csp 1';
    assert.deepEqual(await shell.run(line), { exit: 1, lines: ['NOT EXECUTED', 'NO SPACE LEFT ON DEVICE'] });
    isFull = false;
    assert.equal((await shell.run(line)).exit, 0);
  });

  it('notes each command in the log, codes and passwords as stars', async () => {
    const lines: string[] = [];
    const log = createLog({ clock: systemClock(), level: 'info', write: line => void lines.push(line), pretty: false });
    const shell = testShell({ log });
    await shell.run('auth_code -i -d 4100 --auth-code 4711');
    await shell.run('extension -i -d 4100 -l 1');
    await shell.run("sip_route -set -route 1 -prefix 7 -proxyip 10.0.0.1 -authname us -password 'pa ss'");
    const notes = lines.map(line => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      notes.map(({ msg, command, line, exit }) => [msg, command, line, exit]),
      [
        ['exchange command', 'auth_code', "auth_code --initiate --dir 4100 --auth-code '****'", 0],
        [
          'exchange command',
          'sip_route',
          "sip_route -set -route 1 -prefix 7 -proxyip 10.0.0.1 -authname us -password '****'",
          0,
        ],
      ],
    );
  });

  it('does nothing for an empty line', async () => {
    for (const line of ['', '  ', ';']) assert.deepEqual(await testShell().run(line), { exit: 0, lines: [] });
  });
});
