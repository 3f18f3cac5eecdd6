// Forms of the manager whose command takes long, or fails for a reason that is none of the exchange.
import assert from 'node:assert/strict';
import { Exchange } from '../../../pbx/exchange/exchange.ts';
import { carryOutForm } from '../../../pbx/manager/commands.ts';
import { type Session, Sessions } from '../../../pbx/manager/sessions.ts';
import type { LineAnswer, Shell } from '../../../pbx/mdsh/shell.ts';
import { systemRandom, VirtualClock } from '../../../shared/clock.ts';
import { silentLog } from '../../../shared/log.ts';

describe('forms of the manager', () => {
  const clock = new VirtualClock();
  const exchange = Exchange.inMemory();
  const newSession = (): Session => {
    const sessions = new Sessions({ clock, random: systemRandom() });
    const session = sessions.use(sessions.open());
    assert.ok(session);
    return session;
  };

  it('are answered after eight seconds, and have the answer of the shell when it comes', async () => {
    let finish = (_: LineAnswer): void => undefined;
    const run: Shell['run'] = (_, write) =>
      new Promise(resolve => {
        finish = answer => {
          void write(['EXECUTED']);
          resolve(answer);
        };
      });
    const session = newSession();
    const page = carryOutForm({ exchange, run, clock, log: silentLog }, session, 'back-up', new URLSearchParams());
    await clock.advance(8000);
    assert.equal(await page, '/backups');
    assert.deepEqual(session.last, { shown: 'data_backup', lines: [] });
    finish({ exit: 0 });
    await clock.settle();
    assert.deepEqual(session.last, { shown: 'data_backup', lines: ['EXECUTED'], exit: 0 });
  });

  it('tell of a failure of the shell, whose reason is in the log', async () => {
    const errors: unknown[] = [];
    const log = { ...silentLog, error: (...line: unknown[]) => void errors.push(line) };
    const run: Shell['run'] = async () => {
      throw new Error('broken');
    };
    const session = newSession();
    await carryOutForm({ exchange, run, clock, log }, session, 'back-up', new URLSearchParams());
    assert.deepEqual(session.last, { shown: 'data_backup', lines: ['NOT EXECUTED', 'INTERNAL ERROR'], exit: 1 });
    assert.deepEqual(errors, [['manager command failed', { error: new Error('broken') }]]);
  });
});
