// A MongoDB of the bench: the server of the lab, filled, behind a proxy that counts the commands of the ACS.
import { BSON, MongoClient } from 'mongodb';
import { openMongo } from '../../../acs/store/mongo/store.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { labMongoNeeds, type MongoServer, startMongo } from '../../support/acs/mongo.ts';
import { type MongoWire, openMongoWire } from '../../support/processes/mongo-wire.ts';
import { missing } from '../../support/servers/peers.ts';
import { identityOf } from '../load/envelopes.ts';
import { fillDevices, fillModels, type Modelled } from './fill.ts';

/** Devices that are stored by the store itself: each kind of them; the others are copies. */
const KINDS = 350;
const AT_ONCE = 1000;
const HEAP_MB = 4096;

export interface MongoSetting {
  devices: number;
  serverKey: Buffer;
  modelled?: Modelled;
}

export class BenchMongo {
  readonly #server: MongoServer;
  readonly #wire: MongoWire;
  #databases = 0;

  private constructor(server: MongoServer, wire: MongoWire) {
    this.#server = server;
    this.#wire = wire;
  }

  /** @param file where it keeps what it was told; absent: in memory. @throws Error that names what is missing here */
  static async start(file: string | undefined): Promise<BenchMongo> {
    const lacks = missing(labMongoNeeds);
    if (lacks.length) throw new Error(`no MongoDB: ${lacks.join(', ')} missing`);
    const server = await startMongo({ heapMb: HEAP_MB, ...(file ? { file, durable: true } : {}) });
    return new BenchMongo(server, await openMongoWire(server.port));
  }

  get pid(): number {
    return this.#server.pid;
  }

  /** Commands by name, until now. */
  commands(): Map<string, number> {
    return new Map(this.#wire.counts);
  }

  /** A filled database. @returns its URL, by way of the proxy */
  async filled({ devices, serverKey, modelled }: MongoSetting): Promise<string> {
    const name = `bench${++this.#databases}`;
    const url = this.#server.url(name);
    const store = await openMongo({ url, clock: systemClock(), random: systemRandom() });
    await fillDevices(store, Math.min(devices, KINDS), serverKey);
    await store.close();
    await copyDevices(url, devices);
    if (modelled) {
      const again = await openMongo({ url, clock: systemClock(), random: systemRandom() });
      await fillModels(again, modelled);
      await again.close();
    }
    return `mongodb://127.0.0.1:${this.#wire.port}/${name}`;
  }

  async close(): Promise<void> {
    await this.#wire.close();
    await this.#server.stop();
  }
}

/** The document of a device, as another one's. */
export function copied(template: BSON.Document, from: string, number: number): BSON.Document {
  const { serialNumber } = identityOf(number);
  const text = BSON.EJSON.stringify(template, { relaxed: false }).replaceAll(from, serialNumber);
  const document = BSON.EJSON.parse(text, { relaxed: false }) as BSON.Document;
  // A tree is of one device.
  return 'tree' in document ? { ...document, tree: `tree-${number}` } : document;
}

async function copyDevices(url: string, devices: number): Promise<void> {
  const client = new MongoClient(url);
  try {
    const collection = client.db().collection('devices');
    const templates = await collection.find().sort({ serial: 1 }).toArray();
    for (let from = KINDS; from < devices; from += AT_ONCE) {
      const numbers = Array.from({ length: Math.min(AT_ONCE, devices - from) }, (_, n) => from + n);
      const documents = numbers.map(number => {
        const template = templates[number % KINDS] ?? {};
        return copied(template, identityOf(number % KINDS).serialNumber, number);
      });
      await collection.insertMany(documents);
    }
  } finally {
    await client.close();
  }
}
