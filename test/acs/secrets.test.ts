// Secrets planted through every door of the ACS, and looked for in the bytes of the store, the log, the traces and every listing.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecrets, sealedText } from '../../acs/fleet/common/secrets.ts';
import { openContent } from '../../acs/fleet/files/sealed-content.ts';
import { openMongo } from '../../acs/store/mongo/store.ts';
import { seededRandom, VirtualClock } from '../../shared/clock.ts';
import { type TestApi, TOKEN, testApi } from '../support/acs/api.ts';
import { dropMongo, freshMongo, MONGO_START_MS, mongoNeeds } from '../support/acs/mongo.ts';
import {
  boxId,
  CONTROL,
  PlantedBox,
  plant,
  planted,
  plantTasks,
  plantWaitingTask,
} from '../support/acs/planted-secrets.ts';
import { taskOf } from '../support/devices.ts';
import { eventually } from '../support/eventually.ts';
import { peerSuite } from '../support/servers/peers.ts';

/** The doors whose secrets are found in a text. */
const foundIn = (text: string): string[] =>
  Object.entries(planted).flatMap(([door, word]) => (text.includes(word) ? [door] : []));

const listings = [
  '/devices',
  `/devices/${boxId}`,
  `/devices/${boxId}/parameters`,
  `/devices/${boxId}/wanted`,
  `/devices/${boxId}/events`,
  `/devices/${boxId}/history`,
  `/devices/${boxId}/trace`,
  `/devices/${boxId}/trace/ladder`,
  '/tasks',
  '/presets',
  '/presets/box',
  '/faults',
  '/audit',
  '/files',
  '/webhooks',
  '/webhooks/hook',
  '/webhooks/hook/deliveries',
  '/models',
  '/models/box',
  '/settings/secrets',
];

/** Plays it all. @returns the live events */
async function play(api: TestApi): Promise<string> {
  const base = await api.rest.listen({ host: '127.0.0.1', port: 0 });
  const stop = new AbortController();
  const stream = await fetch(`${base}/api/v1/events`, {
    headers: { authorization: `Bearer ${TOKEN}` },
    signal: stop.signal,
  });
  let live = '';
  const reading = (async () => {
    for await (const bytes of stream.body as AsyncIterable<Uint8Array>) live += Buffer.from(bytes).toString();
  })().catch(() => undefined);
  const box = new PlantedBox(api.acs);
  await plant(api);
  let got = await box.run();
  await plantTasks(api);
  got += await box.run();
  for (const word of [planted.taskValue, planted.presetSet, planted.presetRow, planted.taskUrl])
    assert.ok(got.includes(word), `the box gets ${word} as it is`);
  await plantWaitingTask(api);
  await eventually('the live events', async () => live.includes('"method":"Upload"'));
  stop.abort();
  await reading;
  return live;
}

/** Everything that the API lists, and the log. */
async function shown(api: TestApi): Promise<Record<string, string>> {
  const texts: Record<string, string> = { log: api.acs.logged.join('\n') };
  for (const path of listings) {
    const { status, text } = await api.call('GET', path);
    assert.equal(status, 200, `${path}: ${text}`);
    texts[path] = text;
  }
  const run = await api.call('POST', '/presets/box/dry-run');
  texts['dry run'] = run.text;
  // Values that the box has already are known, although they are sealed.
  const [device] = run.json.devices as { set: { path: string }[] }[];
  assert.ok(!device?.set.some(({ path }) => /Community|Mirror|Label|Tag/.test(path)), run.text);
  return texts;
}

async function holdsNoSecret(api: TestApi, stored: () => Promise<string>): Promise<void> {
  const live = await play(api);
  const texts: Record<string, string> = { ...(await shown(api)), live };
  for (const [place, text] of Object.entries(texts)) assert.deepEqual(foundIn(text), [], `${place}: ${text}`);
  for (const place of [`/devices/${boxId}/parameters`, `/devices/${boxId}/trace`, '/tasks', '/presets', '/devices'])
    assert.ok(texts[place]?.includes(CONTROL), `${place} shows what is no secret: ${texts[place]}`);
  for (const place of [`/devices/${boxId}/parameters`, '/tasks', '/presets', '/webhooks'])
    assert.ok(texts[place]?.includes('***'), place);
  await api.acs.fleet.history.stop();
  const bytes = await stored();
  assert.ok(bytes.split(CONTROL).length > 5, 'what is no secret is found in the store');
  assert.deepEqual(foundIn(bytes), []);
}

describe('secrets on SQLite', () => {
  let folder: string;
  let api: TestApi;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tandem-secrets-'));
    api = await testApi({ enrol: 'auto', file: join(folder, 'tandem.db') });
  });
  afterEach(async () => {
    await api.close();
    await rm(folder, { recursive: true });
  });

  it('B7: none is in clear in the store, the log, the traces and the answers of the API', async () => {
    await holdsNoSecret(api, async () => {
      const names = (await readdir(folder)).filter(name => !name.endsWith('-lock'));
      assert.ok(names.includes('tandem.db-wal'));
      return (await Promise.all(names.map(name => readFile(join(folder, name), 'latin1')))).join('\n');
    });
  });
});

describe('secrets of other times', () => {
  const secret = 'SEKRITold1';
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi({ enrol: 'auto' });
    await new PlantedBox(api.acs).announce(api);
  });
  afterEach(async () => await api.close());

  const addStored = async (Value: string): Promise<string> => {
    const ParameterList = [{ Name: 'Device.X_BOX.KeyPsk', Value, Type: 'xsd:string' }];
    const args = { ParameterList, ParameterKey: '' };
    const task = taskOf('t1', 'SetParameterValues', api.acs.clock.now(), { device: boxId, args });
    await api.acs.store.apply(boxId, 'taskAdded', { task });
    return task.id;
  };

  it('B7: reads, masks and sends a task that an earlier version stored in clear', async () => {
    const id = await addStored(secret);
    assert.ok((await api.call('GET', `/tasks/${id}`)).text.includes('"Value":"***"'));
    assert.ok((await new PlantedBox(api.acs).run()).includes(secret));
    assert.equal((await api.call('GET', `/tasks/${id}`)).json.state, 'done');
  });

  it('B7: fails a task whose arguments are sealed with another server key, then runs the next', async () => {
    const other = createSecrets(Buffer.alloc(32, 1), seededRandom(1));
    const id = await addStored(sealedText(other, 'KeyPsk', secret));
    await plantWaitingTask(api);
    const got = await new PlantedBox(api.acs).run();
    const { json } = await api.call('GET', `/tasks/${id}`);
    assert.deepEqual([json.state, (json.fault as { code: string }).code], ['failed', 'sealed-with-another-key']);
    assert.ok(got.includes(planted.taskWaiting) && !got.includes('sealed:'), got);
  });

  it('B7: reads any part of a sealed file, and says so where the key is another', async () => {
    const { fleet, store } = api.acs;
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, at) => (at * 7) % 251));
    const { text } = await api.call('PUT', '/files/a.cfg?type=script', { body: bytes });
    assert.deepEqual((JSON.parse(text) as { size: number }).size, bytes.length);
    const file = await fleet.files.about('a.cfg');
    assert.ok(file.sealed && file.sealed.size > bytes.length);
    for (const [start, end] of [
      [0, 200_000],
      [0, 1],
      [65_519, 65_521],
      [65_520, 131_040],
      [100_000, 170_000],
      [199_999, 200_000],
      [199_000, 300_000],
    ] as const) {
      const parts: Buffer[] = [];
      for await (const part of (await fleet.files.content(file, { start, end })) ?? []) parts.push(part);
      assert.ok(Buffer.concat(parts).equals(bytes.subarray(start, end)), `${start}-${end}`);
    }
    const other = createSecrets(Buffer.alloc(32, 1), seededRandom(1));
    const stored = (await store.content(file.content ?? '')) ?? assert.fail();
    const reading = openContent(other, file.content ?? '', stored, { start: 0, end: 10 })[Symbol.asyncIterator]();
    await assert.rejects(reading.next(), { code: 'sealed-with-another-key' });
  });
});

peerSuite('secrets on MongoDB', mongoNeeds, function () {
  this.timeout(MONGO_START_MS);
  let url: string;
  let api: TestApi;
  before(async () => {
    url = await freshMongo();
  });
  afterEach(async () => {
    await api.close();
    await dropMongo(url);
  });

  it('B7: none is in clear in any collection, the log, the traces and the answers of the API', async () => {
    const clock = new VirtualClock();
    const store = await openMongo({ url, clock, random: seededRandom(5) });
    api = await testApi({ enrol: 'auto', beside: { clock, store } });
    await holdsNoSecret(api, () => allTexts(url));
  });
});

/** Every text and every byte of a database. */
async function allTexts(url: string): Promise<string> {
  const { Binary, MongoClient } = await import('mongodb');
  const client = new MongoClient(url);
  const texts: string[] = [];
  const walk = (value: unknown): void => {
    if (typeof value === 'string') texts.push(value);
    else if (value instanceof Binary) texts.push(Buffer.from(value.buffer).toString('latin1'));
    else if (value instanceof Uint8Array) texts.push(Buffer.from(value).toString('latin1'));
    else if (typeof value === 'object' && value !== null)
      for (const [name, inner] of Object.entries(value)) {
        texts.push(name);
        walk(inner);
      }
  };
  try {
    for (const { name } of await client.db().listCollections().toArray())
      for await (const document of client.db().collection(name).find()) walk(document);
  } finally {
    await client.close();
  }
  return texts.join('\n');
}
