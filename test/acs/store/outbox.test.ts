import assert from 'node:assert/strict';
import type { Batch, Packing } from '../../../acs/store/sqlite/threads/batch.ts';
import { createOutbox } from '../../../acs/store/sqlite/threads/outbox.ts';
import { VirtualClock } from '../../../shared/clock.ts';

interface Asked {
  what: string;
  patient?: boolean;
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

describe('requests on their way to a thread', () => {
  const open = (more: Partial<Packing<Asked>> = { grouped: true }) => {
    const clock = new VirtualClock();
    const sent: string[][] = [];
    const packing: Packing<Asked> = {
      pack: ({ what }) => [what, undefined],
      unpack: what => ({ what }),
      isPatient: ({ patient = false }) => patient,
      ...more,
    };
    const send = (batch: Batch): void => void sent.push(batch.filter((_, at) => at % 3 === 1) as string[]);
    const outbox = createOutbox(send, packing, clock);
    let number = 0;
    const ask = (...names: string[]): void => {
      for (const what of names) outbox.add(number++, { what, patient: what.startsWith('patient') });
    };
    return { clock, sent, outbox, ask };
  };

  it('go together where they are asked in one turn, at once where they are few', async () => {
    const { sent, ask } = open();
    ask('a', 'b');
    assert.deepEqual(sent, []);
    await turn();
    assert.deepEqual(sent, [['a', 'b']]);
  });

  it('are gathered while a group is in hand, and follow it in one message', async () => {
    const { sent, outbox, ask } = open();
    ask('a', 'b');
    await turn();
    ask('c');
    await turn();
    outbox.returned(1);
    ask('d');
    await turn();
    assert.deepEqual(sent, [['a', 'b']], 'one of the group is still out');
    outbox.returned(1);
    await turn();
    assert.deepEqual(sent, [
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  it('wait a little for company once there are many', async () => {
    const { clock, sent, outbox, ask } = open();
    ask('a', 'b', 'c');
    await turn();
    outbox.returned(3);
    ask('d');
    await clock.advance(4);
    ask('e');
    assert.deepEqual(sent, [['a', 'b', 'c']]);
    await clock.advance(1);
    assert.deepEqual(sent, [
      ['a', 'b', 'c'],
      ['d', 'e'],
    ]);
    outbox.returned(2);
    ask('f');
    await turn();
    assert.deepEqual(sent.at(-1), ['f'], 'two are no crowd');
  });

  it('travel with the next one, or a little later, where nobody waits for them', async () => {
    const { clock, sent, outbox, ask } = open();
    ask('patient 1');
    await turn();
    ask('a');
    await turn();
    assert.deepEqual(sent, [['patient 1', 'a']]);
    ask('patient 2');
    await clock.advance(4);
    assert.equal(sent.length, 1, 'a group is in hand');
    outbox.returned(2);
    await turn();
    assert.deepEqual(sent.at(-1), ['patient 2']);
    outbox.returned(1);
    ask('patient 3');
    await clock.advance(3);
    assert.equal(sent.length, 2);
    await clock.advance(1);
    assert.deepEqual(sent.at(-1), ['patient 3']);
  });

  it('wait for none where the thread does one after the other', async () => {
    const { sent, ask } = open({});
    ask('a', 'b', 'c');
    await turn();
    ask('d');
    await turn();
    assert.deepEqual(sent, [['a', 'b', 'c'], ['d']]);
  });

  it('leave at once before the end', () => {
    const { sent, outbox, ask } = open();
    ask('a', 'patient');
    outbox.flush();
    outbox.flush();
    assert.deepEqual(sent, [['a', 'patient']]);
  });
});
