// The MongoDB store beyond the contract: several processes on one database, lost answers, a server that is away.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { openMongo } from '../../../../acs/store/mongo/store.ts';
import type { Store } from '../../../../acs/store/store.ts';
import { systemClock, systemRandom } from '../../../../shared/clock.ts';
import { UserError } from '../../../../shared/errors.ts';
import {
  dropMongo,
  freshMongo,
  labMongoNeeds,
  MONGO_START_MS,
  mongoNeeds,
  startMongo,
} from '../../../support/acs/mongo.ts';
import { identityOf, idOf, informOf, newYear, taskOf } from '../../../support/devices.ts';
import { eventually } from '../../../support/eventually.ts';
import { peerSuite } from '../../../support/servers/peers.ts';

const clock = systemClock();
const random = systemRandom();
const id = idOf(identityOf('A'));
const open = (url: string, patienceMs?: number): Promise<Store> =>
  openMongo({ url, clock, random, ...(patienceMs === undefined ? {} : { patienceMs }) });
const unavailable = (error: unknown): true => {
  assert.ok(error instanceof UserError, String(error));
  assert.deepEqual([error.status, error.code], [503, 'store-unavailable']);
  return true;
};

peerSuite('MongoDB store with several processes', mongoNeeds, function () {
  this.timeout(MONGO_START_MS);
  let url: string;
  let one: Store;
  let two: Store;
  before(async () => {
    url = await freshMongo();
  });
  beforeEach(async () => {
    url = await freshMongo();
    [one, two] = [await open(url), await open(url)];
  });
  afterEach(async () => {
    await Promise.all([one.close(), two.close()]);
    await dropMongo(url);
  });

  it('keeps the version of a write whose process ended before it was copied', async () => {
    const generation = await one.putDocument('preset', 'p', { weight: 1 }, 0, [], { author: 'ann' });
    const client = await new MongoClient(url).connect();
    try {
      const db = client.db(new URL(url).pathname.slice(1));
      const versions = db.collection('documentVersions');
      await eventually('the version is copied', async () => (await versions.countDocuments()) === 1);
      const kinds = db.collection<{ _id: string; names: object[] }>('kinds');
      const [entry] = (await kinds.findOne({ _id: 'preset' }))?.names ?? [];
      // As it is between the two writes.
      await versions.deleteMany({});
      await kinds.updateOne({ _id: 'preset' }, { $set: { version: entry } });
      assert.deepEqual(
        (await two.versions('preset', 'p')).map(each => [each.generation, each.author]),
        [[generation, 'ann']],
      );
      await versions.deleteMany({});
      await two.putDocument('preset', 'p', { weight: 2 });
      assert.deepEqual((await one.version('preset', 'p', generation))?.body, { weight: 1 });
      assert.equal((await one.versions('preset', 'p')).length, 2);
    } finally {
      await client.close();
    }
  });

  it('gives one of several concurrent claims the device, and answers busy to the others', async () => {
    for (let round = 0; round < 20; round++) {
      const serial = `R${round}`;
      const device = idOf(identityOf(serial));
      const claims = await Promise.all(
        [one, two].map((store, at) =>
          store.apply(device, 'informed', informOf(serial, newYear, ['1 BOOT'], { owner: `p${at}` })),
        ),
      );
      assert.deepEqual(claims.map(claim => claim.outcome).sort(), ['busy', 'claimed']);
      const owner = (await one.device(device))?.claim?.owner;
      const busy = claims.find(claim => claim.outcome === 'busy');
      assert.equal(busy?.outcome === 'busy' && busy.claim.owner, owner);
    }
  });

  it('carries out the operations of two processes on one device without loss', async () => {
    await one.apply(id, 'announced', { identity: identityOf('A'), now: newYear, patch: {} });
    await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        (n % 2 ? one : two).apply(id, 'taskAdded', { task: taskOf(`t${n}`, 'Reboot', newYear + n) }),
      ),
    );
    assert.equal((await two.device(id))?.tasks.length, 60);
    await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        (n % 3 ? two : one).apply(id, 'taskCancelled', { id: `t${n}`, now: newYear }),
      ),
    );
    assert.equal((await one.device(id))?.tasks.length, 0);
    const { items: tasks } = await one.tasks({ limit: 100 });
    assert.equal(tasks.length, 60);
    assert.ok(tasks.every(task => task.state === 'cancelled'));
  });

  it('shows a changed document to the other process within seconds, as new as its generation', async () => {
    const generation = await one.putDocument('preset', 'a', { turn: 1 });
    await eventually('the other has seen it', () => two.generation('preset') === generation, 5000);
    assert.deepEqual((await two.document('preset', 'a'))?.body, { turn: 1 });
    for (let turn = 2; turn < 12; turn++) {
      const next = await one.putDocument('preset', 'a', { turn });
      const seen = await two.document<{ turn: number }>('preset', 'a');
      assert.ok((seen?.generation ?? 0) >= next && (seen?.body.turn ?? 0) >= turn);
    }
  });

  it('lists the members to both processes', async () => {
    await one.beat({ id: 'one', address: 'a' });
    await two.beat({ id: 'two', address: 'b' });
    const members = await one.beat({ id: 'one', address: 'a' });
    assert.deepEqual(members.map(member => `${member.id} ${member.beat}`).sort(), ['one 2', 'two 1']);
  });
});

peerSuite('MongoDB store with a failing network and server', labMongoNeeds, function () {
  this.timeout(MONGO_START_MS);

  it('answers 503 during an outage, and serves again when the server is back', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tandem-outage-'));
    const file = join(folder, 'data');
    const first = await startMongo({ file });
    const store = await open(first.url('outage'), 1500);
    let server = first;
    try {
      await store.apply(id, 'announced', { identity: identityOf('A'), now: newYear, patch: { tags: ['kept'] } });
      // The server of these tests writes to its disk about once a second.
      await clock.sleep(2500);
      await first.stop();
      await assert.rejects(store.apply(id, 'patched', { patch: { tags: ['lost'] } }), unavailable);
      await assert.rejects(store.device(id), unavailable);
      server = await startMongo({ file, port: first.port });
      const row = await eventually('the store answers again', () => store.device(id).catch(() => undefined), 20_000);
      assert.deepEqual(row.tags, ['kept']);
      assert.deepEqual((await store.apply(id, 'patched', { patch: { tags: ['after'] } })).tags, ['after']);
    } finally {
      await store.close();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('names a missing server in the error at the start, without its password', async () => {
    const opening = open('mongodb://user:p%40ssword-1@127.0.0.1:9/x?serverSelectionTimeoutMS=300');
    await assert.rejects(opening, (error: unknown) => {
      unavailable(error);
      assert.match(String(error), /127\.0\.0\.1:9/);
      assert.doesNotMatch(String(error), /ssword-1/);
      return true;
    });
  });
});
