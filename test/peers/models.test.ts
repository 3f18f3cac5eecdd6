// Our documents before the Broadband Forum's schema, and the Forum's documents before our reader.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { builtinModel, loadModel } from '../../shared/model/datamodel.ts';
import type { Model } from '../../shared/model/definitions.ts';
import { checkValue } from '../../shared/model/values.ts';
import { documentsFolder, peerSuite, run, tablesFolder } from '../support/servers/peers.ts';

const schemas = fileURLToPath(new URL('../../schemas/', import.meta.url));
const SCHEMA = join(documentsFolder, 'cwmp-datamodel-1-4.xsd');

peerSuite('schemas/ before xmllint and the data-model schema', { programs: ['xmllint'], files: [SCHEMA] }, () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tandem-schema-'));
    const imports = [
      ['urn:broadband-forum-org:cwmp:datamodel-1-4', pathToFileURL(SCHEMA)],
      ['urn:tandem:datamodel-extension', pathToFileURL(join(schemas, 'datamodel-extension.xsd'))],
    ].map(([namespace, file]) => `<xs:import namespace="${namespace}" schemaLocation="${file}"/>`);
    const both = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">${imports.join('')}</xs:schema>`;
    await writeFile(join(folder, 'both.xsd'), both);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const name of ['dgw.xml', 'device.xml']) {
    it(`accepts ${name} with our extension`, async () => {
      await run('xmllint', ['--noout', '--nonet', '--schema', join(folder, 'both.xsd'), join(schemas, name)]);
    });
  }
});

/** Rows of a table of parameters, by its column names. */
async function table(file: string): Promise<Record<string, string>[]> {
  const [head = '', ...lines] = (await readFile(join(tablesFolder, file), 'utf8')).trimEnd().split('\n');
  const columns = head.split('\t');
  return lines.map(line => Object.fromEntries(line.split('\t').map((text, at) => [columns[at] ?? '', text])));
}

const standards = ['tr-069-1-0-0', 'tr-098-1-8-0', 'tr-104-1-1-0', 'tr-104-2-0-2-cwmp', 'tr-106-1-2-0', 'tr-181-2-9-0'];
const fileOf = (standard: string): string => join(documentsFolder, `${standard}-full.xml`);

peerSuite("the Forum's own documents", { files: [documentsFolder] }, () => {
  for (const standard of standards) {
    it(`has every object and parameter of the table of ${standard}, of the same kind`, async () => {
      const model = await loadModel(await readFile(fileOf(standard)));
      assert.ok(model.parameters.size > 100);
      consistent(model);
      if (!existsSync(join(tablesFolder, `${standard}.tsv`))) return;
      const rows = await table(`${standard}.tsv`);
      const prefix = standard.startsWith('tr-104') ? 'Device.Services.' : '';
      // One name is deleted in the document, by its own word.
      const absent = rows.filter(row => row.status !== 'deleted' && !holds(model, prefix + row.path));
      assert.deepEqual(absent, []);
      for (const row of rows) compare(model, prefix, row);
    });
  }

  it('resolves properties that only a derived type has', async () => {
    const model = await loadModel(await readFile(fileOf('tr-181-2-9-0')));
    const address = model.parameters.get('Device.DHCPv4.Client.{i}.IPAddress');
    assert.equal(address?.type, 'string');
    assert.equal(address && checkValue(address, '192.0.2.300').ok, false);
    assert.equal(address && checkValue(address, '192.0.2.3').ok, true);
    const bytes = model.parameters.get('Device.IP.Interface.{i}.Stats.BytesSent');
    assert.equal(bytes?.type, 'unsignedLong');
  });
});

function holds(model: Model, path: string | undefined): boolean {
  return path !== undefined && (model.objects.has(path) || model.parameters.has(path));
}

function compare(model: Model, prefix: string, row: Record<string, string>): void {
  const def = model.parameters.get(prefix + row.path);
  if (!def) return;
  const constraints = (row.constraints ?? '').split(';');
  assert.equal(def.writable, row.access === 'readWrite', row.path);
  assert.equal(def.forcedInform, row.forcedInform === 'true', row.path);
  assert.equal(
    def.list ?? false,
    constraints.some(each => each.startsWith('list')),
    row.path,
  );
  // The table knows neither secured values nor that a value was deleted.
  if (constraints.includes('hidden') || constraints.includes('command')) assert.ok(def.hidden, row.path);
  const labels = constraints.filter(each => each.startsWith('enum:')).map(each => each.slice('enum:'.length));
  for (const { label } of def.enumeration ?? []) assert.ok(labels.includes(label), `${row.path} ${label}`);
}

function consistent(model: Model): void {
  for (const object of model.objects.values()) {
    for (const key of object.keys) assert.ok(model.parameters.has(object.path + key), object.path + key);
    assert.ok(!object.numberOfEntries || model.parameters.has(object.numberOfEntries), object.numberOfEntries);
  }
  for (const def of model.parameters.values()) {
    assert.equal(model.resolve(def.path.replaceAll('{i}', '7'))?.def, def);
    if (def.default !== undefined && def.enumeration && !def.list && def.default !== '') {
      assert.ok(checkValue(def, def.default).ok, `${def.path} default ${def.default}`);
    }
  }
}

peerSuite('schemas/dgw.xml against the table of variables', { files: [join(tablesFolder, 'dgw-params.tsv')] }, () => {
  it('has every variable with its access, numbers and default', async () => {
    const model = await builtinModel('dgw');
    const rows = await table('dgw-params.tsv');
    assert.equal(rows.length, 2104);
    for (const row of rows) {
      const def = model.variable(row.path?.replaceAll('=…', '=x') ?? '')?.parameter;
      assert.ok(def, row.path);
      // A name that is a key is written once, when the row is added.
      if (!def.key) assert.equal(def.writable, row.access === 'rw', row.path);
      assert.equal(def.rowCommand ?? false, row.kind === 'rowcmd', row.path);
      const codes = [...(row.syntax ?? '').matchAll(/([\w-]+)\s*\(\s*(\d+)\s*\)/g)].map(match => Number(match[2]));
      if (row.syntax?.startsWith('INTEGER'))
        assert.deepEqual(
          def.enumeration?.map(each => each.code),
          codes,
          row.path,
        );
      const number = /^-?\d+$/.exec(row.default ?? '')?.[0];
      if (number !== undefined) assert.equal(def.default, number, row.path);
      assert.equal(def.default === undefined, row.default === '', row.path);
    }
  });
});
