// The WSDL: made from the table of operations, whole, and a valid schema to a foreign program.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Type } from 'typebox';
import type { Operation } from '../../../../acs/north/operation.ts';
import { operations } from '../../../../acs/north/operations.ts';
import { messagesOf } from '../../../../acs/north/soap/messages.ts';
import { wsdlOf } from '../../../../acs/north/soap/wsdl.ts';
import { parseXml } from '../../../../shared/xml/read.ts';
import { testApi } from '../../../support/acs/api.ts';
import { peerSuite, run } from '../../../support/servers/peers.ts';
import { schemaIn } from '../../../support/soap/schema.ts';

const committed = new URL('../../../../schemas/northbound.wsdl', import.meta.url);
const wsdl = wsdlOf(operations);

const sample: Operation = {
  name: 'sample',
  summary: 'A sample',
  method: 'POST',
  path: '/samples/:id',
  role: 'viewer',
  scope: 'none',
  parameters: 'none',
  answers: { 204: 'nothing' },
  run: async () => ({ status: 204 }),
};
const fieldNames = (operation: Operation): string[] => messagesOf(operation).request.fields.map(({ name }) => name);

describe('SOAP description', () => {
  it('equals the committed schemas/northbound.wsdl (npm run generate)', async () => {
    assert.equal(wsdl, await readFile(committed, 'utf8'));
  });

  it('has each operation with its request, its answer and its action', () => {
    const root = parseXml(wsdl);
    const all = (name: string, parent: string): (string | undefined)[] =>
      root.children
        .filter(child => child.name === parent)
        .flatMap(child => child.children.filter(inner => inner.name === name).map(inner => inner.attributes.name));
    const names = operations.map(({ name }) => name);
    assert.deepEqual(all('operation', 'portType'), names);
    assert.deepEqual(all('operation', 'binding'), names);
    const schema = root.child('types')?.child('schema')?.children ?? [];
    const elements = schema.filter(({ name }) => name === 'element').map(({ attributes }) => attributes.name);
    assert.deepEqual(elements, [...names.flatMap(name => [name, `${name}Response`]), 'problem']);
  });

  it('has a type for each name that it refers to, and each once', () => {
    const declared = [...wsdl.matchAll(/<xs:(?:complex|simple)Type name="([^"]+)"/g)].map(found => found[1]);
    assert.equal(new Set(declared).size, declared.length);
    for (const [, name] of wsdl.matchAll(/ type="t:([^"]+)" *(?:minOccurs|maxOccurs|\/|>)/g))
      if (name !== 'Northbound') assert.ok(declared.includes(name), `${name} is declared`);
  });

  it('has wrappers without attributes, which clients open', () => {
    const wrapper = (name: string): string =>
      wsdl.split(`<xs:element name="${name}">`)[1]?.split('</xs:element>\n      ')[0] ?? '';
    for (const name of ['listDevices', 'listDevicesResponse', 'addTask', 'addTaskResponse'])
      assert.ok(wrapper(name) !== '' && !wrapper(name).includes('xs:attribute'), name);
  });

  it('never allows nil', () => {
    assert.ok(!wsdl.includes('nillable'));
  });

  it('gives a name that is taken its place in front', () => {
    const query = Type.Object({ id: Type.Optional(Type.String()), wait: Type.Number() });
    const body = { json: Type.Object({ id: Type.String(), wait: Type.String(), other: Type.String() }) };
    assert.deepEqual(fieldNames({ ...sample, query, body }), ['id', 'queryId', 'wait', 'bodyId', 'bodyWait', 'other']);
  });

  it('has one field for a body whose names are free', () => {
    const body = { json: Type.Object({}, { additionalProperties: Type.Number() }) };
    assert.deepEqual(fieldNames({ ...sample, body }), ['id', 'body']);
  });

  it('has a form for every schema, even for one that no operation has', () => {
    const odd = Type.Object({
      tuple: Type.Tuple([Type.String(), Type.Number()]),
      both: Type.Union([Type.Array(Type.String()), Type.Record(Type.String(), Type.Number()), Type.Literal(3)]),
      not: Type.Null(),
      items: Type.Array(Type.Union([Type.String(), Type.Null()])),
      'a b': Type.Optional(Type.String()),
    });
    assert.ok(wsdlOf([{ ...sample, body: { json: odd }, answers: { 200: odd } }]).includes('t:AnyMap'));
  });

  it('is served without a login, with the address by which the client has come', async () => {
    const api = await testApi();
    const headers = { host: 'acs.example:8443' };
    const { statusCode, body } = await api.rest.inject({ method: 'GET', url: '/soap?WSDL', headers });
    assert.equal(statusCode, 200);
    assert.ok(body.includes('<soap:address location="http://acs.example:8443/soap"/>'));
    assert.equal(body.replace('acs.example:8443', '127.0.0.1:8080'), wsdl);
    const strange = await api.rest.inject({ method: 'GET', url: '/soap?wsdl&faults=500', headers: { host: 'a"<b>' } });
    assert.ok(strange.body.includes('<soap:address location="http://127.0.0.1:8080/soap?faults=500"/>'));
    const { statusCode: bare } = await api.rest.inject({ method: 'GET', url: '/soap' });
    assert.equal(bare, 404);
    await api.close();
  });
});

peerSuite('SOAP description to libxml2', { programs: ['xmllint'] }, () => {
  it('has a schema that is one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tandem-wsdl-'));
    const [schema, document] = [join(folder, 'northbound.xsd'), join(folder, 'call.xml')];
    await writeFile(schema, schemaIn(wsdl));
    await writeFile(document, '<getDevice xmlns="urn:tandem:northbound:1"><id>x</id></getDevice>');
    await run('xmllint', ['--noout', '--schema', schema, document]);
    await writeFile(document, '<getDevice xmlns="urn:tandem:northbound:1"><di>x</di></getDevice>');
    await assert.rejects(run('xmllint', ['--noout', '--schema', schema, document]), /not expected/);
    await rm(folder, { recursive: true });
  });
});
