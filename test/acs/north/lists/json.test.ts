// Answers as JSON, written with breaks.
import assert from 'node:assert/strict';
import { jsonOf } from '../../../../acs/north/json.ts';
import { type LoadTasks, taskPage } from '../../../../acs/store/task-page.ts';
import { PORTION, Turns } from '../../../../shared/turns.ts';

describe('JSON of a list', () => {
  it('says the same as JSON.stringify', async () => {
    for (const body of [
      { items: [{ a: 1 }, { b: 'ü' }, null], next: null },
      { items: [] },
      { items: [1], total: 3, next: 'x' },
      { items: 'none' },
      { a: [1] },
      { result: { list: Array.from({ length: 40 }, (_, at) => ({ at })), text: 'x', none: null } },
      { a: { b: { c: { d: Array.from({ length: 40 }, String) } } } },
      [1, 2],
      null,
      'text',
    ])
      assert.deepEqual(JSON.parse(await jsonOf(body)), body);
  });

  it('B3: writes at most a portion, and one entry, without a break', async () => {
    const items = Array.from({ length: 20_000 }, (_, at) => ({ path: `Device.P.${at}`, value: 'v'.repeat(80) }));
    let breaks = 0;
    const text = await jsonOf({ items, next: null }, new Turns(PORTION, () => breaks++));
    assert.equal(JSON.parse(text).items.length, 20_000);
    assert.ok(breaks >= Math.floor(text.length / (PORTION + 200)) && breaks > 5, `${breaks} breaks`);
  });

  it('B3: lets other work have its turn between the tasks of a page', async () => {
    const body = JSON.stringify({ id: 'x', args: {}, result: { text: 'x'.repeat(PORTION) } });
    const load: LoadTasks = async ids => new Map(ids.map(id => [id, body]));
    const keys = Array.from({ length: 7 }, (_, at) => ({ created: 7 - at, id: String(at) }));
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    const { items } = await taskPage(keys, { limit: 7 }, load);
    isOver = true;
    assert.equal(items.length, 7);
    assert.ok(turns >= 6, `${turns} turns`);
  });
});
