// The truth of the DGW's model: each setting that it calls live has an effect that is seen, and none that it calls stored has one.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { ParameterDef } from '../../../shared/model/definitions.ts';
import { parentPath, tableOf } from '../../../shared/model/path.ts';
import { effectOf, type Laboratory, laboratory } from '../../support/cpe/effects/laboratory.ts';
import { Gateways } from '../../support/cpe/gateways.ts';
import elsewhere from './elsewhere.json' with { type: 'json' };

const file = (path: string): Promise<string> =>
  readFile(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), 'utf8');

/** Settings whose effect needs a running unit: the test that shows it, and the name there where it is not the parameter's own. */
const shownBy = elsewhere as Readonly<Record<string, { test: string; as?: string }>>;

describe('settings of the DGW', function () {
  this.timeout(300_000);
  let on: Gateways;
  let lab: Laboratory;
  before(async () => {
    on = await Gateways.open();
    lab = await laboratory(await on.make());
  });
  after(() => on.close());

  const parameters = (): ParameterDef[] => [...lab.gateway.device.model.parameters.values()];
  /** Paths of each writable parameter that exists in the unit. */
  const existing = (): Map<string, string[]> => {
    lab.states[0]?.();
    const { config } = lab.gateway.device;
    const paths = new Map<string, string[]>();
    for (const { Name, Writable } of config.names('', false)) {
      const def = Writable && !Name.endsWith('.') ? config.tree.find(Name)?.def : undefined;
      if (def) paths.set(def.path, [...(paths.get(def.path) ?? []), Name]);
    }
    return paths;
  };

  it('that are live change what the unit does, or have a test of their own that names them', async () => {
    const paths = existing();
    const silent: string[] = [];
    for (const def of parameters()) {
      if (def.effect !== 'live' || shownBy[def.path] || isDelete(def)) continue;
      let effect: string | undefined;
      for (const path of paths.get(def.path) ?? []) effect ??= await effectOf(lab, path);
      if (effect === undefined) silent.push(def.path);
    }
    assert.deepEqual(silent, []);
    for (const [path, { test, as }] of Object.entries(shownBy)) {
      const name = as ?? path.slice(path.lastIndexOf('.') + 1);
      assert.ok((await file(test)).includes(name), `${test} does not name ${name}`);
      assert.equal(lab.gateway.device.model.parameters.get(path)?.effect, 'live', path);
    }
  });

  it('that delete a row do so in every table', async () => {
    lab.states[0]?.();
    const { config } = lab.gateway.device;
    for (const def of parameters().filter(isDelete)) {
      if (shownBy[def.path]) continue;
      const table = tableOf(parentPath(def.path));
      const { instance } = await config.insert(table, {}, 'script');
      await config.set([{ name: `${table}${instance}.Delete`, value: 'Delete' }], 'script');
      assert.ok(!config.tree.rows(table).includes(instance), table);
    }
  });

  it('that are stored change nothing', async () => {
    const paths = existing();
    const effects: string[] = [];
    for (const def of parameters()) {
      const path = paths.get(def.path)?.[0];
      // Status that only repeats a setting is no effect of it.
      if (def.effect !== 'stored' || def.rowCommand || path === undefined || !acting.has(def.service ?? '')) continue;
      const effect = await effectOf(lab, path, { plansOnly: true });
      if (effect !== undefined) effects.push(`${def.path}: ${effect}`);
    }
    assert.deepEqual(effects, []);
  });

  it('that the vendor’s notes name are none of them stored', async () => {
    const named = JSON.parse(await file('test/vectors/named-settings.json')) as string[];
    assert.ok(named.length >= 40);
    const variables = new Map(parameters().map(def => [def.script?.replace(/\[[^\]]*\]/, ''), def]));
    for (const name of named) {
      const def = variables.get(name);
      assert.ok(def, name);
      assert.notEqual(def.effect, 'stored', name);
    }
  });
});

const isDelete = ({ rowCommand, name, effect }: ParameterDef): boolean =>
  rowCommand === true && name === 'Delete' && effect === 'live';

/** Services that act by some of their settings; the others keep all of theirs. */
const acting = new Set([
  'Aaa',
  'Cert',
  'Conf',
  'Cwmp',
  'EpAdm',
  'File',
  'Fpu',
  'Hoc',
  'Mipt',
  'Nlm',
  'Scm',
  'SipEp',
  'TelIf',
  'Web',
]);
