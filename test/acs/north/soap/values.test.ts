// Values on their way through XML: whatever JSON a schema allows comes back as it was, and texts arrive and leave exactly.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { operations } from '../../../../acs/north/operations.ts';
import { decode } from '../../../../acs/north/soap/decode.ts';
import { encodeAnswer, encodeElement } from '../../../../acs/north/soap/encode.ts';
import { messagesOf } from '../../../../acs/north/soap/messages.ts';
import { NAMESPACE } from '../../../../acs/north/soap/namespace.ts';
import { ANY, type XmlType, xmlTypeOf } from '../../../../acs/north/soap/xml-type.ts';
import type { XmlElement } from '../../../../shared/xml/element.ts';
import { parseXml } from '../../../../shared/xml/read.ts';
import { type TestApi, testApi } from '../../../support/acs/api.ts';
import { type Shape, valid } from '../../../support/acs/inputs.ts';
import { deviceId as id } from '../../../support/devices.ts';
import { envelopeOf, sendEnvelope, soapCall } from '../../../support/soap/api.ts';

const seed = Number(process.env.TANDEM_SEED ?? 8);
const NOT_XML = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/u;

/** As JSON would carry it, without the fields that are null. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_name, inner: unknown) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).filter(([, each]) => each !== null))
        : inner,
    ) ?? 'null',
  );

const document = (text: string): XmlElement => parseXml(text.replace('<t:v', `<t:v xmlns:t="${NAMESPACE}"`));
const through = (type: XmlType, value: unknown): unknown =>
  decode(type, document(encodeElement('v', type, value)), 'v');

const hasOdd = (value: unknown): boolean =>
  /\\u[0-9a-f]{4}/.test(JSON.stringify(value)) || NOT_XML.test(JSON.stringify(value));

describe('SOAP values', () => {
  for (const { name, body } of operations) {
    if (typeof body !== 'object') continue;
    it(`of ${name} come back as they were`, () => {
      fc.assert(
        fc.property(valid(body.json as Shape), value => {
          fc.pre(!hasOdd(value));
          assert.deepEqual(plain(through(xmlTypeOf(body.json), value)), plain(value));
        }),
        { numRuns: 40, seed },
      );
    });
  }

  it('of any JSON come back as they were', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), value => {
        fc.pre(!hasOdd(value));
        assert.deepEqual(plain(through(ANY, value)), plain(value));
      }),
      { numRuns: 500, seed },
    );
  });

  it('that XML cannot carry are named by `escaped`, and written as in JSON', () => {
    const odd = fc.string({ unit: 'binary', maxLength: 12 }).map(text => `${text}\u0001\ud800\uffff\\`);
    fc.assert(
      fc.property(odd, fc.string(), (strange, other) => {
        fc.pre(!NOT_XML.test(other));
        const type = xmlTypeOf({ type: 'object', patternProperties: { '^.*$': { type: 'string' } } } as never);
        const [entry] = document(encodeElement('v', type, { [other]: strange })).children;
        assert.equal(entry?.attributes.escaped, 'value');
        assert.equal(entry?.child('name')?.text, other);
        assert.equal(JSON.parse(`"${entry?.child('value')?.text}"`), strange);
      }),
      { numRuns: 300, seed },
    );
  });

  it('of a long list leave as those of a short one, with breaks', async () => {
    const operation = operations.find(({ name }) => name === 'listFiles');
    assert.ok(operation);
    const { answer } = messagesOf(operation);
    const file = { name: 'a<b', type: 'script', size: 1, sha256: 'x', time: '2026-01-01T00:00:00Z' };
    const result = { items: Array.from({ length: 3000 }, () => file) };
    assert.equal(await encodeAnswer('v', answer, { result }), encodeElement('v', answer, { result }));
  });

  it('that are no JSON of the type are refused on the way out', () => {
    for (const value of [1, null, [], { a: 1 }])
      assert.throws(() => encodeElement('v', xmlTypeOf({ type: 'string' } as never), value));
  });
});

describe('parameter values by SOAP', () => {
  let api: TestApi;
  before(async () => {
    api = await testApi();
    await api.call('POST', '/devices', { body: { id } });
  });
  after(async () => await api.close());

  const texts = [
    ...['', ' ', '  a  b  ', '\n', 'a\nb', 'a\tb', '\r', 'a\r\nb', ']]>', '<![CDATA[x]]>', '<?xml version="1.0"?><a/>'],
    ...[
      '<b>&amp;</b>',
      '&#10;',
      '\ufffd',
      '\u00a0',
      '\u2028',
      '\u0085',
      'ä€😀',
      'null',
      'true',
      '007',
      '1e3',
      'escaped',
    ],
  ];

  /** The text as the element holds it, in one of the ways in which XML writes it. */
  const written = (text: string, how: 'references' | 'cdata'): string =>
    how === 'cdata' && !text.includes('\r')
      ? `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`
      : [...text].map(each => `&#${each.codePointAt(0)};`).join('');

  async function assertExact(text: string, how: 'references' | 'cdata'): Promise<void> {
    const path = 'Device.A.Text';
    const entry = (name: string, inner: string): string =>
      `<t:entry><t:name>${name}</t:name><t:value>${inner}</t:value></t:entry>`;
    const list = entry(
      'ParameterList',
      `<t:fields>${entry(path, `<t:text>${written(text, how)}</t:text>`)}</t:fields>`,
    );
    const call = `<t:addTask xmlns:t="${NAMESPACE}"><t:id>${id}</t:id><t:method>SetParameterValues</t:method><t:args>${list}</t:args></t:addTask>`;
    const { result, xml } = await sendEnvelope(api, envelopeOf(call));
    const task = result as { id: string; args: { ParameterList: { Value: string }[] } };
    assert.ok(task, xml);
    const stored = await api.acs.store.task(task.id);
    assert.ok(stored);
    const { ParameterList } = stored.args as typeof task.args;
    assert.equal(ParameterList[0]?.Value, text, 'as it is stored');
    assert.equal(task.args.ParameterList[0]?.Value, text, 'as it is answered');
    const again = (await soapCall(api, 'getTask', { id: task.id })).result as typeof task;
    assert.equal(again.args.ParameterList[0]?.Value, text, 'as it is read');
    await soapCall(api, 'cancelTask', { id: task.id });
  }

  for (const how of ['references', 'cdata'] as const)
    it(`arrive and leave exactly, written as ${how}`, async () => {
      for (const text of texts) await assertExact(text, how);
    });

  it('arrive and leave exactly, whatever their characters', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', maxLength: 30 }),
        fc.constantFrom('references', 'cdata'),
        async (text, how) => {
          fc.pre(!NOT_XML.test(text));
          await assertExact(text, how as 'references');
        },
      ),
      { numRuns: 60, seed },
    );
  });
});
