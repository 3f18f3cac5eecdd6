// Breaks in long work, and the work that takes them.
import assert from 'node:assert/strict';
import { readDocument } from '../../shared/model/document.ts';
import { mapInTurns, Turns } from '../../shared/turns.ts';

describe('breaks in long work', () => {
  it('come after each portion, and let other work have its turn', async () => {
    let breaks = 0;
    let others = 0;
    const turns = new Turns(10, () => breaks++);
    for (let at = 0; at < 35; at++) {
      setImmediate(() => others++);
      await turns.spent(1);
    }
    assert.equal(breaks, 3);
    assert.ok(others >= 20, `${others} others`);
  });

  it('are taken while a list is mapped', async () => {
    let others = 0;
    const items = Array.from({ length: 35 }, (_, at) => at);
    const doubled = await mapInTurns(items, 10, item => {
      if (item % 10 === 0) setImmediate(() => others++);
      return 2 * item;
    });
    assert.deepEqual(
      doubled,
      items.map(item => 2 * item),
    );
    assert.ok(others >= 3, `${others} others`);
  });

  it('are taken between the objects of a data-model document, of components too', async () => {
    const object = (name: string, at: number): string =>
      `<object name="${name}${at}." access="readOnly"><parameter name="P" access="readOnly"><syntax><string/></syntax></parameter></object>`;
    const many = (name: string): string => Array.from({ length: 100 }, (_, at) => object(name, at)).join('');
    const source = `<dm:document xmlns:dm="urn:broadband-forum-org:cwmp:datamodel-1-4"><component name="C">${many('C')}</component><model name="Device:1.0">${object('Device', 0)}<object name="Device."><component ref="C"/></object>${many('Device.O')}</model></dm:document>`;
    let breaks = 0;
    const { objects } = await readDocument(source, {}, new Turns(20, () => breaks++));
    assert.equal(objects.length, 202);
    assert.equal(breaks, 10);
  });
});
