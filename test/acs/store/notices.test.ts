// Notices to webhooks in every store.
import assert from 'node:assert/strict';
import { addTask, contractSuite, deviceId, inform, rejectsWith } from '../../support/acs/store-contract.ts';
import { newYear, taskOf } from '../../support/devices.ts';

contractSuite('notices to webhooks', subject => {
  const subscribe = (webhook: string, events: string[], more = {}) =>
    subject.store.putDocument('webhook', webhook, { events, ...more });
  const take = (webhook: string, now: number) =>
    subject.store.takeDeliveries({ webhook, now, leaseMs: 1000, limit: 10 });
  const types = async (webhook: string): Promise<string[]> =>
    (await subject.store.deliveries({ webhook, dead: false, limit: 100 })).map(({ notice }) => notice.type).reverse();
  /** Waits for a store that copies notices to the queue after its answer. */
  const settled = async (webhook: string, count: number): Promise<void> => {
    for (let look = 0; look < 200 && (await types(webhook)).length < count; look++)
      await new Promise(resolve => setImmediate(resolve));
  };

  it('keeps notices with the change of a device, for each webhook, over a restart', async () => {
    await subscribe('all', ['enrolled', 'task', 'late', 'lost', 'back', 'fault', 'faultCleared', 'removed']);
    await subscribe('tasks', ['task'], { filter: 'serial = "B"' });
    await subscribe('paused', ['enrolled'], { paused: true });
    await inform(subject.store, 'A', newYear);
    await addTask(subject.store, 'A', taskOf('t1', 'Reboot', newYear + 1));
    await subject.store.apply(deviceId('A'), 'taskCancelled', { id: 't1', now: newYear + 2 });
    await subject.store.apply(deviceId('A'), 'missed', { now: newYear + 30_000_000 });
    await inform(subject.store, 'A', newYear + 30_000_001);
    await subject.store.apply(deviceId('A'), 'removed', { now: newYear + 30_000_002 });
    if (subject.durable) {
      await subject.store.close();
      await subject.reopen();
    }
    await settled('all', 5);
    assert.deepEqual(await types('all'), ['enrolled', 'task', 'lost', 'back', 'removed']);
    assert.deepEqual(await types('tasks'), []);
    assert.deepEqual(await types('paused'), []);
    await subject.store.deleteDocument('webhook', 'all');
    await subject.store.dropDeliveries('all');
    await inform(subject.store, 'C', newYear);
    assert.deepEqual(await types('all'), []);
  });

  it('keeps notices of Informs for the webhooks whose event codes and parameters fit', async () => {
    await subscribe('informs', ['inform']);
    await subscribe('boots', ['inform', 'enrolled'], { eventCodes: ['1 BOOT'] });
    await subscribe('values', ['inform'], { parameters: ['Device.X.*.'], filter: 'serial = "A"' });
    const parameters = (Value: string) => ({ parameters: [{ Name: 'Device.X.1.State', Value }] });
    await inform(subject.store, 'A', newYear, ['1 BOOT'], parameters('Up'));
    await inform(subject.store, 'A', newYear + 1, ['2 PERIODIC'], parameters('Up'));
    await inform(subject.store, 'A', newYear + 2, ['4 VALUE CHANGE'], parameters('Down'));
    await inform(subject.store, 'B', newYear + 3, ['4 VALUE CHANGE'], parameters('Down'));
    await settled('informs', 4);
    await settled('values', 2);
    assert.deepEqual(await types('informs'), ['inform', 'inform', 'inform', 'inform']);
    assert.deepEqual((await types('boots')).sort(), ['enrolled', 'enrolled', 'inform']);
    const found = await subject.store.deliveries({ webhook: 'values', dead: false, limit: 10 });
    assert.deepEqual(
      found.map(({ notice: { type, device, data } }) => [type, device, data.events, data.changed]),
      [['4 VALUE CHANGE'], ['1 BOOT']].map(events => ['inform', deviceId('A'), events, ['Device.X.1.State']]),
    );
  });

  it('keeps notices with the change of a document, and none when it is refused', async () => {
    await subscribe('w', ['alert']);
    const notice = { id: 'n1', type: 'alert' as const, time: newYear, data: { x: 1 } };
    const generation = await subject.store.putDocument('alertState', 'a', { n: 1 }, 0, [notice]);
    await rejectsWith(
      subject.store.putDocument('alertState', 'a', { n: 2 }, generation + 7, [{ ...notice, id: 'n2' }]),
      409,
      'changed-meanwhile',
    );
    await subject.store.putDocument('alertState', 'a', { n: 3 }, generation, [
      { ...notice, id: 'n3', to: ['other'] },
      { ...notice, id: 'n4', time: newYear + 1, to: ['w'] },
    ]);
    await settled('w', 2);
    const found = await subject.store.deliveries({ webhook: 'w', dead: false, limit: 10 });
    assert.deepEqual(
      found.map(delivery => delivery.notice),
      [{ ...notice, id: 'n4', time: newYear + 1 }, notice],
    );
  });

  it('gives a notice to one taker at a time until it is delivered or dead', async () => {
    await subscribe('w', ['enrolled']);
    for (const serial of ['A', 'B', 'C']) await inform(subject.store, serial, newYear);
    await settled('w', 3);
    const both = (await Promise.all([take('w', newYear), take('w', newYear)])).flat();
    assert.equal(new Set(both.map(({ id }) => id)).size, both.length);
    assert.equal(both.length, 3);
    assert.deepEqual(await take('w', newYear + 999), []);
    const again = await take('w', newYear + 1000);
    assert.deepEqual(
      again.map(({ attempts }) => attempts),
      [2, 2, 2],
    );
    const [one, two, three] = again.map(({ id }) => id);
    await subject.store.settleDelivery(one ?? '', { state: 'delivered' });
    await subject.store.settleDelivery(two ?? '', { state: 'waiting', due: newYear + 9000, error: 'no' });
    await subject.store.settleDelivery(three ?? '', { state: 'dead', due: newYear, error: 'gone' });
    assert.deepEqual(await subject.store.deliveryCounts(), [
      { webhook: 'w', waiting: 1, dead: 1, next: newYear + 9000 },
    ]);
    assert.deepEqual(await take('w', newYear + 8999), []);
    assert.deepEqual(
      (await take('w', newYear + 9000)).map(({ id, error }) => [id, error]),
      [[two, 'no']],
    );
    assert.deepEqual(
      (await subject.store.deliveries({ webhook: 'w', dead: true, limit: 10 })).map(({ id, error }) => [id, error]),
      [[three, 'gone']],
    );
    assert.equal(await subject.store.reviveDeliveries('w', newYear + 9000), 1);
    assert.deepEqual(
      (await take('w', newYear + 9000)).map(({ id, attempts }) => [id, attempts]),
      [[three, 1]],
    );
    await subject.store.settleDelivery(three ?? '', { state: 'waiting', due: newYear + 20_000, error: 'no' });
    assert.equal(await subject.store.reviveDeliveries('w', newYear + 9500), 1, 'one waits, and one is taken');
    assert.deepEqual(
      (await take('w', newYear + 9500)).map(({ id, attempts, error }) => [id, attempts, error]),
      [[three, 2, 'no']],
    );
    await subject.store.settleDelivery(three ?? '', { state: 'dead', due: newYear, error: 'gone' });
    await subject.store.boundDeliveries(newYear + 10_000);
    assert.deepEqual(await subject.store.deliveryCounts(), [
      { webhook: 'w', waiting: 1, dead: 0, next: newYear + 10_000 },
    ]);
  });
});
