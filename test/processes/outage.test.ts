// The ACS while its MongoDB is away: as a load balancer, an operator, a CPE and a reader of the log meet it.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Body, decodeEnvelope, encodeEnvelope, responseBody } from '../../shared/cwmp/soap.ts';
import { informOf } from '../scenarios/messages.ts';
import { labMongoNeeds, MONGO_START_MS, type MongoServer, startMongo } from '../support/acs/mongo.ts';
import { RawConnection } from '../support/cpe/raw-cpe.ts';
import { eventually } from '../support/eventually.ts';
import { type MongoWire, openMongoWire } from '../support/processes/mongo-wire.ts';
import { endPrograms, openAcs, type Program, program } from '../support/processes/process.ts';
import { missing } from '../support/servers/peers.ts';

const TOKEN = 'token-of-the-test';
/** Nothing listens there. */
const NOWHERE = 9;
/** Two seconds, and what a busy machine adds. */
const SOON_MS = 2900;
const ENVELOPE = { namespace: '1-2', id: '1', holdRequests: false } as const;

describe('an ACS whose MongoDB is away', function () {
  this.timeout(60_000);
  const lacking = missing(labMongoNeeds);
  if (lacking.length > 0) return void it(`skipped: needs ${lacking.join(', ')}`);
  let server: MongoServer;
  let wire: MongoWire;
  let folder: string;
  let acs: Program;
  let api: string;
  let cwmp: string;
  before(async function () {
    this.timeout(MONGO_START_MS);
    server = await startMongo();
  });
  after(async () => await server.stop());
  beforeEach(async () => {
    wire = await openMongoWire(server.port);
    folder = await mkdtemp(join(tmpdir(), 'tandem-outage-'));
    const store = server.url().replace(`:${server.port}/`, `:${wire.port}/`);
    acs = program('acs/main.ts', [...openAcs(folder), '--store', store], { TANDEM_ADMIN_TOKEN: TOKEN });
    const ready = await acs.ready();
    api = String(ready.api);
    cwmp = String((ready.cwmp as string[])[0]);
    await eventually('it is ready', async () => (await readiness()).status === 200);
  });
  afterEach(async () => {
    wire.target = server.port;
    wire.speak();
    await acs.stop();
    await endPrograms();
    await wire.close();
    await rm(folder, { recursive: true, force: true });
  });

  const fall = (): void => {
    wire.target = NOWHERE;
    wire.cut();
  };
  const readiness = async (): Promise<{ status: number; text: string }> => {
    const answer = await fetch(`${api}/readyz`);
    return { status: answer.status, text: await answer.text() };
  };
  const change = async (): Promise<{ status: number; code: string; ms: number }> => {
    const started = performance.now();
    const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ set: { 'Device.ManagementServer.PeriodicInformInterval': '60' } });
    const answer = await fetch(`${api}/api/v1/presets/a`, { method: 'PUT', headers, body });
    const { code = '' } = (await answer.json()) as { code?: string };
    return { status: answer.status, code, ms: performance.now() - started };
  };
  const openCpe = async () => {
    const line = await RawConnection.open(cwmp);
    let cookie = '';
    const post = async (body: Body | undefined) => {
      const text = body ? encodeEnvelope({ ...ENVELOPE, body }) : '';
      const head = ['POST / HTTP/1.1', 'Host: acs', 'Content-Type: text/xml', `Content-Length: ${text.length}`];
      const answer = await line.request([...head, ...(cookie ? [`Cookie: ${cookie}`] : [])], text);
      cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? cookie;
      return answer;
    };
    return { line, post };
  };
  const values = {
    'Device.DeviceInfo.SoftwareVersion': '1',
    'Device.ManagementServer.ParameterKey': '',
    'Device.ManagementServer.ConnectionRequestURL': 'http://127.0.0.1:9/cr',
  };
  const inform = (serial: string): Body => informOf({ serial, events: ['1 BOOT'], retry: 0, values });

  it('H3: is not ready while it is cut off, and ready again afterwards', async () => {
    fall();
    const unready = await eventually('it is not ready', async () => {
      const seen = await readiness();
      return seen.status === 503 ? seen : undefined;
    });
    assert.match(unready.text, /not ready: MongoDB at 127\.0\.0\.1:\d+ cannot be used/);
    wire.target = server.port;
    await eventually('it is ready again', async () => (await readiness()).status === 200, 10_000);
  });

  for (const [how, begin] of [
    ['refuses connections', fall],
    ['is silent', () => wire.beSilent()],
  ] as const)
    it(`H5: fails a change by the API within two seconds when MongoDB ${how}`, async () => {
      assert.ok((await change()).status < 300);
      begin();
      const [first, ...later] = [await change(), await change(), await change()];
      for (const { status, code } of [first, ...later]) assert.deepEqual([status, code], [503, 'store-unavailable']);
      assert.ok(first.ms < SOON_MS, `${first.ms} ms`);
      assert.ok(
        later.every(({ ms }) => ms < SOON_MS / 2),
        JSON.stringify(later),
      );
      wire.target = server.port;
      wire.speak();
      await eventually('changes are taken again', async () => (await change()).status < 300, 10_000);
    });

  it('H5: logs one error line an outage, whatever fails meanwhile', async () => {
    for (let outage = 1; outage <= 2; outage++) {
      fall();
      const cpes = await Promise.all(Array.from({ length: 12 }, openCpe));
      const answers = await Promise.all(cpes.map(({ post }, number) => post(inform(`D${number}`))));
      for (const { status, text } of answers) assert.ok(status === 503 || /8002/.test(text), `${status} ${text}`);
      await Promise.all(Array.from({ length: 5 }, change));
      for (const { line } of cpes) line.close();
      const errors = acs.lines.filter(({ level }) => level === 'error').map(({ msg }) => msg);
      assert.deepEqual(
        errors,
        Array.from({ length: outage }, () => 'store not writable'),
      );
      wire.target = server.port;
      await eventually('it is ready again', async () => (await readiness()).status === 200, 10_000);
    }
  });

  it('H3: ends when it is stopped while MongoDB is away', async () => {
    fall();
    await eventually('it is not ready', async () => (await readiness()).status === 503);
    assert.equal((await acs.stop()).code, 0);
  });

  it('H2: answers 503 to a CPE whose session cannot be continued', async () => {
    const answer = await change();
    assert.ok(answer.status < 300);
    const { line, post } = await openCpe();
    assert.equal((await post(inform('A'))).status, 200);
    const asked = await post(undefined);
    assert.equal(asked.status, 200, 'the preset makes it ask');
    const { body } = decodeEnvelope(asked.text);
    assert.ok(body.kind === 'request');
    fall();
    const result = body.method === 'SetParameterValues' ? { Status: 0 } : { ParameterList: [] };
    const refused = await post(responseBody(body.method, result as never) as Body);
    assert.equal(refused.status, 503);
    assert.match(refused.headers.get('retry-after') ?? '', /^\d+$/);
    line.close();
  });
});
