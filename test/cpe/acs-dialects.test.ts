// The gateway before ACSs as found in the field: each dialect through every RPC in one session, then the restart.
import assert from 'node:assert/strict';
import {
  type Answer,
  argumentsOf,
  type Heard,
  type ScriptedAcs,
  type Step,
  scriptedAcs,
} from '../support/cpe/scripted-acs.ts';
import { type TestUnit, testUnit } from '../support/cpe/unit.ts';

interface Dialect {
  name: string;
  /** A whole envelope around one message. @param id of the request that is answered, or of the request itself */
  envelope(name: string, content: string, id: string): string;
  list(name: string, type: string, items: string[]): string;
  value(type: string, value: string): string;
  booleans: [string, string];
  answer?: Partial<Answer>;
  /** Leaves out optional elements. */
  sparse?: true;
}

const SOAP = 'http://schemas.xmlsoap.org/soap/envelope/';
const ENCODING = 'http://schemas.xmlsoap.org/soap/encoding/';
const common = `xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`;
const typed = (type: string, value: string): string => `<Value xsi:type="xsd:${type}">${value}</Value>`;

const dialects: Dialect[] = [
  {
    name: 'soap-env prefix, boolean words and a cookie',
    envelope: (name, content, id) =>
      `<?xml version="1.0" encoding="UTF-8"?>\n<soap-env:Envelope xmlns:soap-enc="${ENCODING}" xmlns:soap-env="${SOAP}" ${common} ` +
      `xmlns:cwmp="urn:dslforum-org:cwmp-1-0"><soap-env:Header><cwmp:ID soap-env:mustUnderstand="1">${id}</cwmp:ID></soap-env:Header>` +
      `<soap-env:Body><cwmp:${name}>${content}</cwmp:${name}></soap-env:Body></soap-env:Envelope>`,
    list: (name, type, items) => `<${name} soap-enc:arrayType="${type}[${items.length}]">${items.join('')}</${name}>`,
    value: typed,
    booleans: ['false', 'true'],
    answer: { headers: { 'Set-Cookie': 'session=abc', Server: 'Some/1.0', SOAPServer: 'Some/1.0' } },
  },
  {
    name: 'HoldRequests and NoMoreRequests in every header',
    envelope: (name, content, id) =>
      `<soapenv:Envelope xmlns:soapenv="${SOAP}" xmlns:soapenc="${ENCODING}" ${common} xmlns:cwmp="urn:dslforum-org:cwmp-1-0">\n` +
      `\t<soapenv:Header>\n\t\t<cwmp:ID soapenv:mustUnderstand="1">${id}</cwmp:ID>\n` +
      '\t\t<cwmp:HoldRequests soapenv:mustUnderstand="1">0</cwmp:HoldRequests>\n' +
      '\t\t<cwmp:NoMoreRequests soapenv:mustUnderstand="1">0</cwmp:NoMoreRequests>\n\t</soapenv:Header>\n' +
      `\t<soapenv:Body>\n\t\t<cwmp:${name}>\n\t\t\t${content.replaceAll('><', '>\n\t\t\t<').replaceAll(/>\s+<\//g, '></')}\n\t\t</cwmp:${name}>\n` +
      '\t</soapenv:Body>\n</soapenv:Envelope>\n',
    list: (name, type, items) => `<${name} soapenc:arrayType="${type}[]">${items.join('')}</${name}>`,
    value: typed,
    booleans: ['0', '1'],
  },
  {
    name: 'xsi:type arrays, wrong counts and chunked answers',
    envelope: (name, content, id) =>
      `<SOAP-ENV:Envelope xmlns:SOAP-ENV="${SOAP}" xmlns:SOAP-ENC="${ENCODING}" ${common} xmlns:cwmp="urn:dslforum-org:cwmp-1-1">` +
      `<SOAP-ENV:Header><cwmp:ID SOAP-ENV:mustUnderstand="true">${id}</cwmp:ID></SOAP-ENV:Header>` +
      `<SOAP-ENV:Body SOAP-ENV:encodingStyle="${ENCODING}"><cwmp:${name}>${content}</cwmp:${name}></SOAP-ENV:Body></SOAP-ENV:Envelope>`,
    list: (name, type, items) =>
      `<${name} xsi:type="SOAP-ENC:Array" SOAP-ENC:arrayType="${type}[99]">${items.join('')}</${name}>`,
    value: typed,
    booleans: ['0', '1'],
    answer: { chunked: true, close: true },
  },
  {
    name: 'CWMP as default namespace, CDATA and no types',
    envelope: (name, content, id) =>
      `<s:Envelope xmlns:s="${SOAP}"><s:Header><ID xmlns="urn:dslforum-org:cwmp-1-2">${id}</ID></s:Header>` +
      `<s:Body><${name} xmlns="urn:dslforum-org:cwmp-1-2">${content}</${name}></s:Body></s:Envelope>`,
    list: (name, _type, items) => `<${name}>${items.join('')}</${name}>`,
    value: (_type, value) => `<Value><![CDATA[${value}]]></Value>`,
    booleans: ['False', 'True'],
    sparse: true,
  },
];

const text = (dialect: Dialect, name: string, content: string, id: string): Answer => ({
  ...dialect.answer,
  text: dialect.envelope(name, content, id),
});

const idOf = (heard: Heard): string => heard.envelope?.id ?? '';
const answering =
  (dialect: Dialect, name: string, content = ''): Step =>
  heard =>
    text(dialect, name, content, idOf(heard));

/** Every request of an ACS without a lasting effect, in one session. */
function requests(dialect: Dialect, root: string, table: string, fileUrl: string): [name: string, content: string][] {
  const [no, yes] = dialect.booleans;
  const interval = `${root}ManagementServer.PeriodicInformInterval`;
  const more = (content: string): string => (dialect.sparse ? '' : content);
  const strings = (name: string, ...items: string[]): string =>
    dialect.list(
      name,
      'xsd:string',
      items.map(item => `<string>${item}</string>`),
    );
  const attributes =
    `<SetParameterAttributesStruct><Name>${interval}</Name><NotificationChange>${yes}</NotificationChange>` +
    `<Notification>1</Notification><AccessListChange>${no}</AccessListChange>${strings('AccessList')}</SetParameterAttributesStruct>`;
  const value = `<ParameterValueStruct><Name>${interval}</Name>${dialect.value('unsignedInt', '777')}</ParameterValueStruct>`;
  return [
    ['GetRPCMethods', ''],
    ['GetParameterNames', `<ParameterPath/><NextLevel>${yes}</NextLevel>`],
    ['GetParameterNames', `<ParameterPath>${root}DeviceInfo.</ParameterPath><NextLevel>${no}</NextLevel>`],
    ['GetParameterValues', strings('ParameterNames', `${root}ManagementServer.`, `${root}DeviceInfo.SoftwareVersion`)],
    [
      'SetParameterValues',
      dialect.list('ParameterList', 'cwmp:ParameterValueStruct', [value]) + more('<ParameterKey>key-1</ParameterKey>'),
    ],
    ['SetParameterAttributes', dialect.list('ParameterList', 'cwmp:SetParameterAttributesStruct', [attributes])],
    ['GetParameterAttributes', strings('ParameterNames', interval)],
    ['AddObject', `<ObjectName>${table}</ObjectName>${more('<ParameterKey></ParameterKey>')}`],
    ['ScheduleInform', '<DelaySeconds>600</DelaySeconds><CommandKey>later</CommandKey>'],
    [
      'Download',
      '<CommandKey>dl</CommandKey><FileType>3 Vendor Configuration File</FileType>' +
        `<URL>${fileUrl}</URL>${more('<Username></Username><Password></Password><FileSize>0</FileSize>')}` +
        `${more('<TargetFileName></TargetFileName><DelaySeconds>0</DelaySeconds><SuccessURL></SuccessURL><FailureURL/>')}`,
    ],
    ['Reboot', '<CommandKey>boot</CommandKey>'],
  ];
}

describe('ACS dialects', () => {
  let acs: ScriptedAcs;
  let unit: TestUnit;
  beforeEach(async () => {
    acs = await scriptedAcs();
  });
  afterEach(async () => {
    await unit.close();
    await acs.close();
  });

  for (const dialect of dialects)
    for (const [model, table] of [
      ['dgw', 'Device.X_0090F8_Nlm.Events.'],
      ['device', 'Device.ManagementServer.InformParameter.'],
    ] as const)
      it(`serves an ACS with ${dialect.name} (${model})`, async () => {
        const asked = requests(dialect, 'Device.', table, `http://127.0.0.1:${acs.port}/none.cfg`);
        acs.play(answering(dialect, 'InformResponse', '<MaxEnvelopes>1</MaxEnvelopes>'));
        asked.forEach(([name, content], at) => void acs.play(text(dialect, name, content, `id-${at}`)));
        acs.play({ ...dialect.answer });
        unit = await testUnit({ url: acs.url, model });
        await unit.boot();
        const report = await unit.ended(1);
        assert.equal(report.ok, true, JSON.stringify(report.error));
        assert.deepEqual(
          acs.names().slice(0, asked.length + 2),
          ['Inform', '(empty)', ...asked.map(([name]) => `${name}Response`)],
          JSON.stringify(report.rpcs),
        );
        assert.deepEqual(
          acs.heard.slice(2, asked.length + 2).map(idOf),
          asked.map((_, at) => `id-${at}`),
        );
        const interval = unit.device.config.get('Device.ManagementServer.PeriodicInformInterval');
        assert.equal(interval, '777');

        // After the Download has failed and the Reboot is done, both are reported.
        acs.always(heard => {
          const { envelope } = heard;
          if (heard.method === 'GET') return { status: 404 };
          if (envelope?.body.kind !== 'request') return { ...dialect.answer };
          const content = envelope.body.method === 'Inform' ? '<MaxEnvelopes>1</MaxEnvelopes>' : '';
          return text(dialect, `${envelope.body.method}Response`, content, idOf(heard));
        });
        await unit.until(() => acs.names().filter(name => name === 'TransferComplete').length === 1);
        const told = acs.heard.filter(({ envelope }) => envelope?.body.kind === 'request').slice(1);
        const events = told
          .filter(({ envelope }) => envelope?.body.kind === 'request' && envelope.body.method === 'Inform')
          .flatMap(heard => argumentsOf(heard, 'Inform').Event.map(event => `${event.EventCode} ${event.CommandKey}`));
        for (const event of ['M Reboot boot', 'M Download dl', '7 TRANSFER COMPLETE ', '1 BOOT '])
          assert.ok(events.includes(event), `${event} in ${events}`);
      });
});
