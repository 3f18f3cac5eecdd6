// Traces of single devices: their content, masked secrets and limits.
import assert from 'node:assert/strict';
import { createEvents } from '../../../acs/events.ts';
import type { TracedMessage } from '../../../acs/fleet/common/traced-session.ts';
import { ladder } from '../../../acs/fleet/tracing/ladder.ts';
import { Traces } from '../../../acs/fleet/tracing/traces.ts';

import { VirtualClock } from '../../../shared/clock.ts';
import { withoutSecrets } from '../../../shared/cwmp/redaction.ts';
import { type Body, encodeEnvelope, requestBody } from '../../../shared/cwmp/soap.ts';
import { type TestApi, testApi } from '../../support/acs/api.ts';
import { dialects, writer } from '../../support/cpe/dialects.ts';
import { memoryCpe, ScriptedCpe } from '../../support/cpe/scripted-cpe.ts';
import { deviceId as id } from '../../support/devices.ts';

const message = (xml = '', more: Partial<TracedMessage> = {}): TracedMessage => ({
  ...{ time: 0, from: 'cpe', what: 'Inform (1 BOOT)', headers: {}, length: xml.length, xml },
  ...more,
});

describe('traces', () => {
  describe('trace of a device', () => {
    let api: TestApi;
    const trace = async (below = ''): Promise<{ text: string; sessions: { messages: TracedMessage[] }[] }> => {
      const answer = await api.call('GET', `/devices/${id}/trace${below}`);
      assert.equal(answer.status, 200, answer.text);
      return { text: answer.text, sessions: below ? [] : (answer.json as never as { sessions: [] }).sessions };
    };
    const setTrace = async (on: boolean): Promise<void> => {
      assert.deepEqual((await api.call('PUT', `/devices/${id}/trace`, { body: { on } })).json, { device: id, on });
    };
    afterEach(async () => await api.close());

    it('records the sessions of a traced device from its start to its end', async () => {
      api = await testApi({ enrol: 'auto', cpeAuth: 'none' });
      await new ScriptedCpe(api.acs.app).session();
      assert.deepEqual((await trace()).sessions, []);
      assert.match((await trace('/ladder')).text, /no session was traced/);
      await setTrace(true);
      await new ScriptedCpe(api.acs.app, { events: ['2 PERIODIC'] }).session();
      await new ScriptedCpe(api.acs.app, { serial: '0090F8000002' }).session();
      await setTrace(false);
      await new ScriptedCpe(api.acs.app, { events: ['1 BOOT'] }).session();
      const { sessions } = await trace();
      assert.equal(sessions.length, 1);
      assert.deepEqual(
        sessions[0]?.messages.map(({ from, what }) => `${from} ${what}`),
        ['cpe Inform (2 PERIODIC)', 'acs InformResponse', 'cpe (empty)', 'acs 204'],
      );
      assert.match(sessions[0]?.messages[0]?.xml ?? '', /<cwmp:Inform>/);
      assert.match(sessions[0]?.messages[1]?.xml ?? '', /<cwmp:InformResponse>/);
      assert.equal((sessions[0] as unknown as { outcome: string }).outcome, 'ok');
      assert.equal((await api.call('DELETE', `/devices/${id}/trace`)).status, 204);
      assert.deepEqual((await trace()).sessions, []);
      await api.refused(404, 'no-such-device', 'PUT', '/devices/0090F8-4102S-NONE/trace', { body: { on: true } });
    });

    it('stops by itself after the time that it was asked for', async () => {
      api = await testApi({ enrol: 'auto', cpeAuth: 'none' });
      await new ScriptedCpe(api.acs.app).session();
      const answer = await api.call('PUT', `/devices/${id}/trace`, { body: { on: true, seconds: 900 } });
      const until = new Date(api.acs.clock.now() + 900_000).toISOString();
      assert.deepEqual(answer.json, { device: id, on: true, until });
      assert.equal((await api.call('GET', `/devices/${id}/trace`)).json.until, until);
      await new ScriptedCpe(api.acs.app, { events: ['2 PERIODIC'] }).session();
      await api.acs.clock.advance(900_000);
      await new ScriptedCpe(api.acs.app, { events: ['2 PERIODIC'] }).session();
      const { on, until: none, sessions } = (await api.call('GET', `/devices/${id}/trace`)).json;
      assert.deepEqual([on, none, (sessions as unknown[]).length], [false, undefined, 1]);
    });

    it('shows challenges, RPCs and faults, as a ladder too, without any secret', async () => {
      api = await testApi({ enrol: 'auto' });
      await api.acs.fleet.devices.announce(id, { credentials: { username: 'box-1', password: 'secret-1' } });
      await setTrace(true);
      await api.acs.fleet.files.put('f.bin', Buffer.from('x'), { type: 'firmware', version: '9' });
      const secrets = ['secret-1', 'set-secret', 'file-secret', 'file-user', 'read-secret'];
      const path = 'Device.ManagementServer.Password';
      for (const [method, args, file] of [
        ['SetParameterValues', { ParameterList: { [path]: 'set-secret', 'Device.X.Plain': 'in-clear' } }],
        ['GetParameterValues', { ParameterNames: [path] }],
        ['GetParameterNames', { ParameterPath: 'Device.', NextLevel: true }],
        ['Download', { Username: 'file-user', Password: 'file-secret' }, 'f.bin'],
      ] as [string, object, string?][])
        await api.acs.fleet.tasks.add(id, { method, args: args as Record<string, unknown>, ...(file ? { file } : {}) });
      const memory = memoryCpe({ [path]: 'read-secret' });
      const box = { username: 'box-1', password: 'secret-1' };
      await new ScriptedCpe(api.acs.app, box).session((method, args) => {
        if (method !== 'GetParameterNames') return memory.answer(method, args);
        return Object.assign(new Error('no'), { code: 9005, parameters: [] }) as never;
      });
      const { sessions, text } = await trace();
      assert.equal(sessions.length, 1, 'the challenged Inform and its repetition are one session');
      const ladderText = (await trace('/ladder')).text;
      assert.deepEqual(
        sessions[0]?.messages.slice(0, 5).map(({ what }) => what),
        ['Inform (0 BOOTSTRAP, 1 BOOT)', '401', 'Inform (0 BOOTSTRAP, 1 BOOT)', 'InformResponse', '(empty)'],
      );
      assert.match(ladderText, /\|-- Inform \(0 BOOTSTRAP, 1 BOOT\) -+>\|/);
      assert.match(ladderText, /\|<-- GetParameterNames -+\|\s.*\n \|-- Fault 9005 -+>\|/);
      assert.match(text, /Digest \*\*\*/);
      assert.match(text, /in-clear/);
      assert.match(text, /\*\*\*/);
      for (const secret of secrets) assert.ok(!(text + ladderText).includes(secret), secret);
      const download = sessions[0]?.messages.find(({ what }) => what === 'Download');
      assert.match(download?.xml ?? '', /<URL>https:\/\/acs\.test\/files\/[0-9a-f]+\/\*\*\*\/f\.bin<\/URL>/);
    });

    it('A3: records nothing of a stranger that claims the id of a traced device', async () => {
      api = await testApi({ enrol: 'auto' });
      const own = { credentials: { username: 'box-1', password: 'secret-1' } };
      await api.acs.fleet.devices.announce(id, own);
      await api.acs.fleet.devices.announce('0090F8-4102S-0090F8000002', {
        credentials: { username: 'b', password: 'c' },
      });
      await setTrace(true);
      await new ScriptedCpe(api.acs.app, { scheme: 'none' }).post(new ScriptedCpe(api.acs.app).inform());
      await new ScriptedCpe(api.acs.app, { username: 'box-1', password: 'wrong' }).session();
      await new ScriptedCpe(api.acs.app, { username: 'b', password: 'c' }).session();
      assert.deepEqual((await trace()).sessions, []);
      await new ScriptedCpe(api.acs.app, { username: 'box-1', password: 'secret-1' }).session();
      assert.equal((await trace()).sessions.length, 1);
    });

    it('marks a message that could not be understood', async () => {
      api = await testApi({ enrol: 'auto', cpeAuth: 'none' });
      await new ScriptedCpe(api.acs.app).session();
      await setTrace(true);
      const cpe = new ScriptedCpe(api.acs.app, { events: ['2 PERIODIC'] });
      await cpe.post(cpe.inform());
      await cpe.raw('<broken');
      const [session] = (await trace()).sessions;
      assert.deepEqual(
        session?.messages.slice(2).map(({ what, xml }) => [what, xml]),
        [
          ['(not understood)', '<broken'],
          ['400', undefined],
        ],
      );
      assert.match((session as unknown as { error: string }).error, /invalid SOAP/);
    });
  });

  describe('secrets', () => {
    const values = (pairs: [string, string][]): string[] =>
      pairs.map(([name, value]) => writer(dialects[0]!).value(name, value, 'xsd:string'));

    it('masks secret values in every dialect and leaves the rest as it is', () => {
      for (const dialect of dialects) {
        const write = writer(dialect);
        const list = [
          write.value('Device.A.Password', 'hush & <hush>', 'xsd:string'),
          write.value('Device.A.Plain', 'shown', 'xsd:string'),
          write.value('Device.A.PreSharedSecret', 'hush', 'xsd:string'),
        ];
        const xml = write.envelope(
          write.message('GetParameterValuesResponse', write.list('ParameterList', 'cwmp:ParameterValueStruct', list)),
          '1',
        );
        const masked = withoutSecrets(xml);
        assert.ok(masked && !masked.includes('hush') && masked.includes('shown'), dialect.name);
        const again = xml.replace(/(Password<\/Name>\s*<Value[^>]*>)[\s\S]*?(<\/Value>)/, '$1***$2');
        assert.equal(
          masked,
          again.replace(/(Secret<\/Name>\s*<Value[^>]*>)[\s\S]*?(<\/Value>)/, '$1***$2'),
          dialect.name,
        );
      }
    });

    it('omits the XML when the place of a secret is not found in the text', () => {
      const write = writer(dialects[0]!);
      const hidden = [
        '<ParameterValueStruct><Value>hush</Value><Name>Device.A.Password</Name></ParameterValueStruct>',
        '<ParameterValueStruct><Name>Device.A.Pass<!-- x -->word</Name><Value>hush</Value></ParameterValueStruct>',
        '<ParameterValueStruct><Name>Device.A.Pass&#119;ord</Name><Value>hush</Value></ParameterValueStruct>',
        '<ParameterValueStruct><Name>Device.A.Password</Name><Other/><Value>hush</Value></ParameterValueStruct>',
      ];
      for (const entry of hidden) {
        const list = write.list('ParameterList', 'cwmp:ParameterValueStruct', [...values([['Device.B', 'x']]), entry]);
        const xml = write.envelope(write.message('GetParameterValuesResponse', list), '1');
        assert.ok(!withoutSecrets(xml)?.includes('hush'), entry);
      }
      assert.equal(withoutSecrets('<a><Name>x.Password</Name'), undefined);
    });

    it('A3: masks a name of many CDATA sections in linear time', () => {
      const name = '<![CDATA[A]]>'.repeat(36);
      const many = '<![CDATA[A]]>'.repeat(20_000);
      const value = '<Value>shown</Value>';
      for (const named of [
        `<Name>${name}</Name>`,
        `<Name>${many}</Name>`,
        `<Name>${name}</Name><Other/>`,
        `<Name>${name}<Other/></Name>`,
      ]) {
        const entry = `<ParameterValueStruct>${named}${value}</ParameterValueStruct>`;
        const write = writer(dialects[0]!);
        const list = write.list('ParameterList', 'cwmp:ParameterValueStruct', [entry]);
        const xml = write.envelope(write.message('GetParameterValuesResponse', list), '1');
        const began = process.cpuUsage().user;
        assert.ok(withoutSecrets(xml)?.includes('shown'));
        assert.ok(process.cpuUsage().user - began < 500_000);
      }
    });

    it('A3: masks values by the tree, wherever comments, references and line ends stand', () => {
      const name = 'Device.A.Pass<!-- x --><![CDATA[wo]]>&#114;d';
      const values = ['hush &amp; <![CDATA[hush]]>', '\r\n hush \u{1F600} hush', '<x>hush</x>'];
      for (const value of values) {
        const xml =
          '\uFEFF<?xml version="1.0"?>\r\n<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:c="urn:dslforum-org:cwmp-1-0">' +
          `<s:Body><c:GetParameterValuesResponse><ParameterList><e a='>'><Value z="é">${value}</Value \n><Name>${name}</Name></e>` +
          '<e><Value/><Name>X.Password</Name></e></ParameterList></c:GetParameterValuesResponse></s:Body></s:Envelope>\r\n';
        assert.equal(withoutSecrets(xml), xml.replace(value, '***'));
      }
    });

    it('masks credentials of transfers and software modules', () => {
      const common = { CommandKey: 'k', FileType: '1 Firmware Upgrade Image', URL: 'http://a/b', FileSize: 1 };
      const login = { Username: 'hush', Password: 'hush', TargetFileName: '', DelaySeconds: 0 };
      const download = { ...common, ...login, SuccessURL: '', FailureURL: '' };
      const xml = encodeEnvelope({ namespace: '1-2', body: requestBody('Download', download as never) as Body });
      const masked = withoutSecrets(xml) ?? '';
      assert.ok(!masked.includes('hush') && masked.includes('<Username>***</Username>'));
    });
  });

  describe('bounds', () => {
    let traces: Traces;
    const limits = { devices: 2, sessions: 3, messages: 4, message: 100, device: 2000 };
    beforeEach(() => {
      traces = new Traces({ clock: new VirtualClock(), events: createEvents() }, limits);
    });
    afterEach(() => traces.stop());

    it('limits devices, sessions, messages and their lengths', () => {
      traces.set('a', true);
      traces.set('b', true);
      assert.throws(() => traces.set('c', true), /2 devices are traced already/);
      traces.clear('b');
      traces.set('c', true);
      for (let round = 0; round < 5; round++) traces.begin('a', String(round));
      assert.deepEqual(
        traces.of('a').sessions.map(({ address }) => address),
        ['2', '3', '4'],
      );
      const session = traces.of('a').sessions.at(-1)!;
      for (let round = 0; round < 6; round++) traces.add('a', session, message('x'.repeat(150)));
      assert.deepEqual(
        session.messages.map(({ xml, note }) => [xml?.length, note]),
        Array.from({ length: 4 }, () => [100, 'cut after 100 characters']),
      );
      assert.equal(session.omitted, 2);
      assert.match(ladder('a', [session]), /… 2 more/);
    });

    it('drops the oldest sessions of a busy device, and the XML of a session that is too long', () => {
      traces.set('a', true);
      for (let round = 0; round < 3; round++) {
        const session = traces.begin('a', String(round));
        for (let at = 0; at < 4; at++) traces.add('a', session, message('x'.repeat(90)));
      }
      assert.deepEqual(
        traces.of('a').sessions.map(({ address }) => address),
        ['2'],
      );
      const narrow = new Traces({ clock: new VirtualClock(), events: createEvents() }, { ...limits, device: 1300 });
      narrow.set('a', true);
      const session = narrow.begin('a', '');
      for (let at = 0; at < 4; at++) narrow.add('a', session, message('x'.repeat(90)));
      assert.deepEqual(
        session.messages.map(({ xml }) => xml?.length),
        [undefined, undefined, undefined, 90].map((length, at) => (at < 3 ? undefined : length)),
      );
      narrow.stop();
    });
  });

  it('counts the times of a ladder from the first message, which may be older than the session', () => {
    const messages = [message('', { time: 998 }), message('', { time: 1005 })];
    const text = ladder('a', [{ started: 1000, address: '1.2.3.4', messages }]);
    assert.deepEqual(text.match(/\+\S+ ms/g), ['+0 ms', '+7 ms']);
  });

  it('removes control characters from a ladder', () => {
    const session = {
      started: 0,
      address: '1.2.3.4',
      messages: [message('', { what: 'Inform (\u001b[31m\r\n1 BOOT)' })],
    };
    assert.doesNotMatch(ladder('a', [session]), /[\u0000-\u0009\u000b-\u001f]/);
  });
});
