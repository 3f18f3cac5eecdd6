// The MongoDB store's memory of what it wrote last is a guess: the write proves it, whatever other processes did meanwhile. And the
// layout of an older version goes over into the present one.
import assert from 'node:assert/strict';
import { MongoClient } from 'mongodb';
import { openMongo } from '../../../../acs/store/mongo/store.ts';
import type { Store } from '../../../../acs/store/store.ts';
import { systemClock, systemRandom } from '../../../../shared/clock.ts';
import { dropMongo, freshMongo, MONGO_START_MS, mongoNeeds } from '../../../support/acs/mongo.ts';
import { claimed, known, rejectsWith } from '../../../support/acs/store-contract.ts';
import { identityOf, idOf, informOf, newYear, taskOf } from '../../../support/devices.ts';
import { peerSuite } from '../../../support/servers/peers.ts';

const clock = systemClock();
const random = systemRandom();
const id = idOf(identityOf('A'));

peerSuite('MongoDB store: remembered documents', mongoNeeds, function () {
  this.timeout(MONGO_START_MS);
  let url: string;
  let one: Store;
  let two: Store;
  beforeEach(async () => {
    url = await freshMongo();
    [one, two] = [await openMongo({ url, clock, random }), await openMongo({ url, clock, random })];
    await one.apply(id, 'announced', { identity: identityOf('A'), now: newYear, patch: {} });
  });
  afterEach(async () => {
    await Promise.all([one.close(), two.close()]);
    await dropMongo(url);
  });
  const add = (store: Store, name: string) => store.apply(id, 'taskAdded', { task: taskOf(name, 'Reboot', newYear) });
  const cancel = (store: Store, name: string) => store.apply(id, 'taskCancelled', { id: name, now: newYear });

  it('reads again what another process has changed meanwhile', async () => {
    await two.apply(id, 'patched', { patch: { tags: ['two'] } });
    const { tags } = await one.apply(id, 'patched', { patch: { site: { city: 'Bern' } } });
    assert.deepEqual(tags, ['two']);
    assert.deepEqual((await two.device(id))?.site, { city: 'Bern' });
    assert.deepEqual((await two.device(id))?.tags, ['two']);
  });

  it('answers by what is stored where an operation changes nothing', async () => {
    await add(two, 't1');
    const cancelled = await cancel(one, 't1');
    assert.ok(typeof cancelled === 'object' && cancelled.state === 'cancelled', String(cancelled));
    await add(one, 't2');
    await cancel(two, 't2');
    assert.equal(await cancel(one, 't2'), 'gone');
    await two.apply(id, 'removed', {});
    await rejectsWith(one.apply(id, 'patched', { patch: { tags: ['x'] } }), 404, 'no-such-device');
    await rejectsWith(one.putParameters(id, [known('Device.A', '1')]), 404, 'no-such-device');
  });

  it('refuses all that a session does whose device another process has taken over', async () => {
    await add(one, 't1');
    const mine = claimed(await one.apply(id, 'informed', informOf('A', newYear, ['2 PERIODIC'], { owner: 'one' })));
    const facts = informOf('A', newYear, ['2 PERIODIC'], { owner: 'two', takeOver: mine.token });
    const theirs = claimed(await two.apply(id, 'informed', facts));
    const { token } = mine;
    assert.equal(await one.apply(id, 'taskSent', { token, id: 't1', now: newYear }), 'stale');
    assert.equal(await one.apply(id, 'released', { token, complete: true, now: newYear }), 'stale');
    const sent = await two.apply(id, 'taskSent', { token: theirs.token, id: 't1', now: newYear });
    assert.ok(typeof sent === 'object' && sent.sentBy === theirs.token);
    assert.equal((await one.device(id))?.claim?.token, theirs.token);
  });

  it('changes all fields that a device is found by, as one does that writes the whole', async () => {
    const patches = [
      { tags: ['a', 'b'], site: { x: '1' } },
      { tags: [] },
      { site: { x: null, y: '2' } },
      { tags: ['c'], credentials: { username: 'u', password: 'p' } },
    ];
    const client = new MongoClient(url);
    const stored = async (): Promise<Record<string, unknown>> => {
      const document: Record<string, unknown> = (await client.db().collection('devices').findOne()) ?? {};
      const { op: _op, past: _past, ...fields } = document;
      return fields;
    };
    try {
      for (const [at, patch] of patches.entries()) {
        // The whole, because another has written last.
        await one.apply(id, 'patched', { patch: {} });
        await one.apply(id, 'patched', { patch });
        if (at === 1) await add(one, 't1');
        const informed = await one.apply(id, 'informed', informOf('A', newYear + at, ['1 BOOT']));
        await one.apply(id, 'released', { token: claimed(informed).token, complete: true, now: newYear + at });
        const updated = await stored();
        await two.apply(id, 'patched', { patch: {} });
        assert.deepEqual(updated, await stored());
      }
    } finally {
      await client.close();
    }
  });

  it('takes the chunks of store version 1 over with the next write', async () => {
    const many = Array.from({ length: 400 }, (_, n) => known(`Device.T.${n}.V`, `value ${n}`));
    await one.putParameters(id, many);
    await Promise.all([one.close(), two.close()]);
    const client = new MongoClient(url);
    try {
      const db = client.db();
      const devices = db.collection<{ _id: string }>('devices');
      const { tree, chunks } = (await devices.findOne()) as unknown as {
        tree: string;
        chunks: { id: string; from: string }[];
      };
      const old = chunks.map(chunk => ({ id: chunk.id, from: chunk.from }));
      await db
        .collection<{ _id: string }>('trees')
        .insertOne({ _id: tree, op: 'o', past: [], chunks: old, replaced: [] } as { _id: string });
      await devices.updateOne({}, { $unset: { chunks: '', replaced: '', known: '' } });
      await db.collection('meta').updateOne({}, { $set: { version: 1 } });
      [one, two] = [await openMongo({ url, clock, random }), await openMongo({ url, clock, random })];
      const values = async (store: Store) => await store.parameters(id, '');
      assert.equal((await values(one)).length, 400);
      assert.deepEqual([...(await one.knownValues([id], ['Device.T.7.V'])).values()], [['value 7']]);
      await one.putParameters(id, [known('Device.T.7.V', 'new')]);
      assert.equal((await values(two)).length, 400);
      assert.deepEqual([...(await two.knownValues([id], ['Device.T.7.V'])).values()], [['new']]);
      const document = (await devices.findOne()) as { chunks?: unknown[] } | null;
      assert.equal(document?.chunks?.length, chunks.length);
      assert.equal((await db.collection('meta').findOne())?.version, 2);
    } finally {
      await client.close();
    }
  });
});
