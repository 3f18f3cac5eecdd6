// Requests of an ACS that name too much: the unit answers 9004, and the next request as ever.
import assert from 'node:assert/strict';
import type { CpeMethod } from '../../../shared/cwmp/methods.ts';
import type { Answer } from '../../support/cpe/scripted-acs.ts';
import { type RpcUnit, rpcUnit } from '../../support/cpe/unit-rpc.ts';

const MANY = 100_000;
const URL_NAME = 'Device.ManagementServer.URL';

/** A request as an ACS writes it by hand: lists are not declared as arrays. */
const requestOf = (method: string, list: string): Answer => ({
  headers: { 'Content-Type': 'text/xml' },
  text:
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ' +
    'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:c="urn:dslforum-org:cwmp-1-0"><s:Header><c:ID s:mustUnderstand="1">7</c:ID>' +
    `</s:Header><s:Body><c:${method}>${list}</c:${method}></s:Body></s:Envelope>`,
});

const repeated = (count: number, entry: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => entry(at)).join('');
const names = (count: number, nameOf: (at: number) => string): string =>
  `<ParameterNames>${repeated(count, at => `<string>${nameOf(at)}</string>`)}</ParameterNames>`;
const attributes = (count: number, nameOf: (at: number) => string): string =>
  `<ParameterList>${repeated(count, at => `<SetParameterAttributesStruct><Name>${nameOf(at)}</Name><NotificationChange>0</NotificationChange><Notification>0</Notification><AccessListChange>1</AccessListChange><AccessList><string>Subscriber</string></AccessList></SetParameterAttributesStruct>`)}</ParameterList>`;
const values = (count: number): string =>
  `<ParameterList>${repeated(count, at => `<ParameterValueStruct><Name>Device.P${at}</Name><Value xsi:type="xsd:string">x</Value></ParameterValueStruct>`)}</ParameterList><ParameterKey>k</ParameterKey>`;

describe('B5: requests that name too much', () => {
  let on: RpcUnit;
  beforeEach(async () => {
    on = await rpcUnit();
  });
  afterEach(async () => await on.close());

  const requests: [string, CpeMethod, () => string][] = [
    ['100,000 paths to be read', 'GetParameterValues', () => names(MANY, at => `Device.P${at}`)],
    ['one path to be read 100,000 times', 'GetParameterValues', () => names(MANY, () => URL_NAME)],
    ['the whole tree to be read 100,000 times', 'GetParameterValues', () => names(MANY, () => 'Device.')],
    ['the attributes of 100,000 paths', 'GetParameterAttributes', () => names(MANY, () => 'Device.')],
    // 100,000 values exceed the 8 MB that a unit reads.
    ['50,000 values to be set', 'SetParameterValues', () => values(MANY / 2)],
    [
      'attributes of the whole tree to be set 5,000 times',
      'SetParameterAttributes',
      () => attributes(5000, () => 'Device.'),
    ],
  ];
  for (const [name, method, list] of requests)
    it(`B5: answers 9004 to ${name}`, async () => {
      const { fault } = await on.send(method, requestOf(method, list()));
      assert.equal(fault?.code, 9004, fault?.message);
      assert.equal(await on.value(URL_NAME), on.acs.url);
    }).timeout(20_000);

  it('B5: answers 9004 where many names reach too many parameters, and counts a name once', async () => {
    const much = Array.from({ length: 1000 }, (_, at) => ({ Name: `Device.P${at}`, Value: '', Type: 'xsd:string' }));
    Object.assign(on.unit.device.config, { read: () => much });
    const differing = Array.from({ length: 60 }, (_, at) => `Device.${at}.`);
    assert.equal((await on.call('GetParameterValues', { ParameterNames: differing })).fault?.code, 9004);
    const same = Array.from({ length: 60 }, () => 'Device.');
    const { result } = await on.call('GetParameterValues', { ParameterNames: same });
    assert.equal(result?.ParameterList.length, 1000);
  });

  it('B5: ends a session whose request has more than 8 MB, and opens the next', async () => {
    const count = on.unit.sessions.length;
    on.acs.play({ ...requestOf('SetParameterValues', values(MANY)) });
    on.unit.gateway.agent?.inform();
    await on.unit.ended(count + 1);
    assert.equal(on.unit.sessions.at(-1)?.ok, false);
    assert.equal(await on.value(URL_NAME), on.acs.url);
  }).timeout(20_000);
});
