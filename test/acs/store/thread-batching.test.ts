import assert from 'node:assert/strict';
import type { Batch, Packing } from '../../../acs/store/sqlite/threads/batch.ts';
import { Batching } from '../../../acs/store/sqlite/threads/batching.ts';
import { VirtualClock } from '../../../shared/clock.ts';

interface TestRequest {
  what: string;
  patient?: boolean;
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

describe('batches for a store thread', () => {
  const open = (more: Partial<Packing<TestRequest>> = { grouped: true }) => {
    const clock = new VirtualClock();
    const sent: string[][] = [];
    const packing: Packing<TestRequest> = {
      pack: ({ what }) => [what, undefined],
      unpack: what => ({ what }),
      isPatient: ({ patient = false }) => patient,
      isLong: ({ what }) => what.startsWith('long'),
      ...more,
    };
    const send = (batch: Batch): void => void sent.push(batch.filter((_, at) => at % 3 === 1) as string[]);
    const batching = new Batching(send, packing, clock);
    let number = 0;
    const ask = (...names: string[]): void => {
      for (const what of names) batching.add(number++, { what, patient: what.startsWith('patient') });
    };
    return { clock, sent, batching, ask };
  };

  it('sends the requests of one turn together, and at once when they are few', async () => {
    const { sent, ask } = open();
    ask('a', 'b');
    assert.deepEqual(sent, []);
    await turn();
    assert.deepEqual(sent, [['a', 'b']]);
  });

  it('gathers requests while a group is away, and sends them in one message', async () => {
    const { sent, batching, ask } = open();
    ask('a', 'b');
    await turn();
    ask('c');
    await turn();
    batching.returned(1);
    ask('d');
    await turn();
    assert.deepEqual(sent, [['a', 'b']], 'one of the group is still away');
    batching.returned(1);
    await turn();
    assert.deepEqual(sent, [
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  it('delays a group by a few milliseconds once several requests come at a time', async () => {
    const { clock, sent, batching, ask } = open();
    ask('a', 'b', 'c');
    await turn();
    batching.returned(3);
    ask('d');
    await clock.advance(4);
    ask('e');
    assert.deepEqual(sent, [['a', 'b', 'c']]);
    await clock.advance(1);
    assert.deepEqual(sent, [
      ['a', 'b', 'c'],
      ['d', 'e'],
    ]);
    batching.returned(2);
    ask('f');
    await turn();
    assert.deepEqual(sent.at(-1), ['f'], 'two are no crowd');
  });

  it('sends a patient request with the next one, or a few milliseconds later', async () => {
    const { clock, sent, batching, ask } = open();
    ask('patient 1');
    await turn();
    ask('a');
    await turn();
    assert.deepEqual(sent, [['patient 1', 'a']]);
    ask('patient 2');
    await clock.advance(4);
    assert.equal(sent.length, 1, 'a group is away');
    batching.returned(2);
    await turn();
    assert.deepEqual(sent.at(-1), ['patient 2']);
    batching.returned(1);
    ask('patient 3');
    await clock.advance(3);
    assert.equal(sent.length, 2);
    await clock.advance(1);
    assert.deepEqual(sent.at(-1), ['patient 3']);
  });

  it('sends long requests one by one, in turn with groups of the others', async () => {
    const { clock, sent, batching, ask } = open();
    ask('long 1', 'long 2', 'a', 'b', 'c');
    await turn();
    assert.deepEqual(sent, [['a', 'b', 'c']]);
    ask('d');
    batching.returned(3);
    await turn();
    assert.deepEqual(sent.slice(1), [['long 1']], 'although a crowd would wait');
    ask('e', 'f');
    await clock.advance(5);
    batching.returned(1);
    await turn();
    assert.deepEqual(sent.slice(2), [['d', 'e', 'f']], 'these have waited during the long one');
    batching.returned(3);
    await turn();
    assert.deepEqual(sent.slice(3), [['long 2']]);
  });

  it('sends a long request when nothing else has come, and all when it is flushed', async () => {
    const { sent, batching, ask } = open();
    ask('long 1');
    await turn();
    ask('long 2', 'long 3');
    batching.returned(1);
    await turn();
    assert.deepEqual(sent, [['long 1'], ['long 2']]);
    ask('a');
    batching.flush();
    assert.deepEqual(sent.slice(2), [['a'], ['long 3']]);
  });

  it('sends at once when the thread does not work in groups', async () => {
    const { sent, ask } = open({});
    ask('a', 'b', 'c');
    await turn();
    ask('d');
    await turn();
    assert.deepEqual(sent, [['a', 'b', 'c'], ['d']]);
  });

  it('sends all requests at once when it is flushed', () => {
    const { sent, batching, ask } = open();
    ask('a', 'patient');
    batching.flush();
    batching.flush();
    assert.deepEqual(sent, [['a', 'patient']]);
  });
});
