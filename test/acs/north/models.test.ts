// Operations on data models: documents that operators give.
import assert from 'node:assert/strict';
import { type TestApi, testApi } from '../../support/acs/api.ts';
import { ForeignCpe } from '../../support/acs/foreign-cpe.ts';

const document = (content: string): string => `<?xml version="1.0" encoding="UTF-8"?>
<dm:document xmlns:dm="urn:broadband-forum-org:cwmp:datamodel-1-4" spec="urn:example:acme-1-0-0">${content}</dm:document>`;
const parameter = (name: string, access: string, syntax: string): string =>
  `<parameter name="${name}" access="${access}"><syntax>${syntax}</syntax></parameter>`;
const acme = document(`<model name="Acme:1.0">
  <object name="Device." access="readOnly" minEntries="1" maxEntries="1">${parameter('Note', 'readOnly', '<string/>')}</object>
  <object name="Device.Lamp.{i}." access="readWrite" minEntries="0" maxEntries="unbounded">
    ${parameter('Mode', 'readWrite', '<string><enumeration value="Dim"/><enumeration value="Bright"/></string>')}
    ${parameter('Level', 'readWrite', '<unsignedInt><range minInclusive="1" maxInclusive="10"/></unsignedInt>')}
    ${parameter('Size', 'readWrite', '<unsignedLong/>')}
    ${parameter('Code', 'readWrite', '<string><size maxLength="4"/><pattern value="[A-Z]+"/></string>')}
  </object></model>`);
const lamp = { manufacturer: 'Acme', oui: 'A1B2C3', productClass: 'Lamp', serial: 'L1', version: '1' } as const;

describe('data model API', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi({ enrol: 'auto', cpeAuth: 'none' });
    await new ForeignCpe(api.acs, { ...lamp, root: 'Device.' }, {}).run();
  });
  afterEach(async () => await api.close());

  const put = (body: string | Buffer, query = '') =>
    api.call('PUT', `/models/acme${query}`, { body: Buffer.from(body), headers: { 'content-type': 'text/xml' } });
  const when = 'oui = "A1B2C3"';

  it('F3: judges presets by a document that is given for the product', async () => {
    const made = await put(acme, '?oui=A1B2C3&productClass=Lamp');
    assert.deepEqual(
      [made.status, made.json.title, made.json.source, made.json.parameters, made.json.oui],
      [201, 'Acme:1.0', 'document', 5, 'A1B2C3'],
    );
    assert.equal((await put(acme, '?oui=A1B2C3')).status, 200);
    const good = { when, set: { 'Device.Lamp.1.Mode': 'Dim', 'Device.Lamp.1.Level': 10, 'Device.Lamp.1.Code': 'AB' } };
    const { status, json } = await api.call('PUT', '/presets/p', { body: good });
    assert.deepEqual([status, json.warnings], [201, undefined]);
    const refused = async (code: string, path: string, value: string | number, detail: RegExp): Promise<void> => {
      const body = { when, set: { [path]: value } };
      assert.match(String((await api.refused(400, code, 'PUT', '/presets/q', { body })).detail), detail);
    };
    await refused(
      'bad-value',
      'Device.Lamp.1.Mode',
      'Loud',
      /^set: Device\.Lamp\.1\.Mode: "Loud" is none of Dim, Bright/,
    );
    await refused('bad-value', 'Device.Lamp.1.Level', 11, /^set: Device\.Lamp\.1\.Level: 11 is out of range/);
    await refused('bad-value', 'Device.Lamp.1.Size', '18446744073709551616', /does not fit unsignedLong/);
    await refused('bad-value', 'Device.Lamp.1.Code', 'ab', /not of the form/);
    await refused('read-only', 'Device.Note', 'x', /^set: Device\.Note: .*read-only/);
    const rows = { keys: ['Mode'], rows: [{ Mode: 'Dim', Level: 0 }] };
    const { detail } = await api.refused(400, 'bad-value', 'PUT', '/presets/q', {
      body: { when, objects: { 'Device.Lamp.': rows } },
    });
    assert.match(String(detail), /^objects: Device\.Lamp\. row 1 Level: 0 is out of range/);
  });

  it('F3: keeps a document that is given without marks as a standard for all devices', async () => {
    await put(acme);
    const body = { when, set: { 'Device.Lamp.1.Mode': 'Loud' } };
    await api.refused(400, 'bad-value', 'PUT', '/presets/q', { body });
    const { json } = await api.call('GET', '/models/acme?find=level');
    assert.deepEqual(json.items, [
      { path: 'Device.Lamp.{i}.Level', writable: true, type: 'xsd:unsignedInt', min: '1', max: '10' },
    ]);
    assert.equal((await api.call('DELETE', '/models/acme')).status, 204);
    assert.equal((await api.call('PUT', '/presets/q', { body })).status, 201);
  });

  const bomb = document(
    `${[1, 2, 3, 4, 5, 6, 7]
      .map(n => `<component name="C${n}">${`<component ref="C${n + 1}"/>`.repeat(40)}</component>`)
      .join('')}<component name="C8"><parameter name="A"/></component><model name="B:1"><component ref="C1"/></model>`,
  );
  const hostile: [string, string | Buffer, RegExp][] = [
    ['a DTD', acme.replace('<dm:document', '<!DOCTYPE d [<!ENTITY a "b">]><dm:document'), /document type declaration/],
    ['a document that is too deep', document('<a>'.repeat(5000) + '</a>'.repeat(5000)), /levels deep/],
    ['components that multiply', bomb, /more than 50000 definitions/],
    ['what is not XML', 'no XML', /data model: /],
    ['what is not UTF-8', Buffer.concat([Buffer.from(acme), Buffer.from([0xff])]), /not UTF-8/],
    ['another document', '<a/>', /root element/],
  ];
  for (const [what, body, detail] of hostile)
    it(`F3: refuses ${what} as a data model`, async () => {
      const answer = await put(body);
      assert.deepEqual([answer.status, answer.json.code], [400, 'bad-model']);
      assert.match(String(answer.json.detail), detail);
    });

  it('F3: refuses a document beyond 8 MB and the names of built-in models', async () => {
    const large = await put(Buffer.alloc(8 * 1024 * 1024 + 1, 0x20));
    assert.deepEqual([large.status, large.json.code], [413, 'model-too-large']);
    for (const name of ['dgw', 'learned-1'])
      await api.refused(400, 'bad-name', 'PUT', `/models/${name}`, { body: Buffer.from(acme) });
  });

  it('shows what a device has: as documented, as it has told, and what nothing is sure of', async () => {
    await put(acme, '?oui=A1B2C3&productClass=Lamp');
    const id = 'A1B2C3-Lamp-L1';
    const read = async (query: string) => await api.call('GET', `/devices/${id}/model?${query}`);
    const { items } = (await read('path=Device.Lamp.7.Mode,Device.Lamp.7.Code,Device.Note,Device.Nothing')).json;
    assert.deepEqual(items, [
      { path: 'Device.Lamp.7.Code', writable: true, type: 'xsd:string', maxLength: 4 },
      { path: 'Device.Lamp.7.Mode', writable: true, type: 'xsd:string', enum: ['Dim', 'Bright'] },
      { path: 'Device.Note', writable: false, type: 'xsd:string' },
    ]);
    const below = (await read('path=Device.Lamp.3.')).json;
    assert.deepEqual(
      below.items.map(({ path, type }) => [path, type]),
      [
        ['Device.Lamp.{i}.', 'object'],
        ['Device.Lamp.{i}.Code', 'xsd:string'],
        ['Device.Lamp.{i}.Level', 'xsd:unsignedInt'],
        ['Device.Lamp.{i}.Mode', 'xsd:string'],
        ['Device.Lamp.{i}.Size', 'xsd:unsignedLong'],
      ],
    );
    const standard = (await read('path=Device.Time.&find=NTPServer1')).json;
    assert.deepEqual([standard.complete, standard.items[0]?.unsure], [false, true]);
    await api.refused(404, 'no-such-device', 'GET', '/devices/none/model');
    const many = Array.from({ length: 201 }, () => 'Device.A').join(',');
    await api.refused(400, 'bad-input', 'GET', `/devices/${id}/model?path=${many}`);
  });

  it('has pages, and a tag by which a client keeps what it has', async () => {
    const paths: unknown[] = [];
    let next: unknown;
    for (let count = 0; count < 50 && next !== null; count++) {
      const query = next === undefined ? '' : `&cursor=${String(next)}`;
      const page = (await api.call('GET', `/models/device?prefix=Device.DeviceInfo.&limit=7${query}`)).json;
      paths.push(...page.items.map(({ path }) => path));
      next = page.next;
    }
    const whole = (await api.call('GET', '/models/device?prefix=Device.DeviceInfo.')).json;
    assert.deepEqual(
      paths,
      whole.items.map(({ path }) => path),
    );
    assert.equal(paths.length, whole.total);
    for (const url of ['/models/device?find=uptime', '/devices/A1B2C3-Lamp-L1/model?path=Device.DeviceInfo.']) {
      const { etag } = (await api.call('GET', url)).headers;
      const again = await api.call('GET', url, { headers: { 'if-none-match': String(etag) } });
      assert.deepEqual([again.status, again.text], [304, ''], url);
    }
  });
});
