// Requests that are no calls: each is refused with its place, none costs a server error, a stack, or work before the login.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type TestApi, testApi } from '../../../support/acs/api.ts';
import { callText, envelopeOf, type Fault, sendEnvelope } from '../../../support/soap/api.ts';

const SOAP_12 = 'http://www.w3.org/2003/05/soap-envelope';
const call = callText('listDevices', { limit: 1 });
const good = envelopeOf(call);
const laughs = `<!DOCTYPE l [<!ENTITY a "ha">${Array.from({ length: 20 }, (_, at) => `<!ENTITY a${at} "&a${at === 0 ? '' : at - 1};&a;">`).join('')}]>`;

interface Attempt {
  what: string;
  xml: string | Buffer;
  code: string;
  faultCode?: string;
  place?: RegExp;
  headers?: Record<string, string>;
}

const typed = (inner: string): string =>
  envelopeOf(`<t:listDevices xmlns:t="urn:tandem:northbound:1">${inner}</t:listDevices>`);

const attempts: Attempt[] = [
  { what: 'nothing', xml: '', code: 'bad-xml', place: /^line 1/ },
  { what: 'JSON', xml: '{"a": 1}', code: 'bad-xml', place: /^line 1, column \d+$/ },
  { what: 'an unclosed element', xml: good.slice(0, -5), code: 'bad-xml', place: /^line / },
  { what: 'a document type', xml: `<!DOCTYPE a>${good}`, code: 'bad-xml', place: /^line / },
  { what: 'nested entities', xml: laughs + good.replace('1</t', '&a19;</t'), code: 'bad-xml', place: /^line / },
  { what: 'an external entity', xml: `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>${good}`, code: 'bad-xml' },
  { what: 'an unknown entity', xml: good.replace('1</t', '&x;</t'), code: 'bad-xml', place: /^line / },
  { what: 'a control character', xml: good.replace('1</t', '&#1;</t'), code: 'bad-xml', place: /^line / },
  { what: '10 MB', xml: typed(`<t:filter>${'x'.repeat(10 * 1024 * 1024)}</t:filter>`), code: 'too-large' },
  { what: 'elements without end', xml: typed('<t:a/>'.repeat(250_000)), code: 'bad-xml' },
  { what: 'a deep tree', xml: typed('<t:a>'.repeat(100) + '</t:a>'.repeat(100)), code: 'bad-xml' },
  { what: 'bytes that are not UTF-8', xml: Buffer.from(good.replace('1</t', '\xff</t'), 'latin1'), code: 'bad-xml' },
  { what: 'another encoding', xml: `<?xml version="1.0" encoding="ISO-8859-1"?>${good}`, code: 'bad-xml' },
  { what: 'another document', xml: '<html/>', code: 'bad-envelope' },
  {
    what: 'SOAP 1.2',
    xml: good.replaceAll('http://schemas.xmlsoap.org/soap/envelope/', SOAP_12),
    code: 'soap-version',
    faultCode: 'soap:VersionMismatch',
  },
  {
    what: 'SOAP 1.2 by its type',
    xml: good,
    code: 'soap-version',
    headers: { 'content-type': 'application/soap+xml' },
    faultCode: 'soap:VersionMismatch',
  },
  { what: 'attachments', xml: good, code: 'not-soap', headers: { 'content-type': 'multipart/related; boundary=a' } },
  { what: 'a compressed body', xml: good, code: 'encoded-body', headers: { 'content-encoding': 'gzip' } },
  {
    what: 'an envelope in no namespace',
    xml: good.replace(/ xmlns:s="[^"]+"/, ''),
    code: 'soap-version',
    faultCode: 'soap:VersionMismatch',
  },
  { what: 'no body', xml: good.replace(/<s:Body>.*<\/s:Body>/, ''), code: 'bad-envelope' },
  { what: 'two bodies', xml: good.replace('</s:Envelope>', '<s:Body/></s:Envelope>'), code: 'bad-envelope' },
  { what: 'two calls', xml: envelopeOf(call + call), code: 'bad-envelope' },
  { what: 'an empty body', xml: envelopeOf(''), code: 'bad-envelope' },
  {
    what: 'a header behind the body',
    xml: good.replace('</s:Envelope>', '<s:Header/></s:Envelope>'),
    code: 'bad-envelope',
  },
  {
    what: 'a header that must be understood',
    xml: envelopeOf(call, '<s:Header><a:b s:mustUnderstand="1" xmlns:a="urn:a"/></s:Header>'),
    code: 'soap-header',
    faultCode: 'soap:MustUnderstand',
  },
  { what: 'a call in no namespace', xml: envelopeOf('<listDevices/>'), code: 'bad-input', place: /^Body$/ },
  { what: 'a field in no namespace', xml: typed('<limit>1</limit>'), code: 'bad-input', place: /^listDevices$/ },
  { what: 'an unknown call', xml: envelopeOf('<t:x xmlns:t="urn:tandem:northbound:1"/>'), code: 'no-such-call' },
  { what: 'an unknown element', xml: typed('<t:limt>1</t:limt>'), code: 'bad-input', place: /^listDevices$/ },
  {
    what: 'an unknown attribute',
    xml: typed('<t:limit href="#a">1</t:limit>'),
    code: 'bad-input',
    place: /^listDevices\.limit$/,
  },
  { what: 'a field that is given twice', xml: typed('<t:limit>1</t:limit><t:limit>2</t:limit>'), code: 'bad-input' },
  { what: 'text between elements', xml: typed('x<t:limit>1</t:limit>'), code: 'bad-input' },
  { what: 'an element in a text', xml: typed('<t:limit><t:a/></t:limit>'), code: 'bad-input' },
  ...['abc', '1.5', '', 'NaN', '0x10', '1e3', '99999999999999999999'].map(text => ({
    what: `the integer "${text}"`,
    xml: typed(`<t:limit>${text}</t:limit>`),
    code: 'bad-input',
    place: /^listDevices\.limit$/,
  })),
  { what: 'a wrong boolean', xml: typed('<t:count>yes</t:count>'), code: 'bad-input', place: /^listDevices\.count$/ },
  {
    what: 'the action of another call',
    xml: good,
    code: 'bad-envelope',
    headers: { soapaction: '"urn:tandem:northbound:1#deleteDevice"' },
  },
];

function assertRefusal(fault: Fault | undefined, told: { status: number; xml: string }): asserts fault is Fault {
  assert.ok(fault, told.xml);
  assert.ok(told.status < 500 && fault.status < 500, told.xml);
  assert.doesNotMatch(told.xml, /\bat .*\.[jt]s:\d|node_modules|node:internal/, 'shows no stack');
}

describe('SOAP requests that are no calls', () => {
  let api: TestApi;
  before(async () => {
    api = await testApi();
  });
  after(async () => await api.close());

  for (const { what, xml, code, faultCode = 'soap:Client', place, headers } of attempts)
    it(`refuse ${what}`, async () => {
      const { fault, ...told } = await sendEnvelope(api, xml, headers ? { headers } : {});
      assertRefusal(fault, told);
      assert.deepEqual([fault.code, fault.faultCode], [code, faultCode], told.xml);
      if (place) assert.match(fault.place ?? '', place);
    });

  it('refuse more than 64 KB before a login is shown', async () => {
    const xml = typed(`<t:filter>${'x'.repeat(70_000)}</t:filter>`);
    const { fault } = await sendEnvelope(api, xml, { token: undefined });
    assert.equal(fault?.code, 'too-large');
    assert.notEqual((await sendEnvelope(api, xml)).fault?.code, 'too-large');
  });

  it('take nil and types of instances as what they say', async () => {
    const xsi = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema"';
    const nil = await sendEnvelope(
      api,
      typed(`<t:filter ${xsi} xsi:nil="true"/><t:limit ${xsi} xsi:type="xs:long"> 1 </t:limit>`),
    );
    assert.equal(nil.status, 200, nil.xml);
  });

  it('refuse damaged envelopes without a server error', async function () {
    this.timeout(60_000);
    const piece = fc.oneof(
      fc.constantFrom(
        '<',
        '>',
        '&',
        ']]>',
        '<![CDATA[',
        '<?x?>',
        '<!--',
        '&#0;',
        '</s:Body>',
        'xmlns=""',
        '\u0000',
        '"',
      ),
      fc.string({ unit: 'binary', maxLength: 5 }),
    );
    const damaged = fc
      .tuple(fc.nat({ max: good.length }), fc.nat({ max: 20 }), piece)
      .map(([at, length, text]) => good.slice(0, at) + text + good.slice(at + length));
    await fc.assert(
      fc.asyncProperty(damaged, async xml => {
        const { fault, ...told } = await sendEnvelope(api, xml);
        if (fault) assertRefusal(fault, told);
      }),
      { numRuns: 300, seed: Number(process.env.TANDEM_SEED ?? 5) },
    );
  });
});
