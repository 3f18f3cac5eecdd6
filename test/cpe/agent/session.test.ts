// Sessions of the CPE with a scripted ACS: order, headers, faults, redirects.
import assert from 'node:assert/strict';
import { faultBody, responseBody } from '../../../shared/cwmp/soap.ts';
import { AgentWorld } from '../../support/cpe/agent-world.ts';
import {
  type Answer,
  argumentsOf,
  ask,
  fault,
  friendly,
  type Heard,
  informResponse,
  reply,
  resultOf,
  type ScriptedAcs,
  type Step,
  scriptedAcs,
} from '../../support/cpe/scripted-acs.ts';
import type { UnitOptions } from '../../support/cpe/unit.ts';

const raw = ({ rawHeaders }: Heard, name: string): string[] =>
  rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name);
const getNames = (path = 'Device.ManagementServer.URL'): Answer =>
  ask('GetParameterNames', { ParameterPath: path, NextLevel: false });

describe('CWMP session of the CPE (TR-069 3.7.1)', () => {
  let acs: ScriptedAcs;
  let world: AgentWorld;
  beforeEach(async () => {
    world = await AgentWorld.open();
    acs = world.acs;
  });
  afterEach(async () => await world.close());

  const play = (steps: Step[], options: UnitOptions = {}) => world.play(steps, options);

  it('D5: reads answers in UTF-16 and Latin-1, by declaration, mark or Content-Type', async () => {
    const path = 'Device.DeviceInfo.ProvisioningCode';
    const set = (value: string): string =>
      String(
        ask('SetParameterValues', {
          ParameterList: [{ Name: path, Value: value, Type: 'xsd:string' }],
          ParameterKey: 'k',
        }).text,
      );
    await play(
      [
        heard => ({ text: Buffer.from(`\ufeff${friendly(heard).text}`, 'utf16le') }),
        { text: Buffer.from(`<?xml version="1.0" encoding="ISO-8859-1"?>${set('Zürich')}`, 'latin1') },
        ask('GetParameterValues', { ParameterNames: [path] }),
        { text: Buffer.from(set('Köln'), 'latin1'), headers: { 'Content-Type': 'text/xml; charset="iso-8859-1"' } },
      ],
      { model: 'device' },
    );
    assert.deepEqual(
      resultOf(acs.heard[3], 'GetParameterValues').ParameterList.map(({ Value }) => Value),
      ['Zürich'],
    );
    assert.equal(world.unit.device.config.get(path), 'Köln');
  });

  it('begins with Inform and an empty POST, and ends with the 204', async () => {
    const report = await play([]);
    assert.deepEqual(acs.names(), ['Inform', '(empty)']);
    assert.equal(report.ok, true);
    assert.deepEqual(
      report.events.map(({ EventCode }) => EventCode),
      ['0 BOOTSTRAP', '1 BOOT'],
    );
    assert.equal(acs.connections, 1);
    const inform = argumentsOf(acs.heard[0], 'Inform');
    assert.deepEqual(inform.DeviceId, {
      Manufacturer: 'Media5',
      OUI: '0090F8',
      ProductClass: '4102S',
      SerialNumber: '0090f8000001',
    });
    assert.equal(inform.MaxEnvelopes, 1);
    assert.equal(inform.RetryCount, 0);
    // The unit's zone is US Eastern by default; it is midnight UTC of New Year's Day.
    assert.equal(inform.CurrentTime, '2025-12-31T19:00:00-05:00');
    assert.deepEqual(
      inform.ParameterList.map(({ Name }) => Name),
      [
        'Device.DeviceSummary',
        'Device.DeviceInfo.HardwareVersion',
        'Device.DeviceInfo.SoftwareVersion',
        'Device.ManagementServer.ParameterKey',
        'Device.ManagementServer.ConnectionRequestURL',
        'Device.LAN.IPAddress',
      ],
    );
  });

  it('sends SOAPAction empty, and only a length with the empty POST (3.4.1)', async () => {
    await play([informResponse(), getNames()]);
    const [inform, empty, response] = acs.heard;
    assert.ok(inform && empty && response);
    for (const message of [inform, response]) {
      assert.deepEqual(raw(message, 'soapaction'), ['']);
      assert.deepEqual(raw(message, 'content-type'), ['text/xml; charset=utf-8']);
      assert.deepEqual(raw(message, 'content-length'), [String(message.body.length)]);
    }
    assert.deepEqual(raw(empty, 'soapaction'), []);
    assert.deepEqual(raw(empty, 'content-type'), []);
    assert.deepEqual(raw(empty, 'content-length'), ['0']);
    for (const { headers, method } of acs.heard) {
      assert.equal(method, 'POST');
      assert.equal(headers['transfer-encoding'], undefined);
    }
  });

  it('answers each ACS request by the very next POST, in order, with its ID', async () => {
    const report = await play([
      informResponse(),
      ask('GetRPCMethods', {}, { id: 'a&<">é' }),
      ask('GetParameterValues', { ParameterNames: ['Device.DeviceInfo.SoftwareVersion'] }, { id: '' }),
      getNames('Device.Nothing.'),
      {},
    ]);
    assert.deepEqual(acs.names(), [
      'Inform',
      '(empty)',
      'GetRPCMethodsResponse',
      'GetParameterValuesResponse',
      'Fault 9005',
    ]);
    assert.equal(acs.heard[2]?.envelope?.id, 'a&<">é');
    assert.equal(acs.heard[3]?.envelope?.id, '');
    assert.equal(acs.heard[4]?.envelope?.id, 'acs-GetParameterNames');
    assert.equal(report.ok, true);
    assert.deepEqual(report.rpcs, [
      { from: 'cpe', method: 'Inform' },
      { from: 'acs', method: 'GetRPCMethods' },
      { from: 'acs', method: 'GetParameterValues' },
      { from: 'acs', method: 'GetParameterNames', fault: 9005 },
    ]);
  });

  it('sends no ID where the ACS sent none', async () => {
    const request = ask('GetRPCMethods', {});
    const text = String(request.text).replace(/<soap-env:Header>.*<\/soap-env:Header>/, '');
    await play([informResponse(), { text }]);
    assert.equal(acs.heard[2]?.envelope?.id, undefined);
    assert.equal(resultOf(acs.heard[2], 'GetRPCMethods').MethodList.includes('Download'), true);
  });

  it('takes a 200 without a body, or with an empty Body, as no request', async () => {
    assert.equal((await play([informResponse(), { status: 200 }])).ok, true);
    await world.unit.close();
    const nothing = '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body/></e:Envelope>';
    assert.equal((await play([informResponse(), { text: nothing }])).ok, true);
  });

  it('ends at a 204 to a response only after the empty POST was sent', async () => {
    // The ACS sends its request with HoldRequests, so the session does not end with the empty POST before it.
    const held = { holdRequests: true };
    const report = await play([informResponse(held), ask('GetRPCMethods', {}, held), {}, {}]);
    assert.deepEqual(acs.names(), ['Inform', '(empty)', 'GetRPCMethodsResponse', '(empty)']);
    assert.equal(report.ok, true);
  });

  it('repeats the identical request at each fault 8005 (3.7.1.6)', async () => {
    const report = await play([fault(8005), fault(8005), fault(8005)]);
    assert.deepEqual(acs.names(), ['Inform', 'Inform', 'Inform', 'Inform', '(empty)']);
    assert.equal(new Set(acs.heard.slice(0, 4).map(({ text }) => text)).size, 1);
    assert.equal(report.ok, true);
  });

  const failures: [string, Step, string][] = [
    ['another fault', fault(8002), 'fault'],
    ['a SOAP fault without detail', { text: soapFault() }, 'fault'],
    ['no content', {}, 'soap'],
    ['garbage', { text: 'hello' }, 'soap'],
    ['broken XML', { text: '<a><b></a>' }, 'soap'],
    ['a DTD', { text: '<!DOCTYPE x [<!ENTITY e "x">]><x>&e;</x>' }, 'soap'],
    ['two messages in one Body', heard => ({ text: doubled(heard) }), 'soap'],
    ['a request', getNames(), 'soap'],
    ['the response of another method', heard => reply(heard, responseBody('TransferComplete', {})), 'soap'],
    ['status 500', { status: 500, text: 'x' }, 'http'],
    ['status 404', { status: 404 }, 'http'],
    ['status 415', { status: 415 }, 'http'],
    ['a cut connection', { cut: true }, 'cut'],
    ['a cut body', heard => ({ ...friendly(heard), cut: 40 }), 'cut'],
    ['a body without end', { text: Buffer.alloc(9 << 20, 0x20) }, 'too-large'],
  ];
  for (const [what, step, kind] of failures) {
    it(`fails and sends nothing more when ${what} answers the Inform`, async () => {
      const report = await play([step]);
      assert.equal(report.ok, false);
      assert.equal(report.informed, false);
      assert.equal(report.error?.kind, kind);
      assert.deepEqual(acs.names(), ['Inform']);
      assert.equal(world.unit.device.state.facts.retries, 1);
      assert.equal(world.unit.device.state.facts.bootstrapped, '');
    });
  }

  it('fails without an answer at an unexpected response or fault', async () => {
    for (const body of [responseBody('Inform', { MaxEnvelopes: 1 }), faultBody({ code: 8003, message: '' })]) {
      const before = acs.heard.length;
      const report = await play([informResponse(), heard => reply(heard, body)]);
      assert.equal(report.error?.kind, 'soap');
      assert.equal(report.informed, true);
      assert.equal(acs.heard.length, before + 2);
      await world.unit.close();
    }
  });

  it('waits at least 30 s for an answer, then gives up', async () => {
    acs.play({ silent: true });
    const unit = await world.make();
    await unit.boot();
    await acs.until(1);
    await unit.clock.advance(30_000);
    assert.equal(unit.sessions.length, 0);
    await unit.clock.advance(31_000);
    assert.equal((await unit.ended(1)).error?.kind, 'silent');
    assert.equal(unit.gateway.agent?.sessions.status, 'ErrorNotResponding');
  });

  it('keeps all cookies through the session and drops them with it (3.4.2)', async () => {
    const long = 'x'.repeat(512);
    const with_ =
      (step: Step, cookies: string | string[]): Step =>
      async heard => ({
        ...(typeof step === 'function' ? await step(heard) : step),
        headers: { 'Set-Cookie': cookies },
      });
    await play([
      with_(informResponse(), ['a=1; Path=/elsewhere; HttpOnly', `b=${long}; Domain=other.example`]),
      with_(getNames(), 'a=2'),
      getNames(),
    ]);
    assert.deepEqual(
      acs.heard.map(({ headers }) => headers.cookie),
      [undefined, `a=1; b=${long}`, `a=2; b=${long}`, `a=2; b=${long}`],
    );
    world.unit.gateway.agent?.inform();
    await world.unit.ended(2);
    assert.equal(acs.heard[4]?.headers.cookie, undefined);
  });

  it('continues over a new connection when the ACS closes the old one after any answer (3.4.2)', async () => {
    const closing =
      (step: Step): Step =>
      async heard => ({
        ...(typeof step === 'function' ? await step(heard) : step),
        headers: { 'Set-Cookie': 's=1' },
        close: true,
      });
    const report = await play([closing(informResponse()), closing(getNames()), closing(getNames()), closing({})]);
    assert.equal(report.ok, true);
    assert.equal(acs.connections, 4);
    assert.deepEqual(acs.names(), ['Inform', '(empty)', 'GetParameterNamesResponse', 'GetParameterNamesResponse']);
    assert.equal(acs.heard[3]?.headers.cookie, 's=1');
  });

  it('reads chunked answers, and envelopes far over 32 KB', async () => {
    const names = Array.from({ length: 1000 }, () => 'Device.DeviceInfo.SoftwareVersion');
    const big: Answer = { ...ask('GetParameterValues', { ParameterNames: names }), chunked: true };
    assert.ok(String(big.text).length > 40_000);
    assert.equal((await play([informResponse(), big])).ok, true);
    assert.equal(resultOf(acs.heard[2], 'GetParameterValues').ParameterList.length, 1);
  });

  it('continues in the namespace of the answer', async () => {
    await play([
      heard => reply(heard, responseBody('Inform', { MaxEnvelopes: 1 }), { namespace: '1-0' }),
      ask('GetRPCMethods', {}, { namespace: '1-0' }),
    ]);
    assert.equal(acs.heard[0]?.envelope?.namespace, '1-2');
    assert.equal(acs.heard[2]?.envelope?.namespace, '1-0');
  });

  it('answers unknown methods with 9000, bad arguments with 9003, headers with MustUnderstand', async () => {
    const text = String(getNames().text);
    const report = await play([
      informResponse(),
      { text: text.replaceAll('GetParameterNames', 'X_ACME_Dance') },
      ask('GetAllQueuedTransfers', {}),
      ask('GetOptions', { OptionName: '' }),
      { text: text.replaceAll('GetParameterNames', 'Kicked') },
      { text: text.replace(/<NextLevel>.*<\/NextLevel>/, '<NextLevel>perhaps</NextLevel>') },
      { text: text.replace('<soap-env:Header>', '<soap-env:Header><x soap-env:mustUnderstand="1" xmlns="urn:x"/>') },
      { text: text.replace('<soap-env:Header>', '<soap-env:Header><x soap-env:mustUnderstand="0" xmlns="urn:x"/>') },
    ]);
    assert.deepEqual(acs.names().slice(2), [
      'Fault 9000',
      'Fault 9000',
      'Fault 9000',
      'Fault 9000',
      'Fault 9003',
      'Fault MustUnderstand',
      'GetParameterNamesResponse',
    ]);
    assert.equal(report.ok, true);
  });

  describe('redirects (3.4.2)', () => {
    let other: ScriptedAcs;
    beforeEach(async () => {
      other = await scriptedAcs();
    });
    afterEach(() => other.close());
    const to = (url: string, status = 307): Answer => ({
      status,
      headers: { Location: url, 'Set-Cookie': 'r=1' },
      text: 'gone',
    });

    for (const status of [301, 302, 307]) {
      it(`repeats the POST at a ${status}, for the rest of the session only, with cookies`, async () => {
        const report = await play([to(other.url, status)]);
        assert.equal(report.ok, true);
        assert.deepEqual([acs.names(), other.names()], [['Inform'], ['Inform', '(empty)']]);
        assert.equal(other.heard[0]?.text, acs.heard[0]?.text);
        assert.equal(other.heard[0]?.headers.cookie, 'r=1');
        world.unit.gateway.agent?.inform();
        await world.unit.ended(2);
        assert.deepEqual(acs.names().slice(1), ['Inform', '(empty)']);
        assert.equal(world.unit.device.state.facts.bootstrapped, acs.url);
      });
    }

    it('follows five redirects in a row, also in mid-session, and ends at a sixth', async () => {
      const here = Array.from({ length: 5 }, (_, at) => to(`${acs.url}${at}`));
      const report = await play([...here, informResponse(), to(other.url), to(other.url)]);
      assert.equal(report.ok, true);
      assert.deepEqual(other.names(), ['(empty)']);
      await world.unit.close();
      acs.always(to(acs.url));
      const before = acs.heard.length;
      assert.equal((await play([])).error?.kind, 'http');
      assert.equal(acs.heard.length, before + 6);
    });

    it('fails the session at a redirect to nowhere or to another scheme', async () => {
      for (const headers of [{}, { Location: 'ftp://x/' }, { Location: 'http://' }] as Record<string, string>[]) {
        assert.equal((await play([{ status: 302, headers }])).error?.kind, 'http');
        await world.unit.close();
      }
    });
  });

  it('tries the oldest namespace after fault 8006 (3.7.4)', async () => {
    await play([fault(8006)]);
    await world.unit.clock.advance(10_000);
    await world.unit.ended(2);
    assert.equal(acs.heard[1]?.envelope?.namespace, '1-0');
  });

  it('taps every envelope and nothing else', async () => {
    const tapped: string[] = [];
    await play([informResponse(), getNames()], {
      wire: (from, xml) => tapped.push(`${from} ${/<cwmp:(\w+?)[ />]/.exec(xml.split('Body>')[1] ?? '')?.[1]}`),
    });
    assert.deepEqual(tapped, [
      'cpe Inform',
      'acs InformResponse',
      'acs GetParameterNames',
      'cpe GetParameterNamesResponse',
    ]);
  });
});

function soapFault(): string {
  const ns = 'http://schemas.xmlsoap.org/soap/envelope/';
  return `<s:Envelope xmlns:s="${ns}"><s:Body><s:Fault><faultcode>s:Server</faultcode><faultstring>no</faultstring></s:Fault></s:Body></s:Envelope>`;
}

function doubled(heard: Heard): string {
  const text = String(reply(heard, responseBody('Inform', { MaxEnvelopes: 1 })).text);
  return text.replace(/<soap-env:Body>(.*)<\/soap-env:Body>/, '<soap-env:Body>$1$1</soap-env:Body>');
}
