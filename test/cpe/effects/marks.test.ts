// The marks live, stored and status of the gateway's model, against the source that reads its variables.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { registryOf } from '../../../cpe/services/registry.ts';
import { builtinModel } from '../../../shared/model/datamodel.ts';
import { withEffects } from '../../support/cpe/effects/table.ts';

const root = new URL('../../../', import.meta.url);
const model = await builtinModel('dgw');
const parameters = [...model.parameters.values()];

/** Files of the unit that act; its pages only show. */
async function sources(): Promise<{ name: string; text: string }[]> {
  const names = (await readdir(new URL('cpe/', root), { recursive: true })).filter(name => name.endsWith('.ts'));
  return Promise.all(
    names
      .filter(name => !/^web\/(?:pages|render|forms)\//.test(name))
      .map(async name => ({ name, text: await readFile(new URL(`cpe/${name}`, root), 'utf8') })),
  );
}

describe('marks of the gateway model', () => {
  it('mark every parameter of the gateway, and none of another model', async () => {
    assert.deepEqual(
      parameters.filter(def => def.effect === undefined).map(def => def.path),
      [],
    );
    const plain = await builtinModel('device');
    assert.ok([...plain.parameters.values()].every(def => def.effect === undefined));
  });

  it('call no writable parameter status, and no read-only one live', () => {
    const wrong = parameters.filter(({ writable, effect }) => (writable ? effect === 'status' : effect === 'live'));
    assert.deepEqual(
      wrong.map(def => def.path),
      [],
    );
  });

  it('call nothing stored that code computes, stores or runs as a row command', () => {
    const { values, writes, rowCommands } = registryOf(model);
    const lies = parameters.filter(
      ({ effect, path }) => effect === 'stored' && (values.has(path) || writes.has(path) || rowCommands.has(path)),
    );
    assert.deepEqual(
      lies.map(def => def.path),
      [],
    );
  });

  it('call no setting stored that code reads by its whole name', async () => {
    const read = new Set<string>();
    for (const { text } of await sources()) {
      for (const [, name = ''] of text.matchAll(/\b(?:variable|running)\(\s*'(\w+\.\w+)'/g)) read.add(name);
    }
    assert.ok(read.size >= 30, String(read.size));
    const lies = [...read].filter(name => model.variable(name)?.parameter.effect === 'stored');
    assert.deepEqual(lies, []);
  });

  it('call a live setting by a name that some source has', async () => {
    const all = (await sources()).map(({ text }) => text);
    all.push(await readFile(new URL('shared/tls/profiles.ts', root), 'utf8'));
    const words = new Set(all.flatMap(text => text.match(/\w+/g) ?? []));
    const unread = parameters.filter(
      ({ effect, name, rowCommand, script, service = '' }) =>
        effect === 'live' &&
        script !== undefined &&
        !rowCommand &&
        ![...partsOf(name, service)].some(part => words.has(part)),
    );
    assert.deepEqual(
      unread.map(def => def.script),
      [],
    );
  });

  it('are counted in the table of docs/gateway.md', async () => {
    const page = await readFile(new URL('docs/gateway.md', root), 'utf8');
    assert.equal(page, await withEffects(page), 'npm run generate');
  });
});

/** Endings of a name at its capitals, as code builds names from a group and a column; the whole name first. */
function* partsOf(name: string, service: string): Generator<string> {
  yield name;
  if (service === 'Cwmp') yield `STUN${name.slice('Tr111Stun'.length)}`;
  for (const { index } of name.matchAll(/[A-Z]/g)) if (index > 0 && name.length - index > 3) yield name.slice(index);
}
