// Answers with more than was asked for, or more than is kept, from a device that writes its own bytes on a socket.
import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { decodeEnvelope, encodeEnvelope } from '../../../shared/cwmp/soap.ts';
import { type TestAcs, testAcs } from '../../support/acs/memory-acs.ts';
import { RawConnection } from '../../support/cpe/raw-cpe.ts';
import { ScriptedCpe } from '../../support/cpe/scripted-cpe.ts';
import { deviceId as id } from '../../support/devices.ts';

const UNASKED = 130_000;

const valueXml = (name: string, value: string): string =>
  `<ParameterValueStruct><Name>${name}</Name><Value xsi:type="xsd:string">${value}</Value></ParameterValueStruct>`;

/** The answer of a device that writes it by hand. */
const answerOf = (messageId: string, method: string, list: string): string =>
  '<?xml version="1.0"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" ' +
  'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema" ' +
  `xmlns:cwmp="urn:dslforum-org:cwmp-1-2"><soap:Header><cwmp:ID soap:mustUnderstand="1">${messageId}</cwmp:ID></soap:Header>` +
  `<soap:Body><cwmp:${method}Response><ParameterList>${list}</ParameterList></cwmp:${method}Response></soap:Body></soap:Envelope>`;

const many = (count: number, nameOf: (at: number) => string, value = 'x'): string =>
  Array.from({ length: count }, (_, at) => valueXml(nameOf(at), value)).join('');

describe('B3: answers with more than was asked for', () => {
  let acs: TestAcs;
  let url: string;
  beforeEach(async () => {
    acs = await testAcs({ enrol: 'auto', cpeAuth: 'none' });
    await acs.app.listen({ port: 0, host: '127.0.0.1' });
    url = `http://127.0.0.1:${(acs.app.server.address() as AddressInfo).port}/`;
    await new ScriptedCpe(acs.app).session();
  });
  afterEach(async () => await acs.close());

  const read = (...ParameterNames: string[]) =>
    acs.fleet.tasks.add(id, { method: 'GetParameterValues', args: { ParameterNames } });

  /** One session on a socket; each request of the ACS is answered by that list. @returns the methods that were asked */
  const session = async (listOf: (method: string) => string): Promise<string[]> => {
    const connection = await RawConnection.open(url);
    const post = (body: string, cookie = '') =>
      connection.request(
        [
          'POST / HTTP/1.1',
          `Host: ${new URL(url).host}`,
          'Content-Type: text/xml',
          `Content-Length: ${Buffer.byteLength(body)}`,
          ...(cookie ? [`Cookie: ${cookie}`] : []),
        ],
        body,
      );
    const inform = await post(encodeEnvelope(new ScriptedCpe(acs.app, { events: ['2 PERIODIC'] }).inform()));
    const cookie = inform.headers.get('set-cookie')?.split(';')[0] ?? '';
    const asked: string[] = [];
    for (let answer = await post('', cookie); answer.status === 200; ) {
      const envelope = decodeEnvelope(answer.text);
      const method = 'method' in envelope.body ? envelope.body.method : '';
      asked.push(method);
      answer = await post(answerOf(envelope.id ?? '', method, listOf(method)), cookie);
    }
    connection.close();
    return asked;
  };

  it('B3: keeps only what was asked for of up to 130,000 values, 15 times', async () => {
    const tasks = [];
    for (let n = 0; n < 15; n++) tasks.push(await read('Device.DeviceInfo.UpTime'));
    const asked = valueXml('Device.DeviceInfo.UpTime', '7');
    const lists = [UNASKED, UNASKED / 10].map(count => many(count, at => `Device.X.${at}`) + asked);
    let answers = 0;
    assert.equal((await session(() => lists[Math.min(answers++, 1)] ?? '')).length, 15);
    for (const { id: task } of tasks) {
      const { state, result } = await acs.fleet.tasks.get(task);
      assert.equal(state, 'done');
      assert.deepEqual(result?.ParameterList, [{ Name: 'Device.DeviceInfo.UpTime', Value: '7', Type: 'xsd:string' }]);
    }
    assert.deepEqual(
      (await acs.store.parameters(id, '')).map(({ path }) => path),
      ['Device.DeviceInfo.UpTime'],
    );
    assert.match(acs.logged.join('\n'), /unasked parameters dropped.*"dropped":130000,"kept":1/);
  }).timeout(60_000);

  it('B3: refuses 130,000 values below a path with a fault, keeps none, runs the next task', async () => {
    const [large, small] = [await read('Device.'), await read('Device.A')];
    let answers = 0;
    const lists = [many(UNASKED, at => `Device.X.${at}`), valueXml('Device.A', '1')];
    await session(() => lists[answers++] ?? '');
    const { state, fault, result } = await acs.fleet.tasks.get(large.id);
    assert.deepEqual([state, fault?.code, result], ['failed', 'parameter-limit', undefined]);
    assert.match(fault?.message ?? '', /has 130000 parameters, and at most 20000 .* nothing of it is kept/);
    assert.equal((await acs.fleet.tasks.get(small.id)).state, 'done', 'the session goes on');
    assert.deepEqual(
      (await acs.store.parameters(id, '')).map(({ path }) => path),
      ['Device.A'],
    );
  }).timeout(30_000);

  it('B3: refuses what would make a device have more than 20,000 parameters', async () => {
    const tasks = [await read('Device.A.'), await read('Device.B.'), await read('Device.A.')];
    let answers = 0;
    const lists = [
      many(15_000, at => `Device.A.${at}`),
      many(5_001, at => `Device.B.${at}`),
      many(15_000, at => `Device.A.${at}`, 'y'),
    ];
    await session(() => lists[answers++] ?? '');
    const outcomes = await Promise.all(tasks.map(task => acs.fleet.tasks.get(task.id)));
    assert.deepEqual(
      outcomes.map(({ fault }) => fault?.code),
      [undefined, 'parameter-limit', undefined],
    );
    assert.match(
      outcomes[1]?.fault?.message ?? '',
      /20001 known parameters, and at most 20000 .* none of these is kept/,
    );
    const values = await acs.store.parameters(id, '');
    assert.equal(values.length, 15_000);
    assert.equal(values[0]?.value, 'y', 'known ones still change');
  }).timeout(30_000);

  it('B3: says so where the result of a task would take more than 1 MB', async () => {
    const tasks = [await read('Device.A.'), await read('Device.B')];
    const value = 'v'.repeat(300);
    const lists = [many(4000, at => `Device.A.${at}`, value), valueXml('Device.B', 'b'.repeat(1_000_000))];
    let answers = 0;
    await session(() => lists[answers++] ?? '');
    const outcomes = await Promise.all(tasks.map(task => acs.fleet.tasks.get(task.id)));
    assert.deepEqual(
      outcomes.map(({ state, fault, result }) => [state, fault?.code, result === undefined]),
      [
        ['failed', 'result-too-large', true],
        ['done', undefined, false],
      ],
    );
    assert.match(outcomes[0]?.fault?.message ?? '', /its 4000 values are kept as parameters of the device/);
    assert.equal((await acs.store.parameters(id, 'Device.A.')).length, 4000);
  }).timeout(30_000);

  it('B3: suspends the reads of a history by a fault where the device tells too much', async () => {
    await acs.fleet.history.setting.put({ parameters: ['Device.X.'], read: '15m' });
    const list = many(20_001, at => `Device.X.${at}`);
    assert.deepEqual(await session(() => list), ['GetParameterValues']);
    const [fault] = (await acs.store.device(id))?.faults ?? [];
    assert.deepEqual([fault?.cause, fault?.code], ['history', 'parameter-limit']);
    assert.deepEqual(await acs.store.parameters(id, ''), []);
    assert.deepEqual(await session(() => list), []);
  }).timeout(30_000);

  it('B3: keeps only names and attributes that were asked for', async () => {
    const names = await acs.fleet.tasks.add(id, {
      method: 'GetParameterNames',
      args: { ParameterPath: 'Device.A.', NextLevel: true },
    });
    const attributes = await acs.fleet.tasks.add(id, {
      method: 'GetParameterAttributes',
      args: { ParameterNames: ['Device.A.B'] },
    });
    const lists: Record<string, (name: string) => string> = {
      GetParameterNames: name =>
        `<ParameterInfoStruct><Name>${name}</Name><Writable>1</Writable></ParameterInfoStruct>`,
      GetParameterAttributes: name =>
        `<ParameterAttributeStruct><Name>${name}</Name><Notification>0</Notification><AccessList/></ParameterAttributeStruct>`,
    };
    await session(method => ['Device.B.1', 'Device.A.B', 'Device.AB', 'Device.A.B'].map(lists[method]!).join(''));
    for (const { id: task } of [names, attributes]) {
      const { state, result } = await acs.fleet.tasks.get(task);
      const list = result?.ParameterList as { Name: string }[];
      assert.deepEqual([state, list.map(({ Name }) => Name)], ['done', ['Device.A.B']]);
    }
  });
});
