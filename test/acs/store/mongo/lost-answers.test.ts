// Writes to MongoDB whose answer is lost: each is carried out once or not at all, whatever other processes write meanwhile.
import assert from 'node:assert/strict';
import { type Link, openLink } from '../../../../acs/store/mongo/link.ts';
import { openMongo, storeOn } from '../../../../acs/store/mongo/store.ts';
import type { Versioned } from '../../../../acs/store/mongo/versioned.ts';
import type { Store } from '../../../../acs/store/store.ts';
import { systemClock, systemRandom } from '../../../../shared/clock.ts';
import { UserError } from '../../../../shared/errors.ts';
import { labMongoNeeds, MONGO_START_MS, type MongoServer, startMongo } from '../../../support/acs/mongo.ts';
import { known } from '../../../support/acs/store-contract.ts';
import { bytesOf, inPieces } from '../../../support/contents.ts';
import { identityOf, idOf, informOf, newYear, taskOf } from '../../../support/devices.ts';
import { eventually } from '../../../support/eventually.ts';
import { type Fits, type Lost, type MongoWire, openMongoWire } from '../../../support/processes/mongo-wire.ts';
import { peerSuite } from '../../../support/servers/peers.ts';

const clock = systemClock();
const random = systemRandom();
const id = idOf(identityOf('A'));
/** More writes than a document remembers. */
const MANY = 12;

const unavailable = (error: unknown): true => {
  assert.ok(error instanceof UserError, String(error));
  assert.deepEqual([error.status, error.code], [503, 'store-unavailable']);
  return true;
};
const replacement =
  (collection: string): Fits =>
  ({ name, collection: of, body }) =>
    name === 'update' && of === collection && (body.updates[0].u.op ?? body.updates[0].u.$set?.op) !== undefined;
const insertion =
  (collection: string): Fits =>
  ({ name, collection: of }) =>
    name === 'insert' && of === collection;

peerSuite('MongoDB store whose answers are lost', labMongoNeeds, function () {
  this.timeout(MONGO_START_MS);
  let server: MongoServer;
  let wire: MongoWire;
  /** The store behind the wire, and one of another process. */
  let one: Store;
  let two: Store;
  let url: string;
  before(async () => {
    server = await startMongo();
  });
  after(async () => await server.stop());
  beforeEach(async () => {
    wire = await openMongoWire(server.port);
    url = server.url().replace(`:${server.port}/`, `:${wire.port}/`);
    one = await openMongo({ url, clock, random });
    two = await openMongo({ url: url.replace(`:${wire.port}/`, `:${server.port}/`), clock, random });
  });
  afterEach(async () => {
    await Promise.all([one.close(), two.close()]);
    await wire.close();
  });

  /** The work of `one`, while the answer to its chosen write is lost and `meanwhile` happens. */
  const losing = async <T>(fits: Fits, work: () => Promise<T>, meanwhile?: () => Promise<unknown>): Promise<T> => {
    const losing = wire.loseAnswer(fits);
    const working = work();
    working.catch(() => undefined);
    const lost: Lost = await losing;
    await meanwhile?.();
    lost.cut();
    return await working;
  };
  const announce = () => two.apply(id, 'announced', { identity: identityOf('A'), now: newYear, patch: {} });
  const tag = async (): Promise<void> => {
    for (let n = 0; n < MANY; n++) await two.apply(id, 'patched', { patch: { tags: [`turn${n}`] } });
  };
  const addTask = (store: Store, name: string) =>
    store.apply(id, 'taskAdded', { task: taskOf(name, 'Reboot', newYear) });
  const openTasks = async () => (await two.device(id))?.tasks.map(task => task.id);

  describe('H1: more writes follow than the document remembers', () => {
    it('H1: queues a done task never again', async () => {
      const informed = await two.apply(id, 'informed', informOf('A', newYear, ['1 BOOT']));
      assert.ok(informed.outcome === 'claimed');
      const { token } = informed;
      const adding = losing(
        replacement('devices'),
        () => addTask(one, 't1'),
        async () => {
          await two.apply(id, 'taskSent', { token, id: 't1', now: newYear });
          await two.apply(id, 'taskSettled', { token, id: 't1', outcome: { state: 'done' }, now: newYear });
          await tag();
        },
      );
      await assert.rejects(adding, unavailable);
      assert.deepEqual([await openTasks(), (await two.task('t1'))?.state], [[], 'done']);
    });

    it('H1: adds a device not again that was removed meanwhile', async () => {
      const link = await openLink({ url: url.replace(`:${wire.port}/`, `:${server.port}/`), clock, random });
      const announcing = losing(
        insertion('devices'),
        () => one.apply(id, 'announced', { identity: identityOf('A'), now: newYear, patch: { tags: ['first'] } }),
        async () => {
          await two.apply(id, 'removed', {});
          await eventually(
            'nothing is left of it',
            async () => (await link.db.collection('devices').findOne()) === null,
          );
        },
      );
      await assert.rejects(announcing, unavailable);
      await link.close();
      assert.equal(await two.device(id), undefined);
    });

    it('H1: stores a document not over that of another process', async () => {
      await two.putDocument('preset', 'other', {});
      const putting = losing(
        replacement('kinds'),
        () => one.putDocument('preset', 'a', { by: 'one' }),
        async () => {
          for (let n = 0; n < MANY; n++) await two.putDocument('preset', 'a', { by: 'two' });
        },
      );
      await assert.rejects(putting, unavailable);
      assert.deepEqual((await two.document('preset', 'a'))?.body, { by: 'two' });
    });

    it('H1: stores parameters not over those of another process', async () => {
      await announce();
      await two.putParameters(id, [known('Device.A', '0')]);
      const putting = losing(
        replacement('devices'),
        () => one.putParameters(id, [known('Device.A', 'one')]),
        async () => {
          for (let n = 0; n < MANY; n++) await two.putParameters(id, [known('Device.A', 'two')]);
        },
      );
      await assert.rejects(putting, unavailable);
      assert.deepEqual(
        (await two.parameters(id, 'Device.A')).map(({ value }) => value),
        ['two'],
      );
    });

    it('H1: stores a file not over that of another process', async () => {
      await two.putContent('f', inPieces(Buffer.from('zero')));
      const putting = losing(
        replacement('files'),
        () => one.putContent('f', inPieces(Buffer.from('one'))),
        async () => {
          for (let n = 0; n < MANY; n++) await two.putContent('f', inPieces(Buffer.from('two')));
        },
      );
      await assert.rejects(putting, unavailable);
      assert.equal(String(await bytesOf(two, 'f')), 'two');
    });

    it('H1: deletes a file not again that another process has put in its place', async () => {
      await two.putContent('f', inPieces(Buffer.from('old')));
      const deleting = losing(
        ({ name, collection }) => name === 'delete' && collection === 'files',
        () => one.deleteContent('f'),
        async () => await two.putContent('f', inPieces(Buffer.from('new'))),
      );
      assert.equal(await deleting, true);
      assert.equal(String(await bytesOf(two, 'f')), 'new');
    });
  });

  it('H1: carries on after a lost answer when few writes follow', async () => {
    await announce();
    const after = async (): Promise<void> => {
      for (let n = 0; n < 7; n++) await two.apply(id, 'patched', { patch: { tags: [`turn${n}`] } });
    };
    assert.equal((await losing(replacement('devices'), () => addTask(one, 't1'), after)).id, 't1');
    assert.deepEqual(await openTasks(), ['t1']);
  });

  it('H2: repeats a bulk write when its connection breaks', async () => {
    await announce();
    const toCollection =
      (collection: string): Fits =>
      ({ name, collection: of }) =>
        name === 'update' && of === collection;
    const long = 'x'.repeat(20_000);
    await losing(toCollection('treeChunks'), () => one.putParameters(id, [known('Device.A', long)]));
    assert.equal((await one.parameters(id, 'Device.A'))[0]?.value, long);
    await losing(toCollection('contentChunks'), () => one.putContent('f', inPieces(Buffer.from('one'))));
    assert.equal(String(await bytesOf(one, 'f')), 'one');
    const events = [{ time: newYear, type: 'told', data: {} }];
    await losing(toCollection('deviceEvents'), () => one.appendHistory([{ device: id, events }]));
    assert.equal((await one.deviceEvents(id, 10)).length, 1);
  });

  it('H2: repeats what a server in trouble refuses, and answers 503 when that lasts', async () => {
    await announce();
    const isOnData: Fits = ({ name }) => ['find', 'insert', 'update', 'delete', 'aggregate'].includes(name);
    wire.refusal = { fits: isOnData, error: { code: 1, errmsg: 'the connection to the backing database was refused' } };
    const adding = addTask(one, 't1');
    await clock.sleep(300);
    wire.refusal = undefined;
    assert.equal((await adding).id, 't1');
    wire.refusal = { fits: isOnData, error: { code: 1, errmsg: 'the connection to the backing database was refused' } };
    const calls: (() => Promise<unknown>)[] = [
      () => addTask(one, 't2'),
      () => one.putParameters(id, [known('Device.A', '1')]),
      () => one.putContent('f', inPieces(Buffer.from('one'))),
      () => one.putDocument('preset', 'a', {}),
      () => one.device(id),
      () => one.countDevices(undefined, newYear),
      () => one.beat({ id: 'one', address: '' }),
    ];
    await Promise.all(calls.map(call => assert.rejects(call(), unavailable)));
    assert.deepEqual(await openTasks(), ['t1']);
  });

  /** @returns the tasks that were added, those that are stored, and the errors */
  const addTasks = async (store: Store): Promise<{ asked: string[]; stored: string[]; errors: string[] }> => {
    await announce();
    const asked = ['t0', 't1', 't2', 't3'];
    const errors: string[] = [];
    for (const name of asked)
      await losing(replacement('devices'), () => addTask(store, name)).catch(error => errors.push(String(error)));
    return { asked, stored: (await openTasks()) ?? [], errors };
  };

  it('H4: carries out a write once when its answer is lost, and returns its result', async () => {
    const { asked, stored, errors } = await addTasks(one);
    assert.deepEqual([stored, errors], [asked, []]);
  });

  it('H4: catches a store that does not look for a write whose answer was lost', async () => {
    const link = await openLink({ url, clock, random });
    const planted = await storeOn(Object.assign(link, { replace: forgetful(link) }));
    try {
      const { asked, errors } = await addTasks(planted);
      assert.equal(errors.length, asked.length);
    } finally {
      await planted.close();
    }
  });
});

/** A `replace` that repeats a write whose answer was lost, and takes its own document for that of another process. */
const forgetful =
  (link: Link): Link['replace'] =>
  (collection, before, next) =>
    link.retry(async () => {
      const same = { _id: next._id, ...(before ? { op: before.op } : {}) } as Parameters<
        typeof collection.updateOne
      >[0];
      const { _id, ...fields } = next as Versioned;
      const { matchedCount } = await collection.replaceOne(same, fields as Parameters<typeof collection.replaceOne>[1]);
      return matchedCount === 1;
    });
