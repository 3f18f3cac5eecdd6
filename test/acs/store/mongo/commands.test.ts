// The commands that a session sends to MongoDB, counted by a proxy that reads them. Heartbeats, the read of generations once a second
// and the copies that are made in bulk for many devices are told, and not charged to a session.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openMongo } from '../../../../acs/store/mongo/store.ts';
import type { Store } from '../../../../acs/store/store.ts';
import { systemRandom, VirtualClock } from '../../../../shared/clock.ts';
import { type TestAcs, testAcs } from '../../../support/acs/memory-acs.ts';
import { labMongoNeeds, MONGO_START_MS, type MongoServer, startMongo } from '../../../support/acs/mongo.ts';
import { claimed } from '../../../support/acs/store-contract.ts';
import { type CpeSettings, memoryCpe, ScriptedCpe } from '../../../support/cpe/scripted-cpe.ts';
import { identityOf, idOf, informOf, newYear } from '../../../support/devices.ts';
import { eventually } from '../../../support/eventually.ts';
import { type Command, type MongoWire, openMongoWire } from '../../../support/processes/mongo-wire.ts';
import { peerSuite } from '../../../support/servers/peers.ts';

const RECORDS = 'update deviceSessions';
const INTERVAL = 'Device.ManagementServer.PeriodicInformInterval';
const isOnData = ({ name }: Command): boolean =>
  ['find', 'insert', 'update', 'delete', 'aggregate', 'findAndModify', 'getMore'].includes(name);
const unit = memoryCpe({
  [INTERVAL]: '300',
  ...Object.fromEntries(
    Array.from({ length: 1000 }, (_, n) => [
      `Device.X_0090F8_Bench.Table.${Math.floor(n / 10) + 1}.Column${n % 10}`,
      `value ${n}`,
    ]),
  ),
});
const idFor = (serial: string): string => idOf({ ...identityOf(serial), productClass: '4102S' });

/** The ACS on a store behind a wire that counts, and the store of another process, which is not counted. */
class Counted {
  sent: string[] = [];
  readonly other: Store;
  readonly acs: TestAcs;
  readonly #wire: MongoWire;
  #isClosed = false;

  private constructor(wire: MongoWire, other: Store, acs: TestAcs) {
    this.#wire = wire;
    this.other = other;
    this.acs = acs;
    wire.onCommand = command => {
      if (isOnData(command)) this.sent.push(`${command.name} ${command.collection}`);
    };
  }

  static async open(server: MongoServer, cpeAuth: 'none' | 'required' = 'none'): Promise<Counted> {
    const clock = new VirtualClock(newYear);
    const random = systemRandom();
    const wire = await openMongoWire(server.port);
    const url = server.url();
    const store = await openMongo({ url: url.replace(`:${server.port}/`, `:${wire.port}/`), clock, random });
    const other = await openMongo({ url, clock, random });
    return new Counted(wire, other, await testAcs({ cpeAuth, enrol: 'auto', beside: { clock, store } }));
  }

  /** Counts from now on; what was gathered of the history before is written first. */
  async begin(): Promise<void> {
    await this.acs.fleet.history.events(idFor('A'), 1);
    this.sent = [];
  }

  /** A whole session, up to its release. */
  async session(
    serial: string,
    events: string[],
    login: CpeSettings = { username: 'x', scheme: 'none' },
  ): Promise<void> {
    const settings = { serial, events, ...login };
    const { last } = await new ScriptedCpe(this.acs.app, settings).session(unit.answer);
    assert.equal(last.status, 204);
    await eventually('the device is free', async () => {
      const row = await this.other.device(idFor(serial));
      return row && !row.claim;
    });
  }

  /**
   * Tells the commands since `begin`. Chunks that count no more are deleted later, those of many devices at once; records of sessions are
   * written every ten seconds or by hundreds, with one read of where they belong.
   */
  tell(what: string, most: number): void {
    const isLater = (name: string): boolean => name === 'delete treeChunks' || name === RECORDS;
    const kinds = [...new Set(this.sent)].map(name => `${this.sent.filter(one => one === name).length} × ${name}`);
    const places = this.sent.filter(name => name === RECORDS).length;
    const charged = this.sent.filter(name => !isLater(name)).length - places;
    const told = `${what}: ${charged} commands: ${kinds.join(', ')}`;
    process.stdout.write(`      ${told}\n`);
    assert.ok(charged <= most, `${told}; ${most} are the most`);
  }

  /** Ends the ACS, so that all that the sessions began is done, and tells the commands. */
  async end(what: string, most: number): Promise<void> {
    await this.close();
    this.tell(what, most);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.acs.close();
    await this.other.close();
    await this.#wire.close();
  }
}

for (const durable of [false, true])
  peerSuite(`MongoDB commands of a session, ${durable ? 'durable' : 'plain'} server`, labMongoNeeds, function () {
    this.timeout(MONGO_START_MS);
    let folder: string;
    let server: MongoServer;
    let counted: Counted;
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'tandem-commands-'));
      server = await startMongo(durable ? { durable, file: join(folder, 'data') } : {});
    });
    after(async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    });
    beforeEach(async () => {
      counted = await Counted.open(server);
      // The first device of a product also teaches its model.
      await counted.session('A', ['0 BOOTSTRAP']);
      await counted.begin();
    });
    afterEach(async () => await counted.close());

    const settled = async (): Promise<void> => {
      await counted.session('B', ['0 BOOTSTRAP']);
      await counted.session('B', ['2 PERIODIC']);
    };

    it('sends at most 2 for an Inform alone', async () => {
      await settled();
      await counted.begin();
      await counted.session('B', ['2 PERIODIC']);
      await counted.end('Inform alone', 2);
    });

    it('sends 2 for the records of 40 sessions, after ten seconds', async () => {
      await settled();
      await counted.begin();
      for (let n = 0; n < 40; n++) await counted.session(`S${n % 4}`, ['2 PERIODIC']);
      const written = (): string[] => counted.sent.filter(name => name === RECORDS);
      assert.deepEqual(written(), []);
      counted.sent = [];
      await counted.acs.clock.advance(10_000);
      await eventually('the records are written', async () => written().length > 0);
      const reads = counted.sent.filter(name => name === 'find devices');
      assert.deepEqual([...written(), ...reads], [RECORDS, 'find devices']);
    });

    it('writes less in vain where sessions of a device come to another process each time', async () => {
      const facts = informOf('C', newYear, ['2 PERIODIC'], { owner: 'x', identity: identityOf('C') });
      const turn = async (): Promise<void> => {
        for (const store of [counted.other, counted.acs.store, counted.other]) {
          const { token } = claimed(await store.apply(idFor('C'), 'informed', facts));
          await store.apply(idFor('C'), 'released', { token, complete: true, now: newYear });
        }
      };
      await turn();
      await counted.begin();
      for (let n = 0; n < 33; n++) await turn();
      counted.tell('33 Informs of a device that comes to another process each time, guessed', 33 * 4);
      await counted.begin();
      for (let n = 0; n < 32; n++) await turn();
      await counted.end('32 Informs of that device afterwards', 32 * 3 + 2);
    });

    it('sends two reads more for a login that is challenged first', async () => {
      await counted.close();
      counted = await Counted.open(server, 'required');
      const { secrets, store } = counted.acs;
      const credentials = { username: 'own', password: secrets.seal('password') };
      await store.apply(idFor('D'), 'announced', { identity: identityOf('D'), now: newYear, patch: { credentials } });
      const login = { username: 'own', password: 'password', scheme: 'digest' } as const;
      await counted.session('D', ['0 BOOTSTRAP'], login);
      await counted.session('D', ['2 PERIODIC'], login);
      await counted.begin();
      await counted.session('D', ['2 PERIODIC'], login);
      await counted.end('Inform with a challenged login', 4);
    });

    it('sends at most 5 for one SetParameterValues', async () => {
      await settled();
      const set = { method: 'SetParameterValues', args: { ParameterList: { [INTERVAL]: '300' } } };
      for (const round of [0, 1]) {
        await counted.acs.fleet.tasks.add(idFor('B'), set as never);
        if (round === 1) await counted.begin();
        await counted.session('B', ['2 PERIODIC']);
      }
      await counted.end('one SetParameterValues', 5);
    });

    it('sends at most 8 for a bootstrap', async () => {
      await counted.begin();
      await counted.session('B', ['0 BOOTSTRAP', '1 BOOT']);
      await counted.end('bootstrap', 8);
    });

    it('sends at most 6 for a read of 1,000 parameters, new, the same, or changed', async () => {
      await settled();
      const read = { method: 'GetParameterValues', args: { ParameterNames: ['Device.X_0090F8_Bench.'] } };
      const path = 'Device.X_0090F8_Bench.Table.7.Column3';
      await counted.acs.fleet.tasks.add(idFor('A'), read as never);
      await counted.session('A', ['2 PERIODIC']);
      for (const [what, value] of [
        ['new', 'a'],
        ['the same', 'a'],
        ['changed', 'b'],
        ['changed again', 'c'],
      ] as const) {
        unit.values.set(path, value);
        await counted.acs.fleet.tasks.add(idFor('B'), read as never);
        await counted.begin();
        await counted.session('B', ['2 PERIODIC']);
        assert.equal((await counted.other.parameters(idFor('B'), 'Device.X_0090F8_Bench.')).length, 1000);
        assert.equal((await counted.other.parameters(idFor('B'), path))[0]?.value, value);
        if (what !== 'changed again') counted.tell(`read of 1,000, ${what}`, 6);
      }
      await counted.end('read of 1,000, changed again', 6);
    });
  });
