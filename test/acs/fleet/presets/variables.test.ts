// Variables in presets: each device gets its own value, or a fault that names the missing variable. Values are not parsed again.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseTemplate, plainText, substitute, variableOf } from '../../../../acs/fleet/presets/variables.ts';
import { UserError } from '../../../../shared/errors.ts';
import { type Json, type TestApi, testApi } from '../../../support/acs/api.ts';
import { faultsOf, putPreset } from '../../../support/acs/api-calls.ts';
import { memoryCpe, ScriptedCpe } from '../../../support/cpe/scripted-cpe.ts';
import { deviceId as id } from '../../../support/devices.ts';

const fill = (text: string, values: Record<string, string>): unknown =>
  substitute(parseTemplate(text), name => (Object.hasOwn(values, name) ? values[name] : undefined));

/** Escapes a text so that a template yields it unchanged. */
const escaped = (text: string): string => text.replaceAll('{{', '{{{{');

describe('templates', () => {
  it('fills in the value or the fallback, or names the missing variable', () => {
    const values = { 'site.proxy': 'sip.example', serialNumber: 'S1' };
    assert.deepEqual(fill('{{site.proxy}}:5061', values), { text: 'sip.example:5061' });
    assert.deepEqual(fill('{{ device.serialNumber }}@{{site.proxy}}', values), { text: 'S1@sip.example' });
    assert.deepEqual(fill('{{serial}} {{device.serial}}', values), { text: 'S1 S1' }, 'as filters name it');
    assert.deepEqual(fill('{{firmware}}', values), { missing: 'softwareVersion' });
    assert.deepEqual(fill('{{site.other|none}}', values), { text: 'none' });
    assert.deepEqual(fill('{{site.other|}}', values), { text: '' });
    assert.deepEqual(fill('a{{site.other}}', values), { missing: 'site.other' });
    assert.deepEqual(fill('{{{{serialNumber}} }} {', values), { text: '{{serialNumber}} }} {' });
    assert.deepEqual(fill('{{{{{{serialNumber}}', values), { text: '{{S1' });
  });

  const wrong: [string, RegExp][] = [
    ['{{', /'\{\{' is not closed by \}\}/],
    ['x {{site.a', /not closed/],
    ['{{}}', /'\{\{\}\}' is not a variable \(known: site\.NAME, id, /],
    ['{{site.}}', /not a variable/],
    ['{{colour}}', /not a variable/],
    ['{{tags}}', /not a variable/],
    ['{{constructor}}', /not a variable/],
    ['{{device.site.x}}', /not a variable/],
    ['{{Device.DeviceInfo.SerialNumber}}', /not a variable/],
    ['{{site.{{site.x}}}}', /not a variable/],
    ['{{site.x|{{site.y}}}}', /the text after \| cannot hold variables/],
  ];
  for (const [text, message] of wrong)
    it(`refuses ${text}`, () => {
      assert.throws(
        () => parseTemplate(text),
        (error: unknown) => error instanceof UserError && error.code === 'bad-variable' && message.test(error.message),
      );
    });

  it('yields an escaped text unchanged (property)', () => {
    const braces = fc.string({ unit: fc.constantFrom('{', '}', '|', 'site.x', 'serialNumber', 'ä', ' ') });
    fc.assert(
      fc.property(fc.oneof(fc.string(), braces), text => {
        assert.equal(plainText(parseTemplate(escaped(text))), text);
      }),
    );
  });

  it('inserts a value unchanged when it looks like a variable (property)', () => {
    const value = fc.oneof(
      fc.string({ minLength: 1 }),
      fc.constantFrom('{{serialNumber}}', '{{{{', '}}', '{{site.x}}'),
    );
    fc.assert(
      fc.property(fc.string(), value, fc.string(), (before, inside, after) => {
        const text = `${escaped(before)}{{site.x}}${escaped(after)}`;
        // A brace at the seam would belong to those of the variable.
        fc.pre(!before.endsWith('{'));
        assert.deepEqual(fill(text, { 'site.x': inside, serialNumber: 'S1' }), { text: before + inside + after });
      }),
    );
  });

  it('parses or refuses any text with the code bad-variable (property)', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('{', '}', '|', 's', 'site.x', ' ') }), text => {
        try {
          parseTemplate(text);
        } catch (error) {
          assert.ok(error instanceof UserError && error.code === 'bad-variable');
        }
      }),
    );
  });

  it('does not take the properties of objects for fields', () => {
    const row = { site: { x: '1' } } as unknown as Parameters<typeof variableOf>[0];
    assert.equal(
      variableOf(row, 'site.constructor', text => text),
      undefined,
    );
    assert.equal(
      variableOf(row, 'site.x', text => text),
      '1',
    );
  });
});

describe('presets with variables', () => {
  const other = '0090F8-4102S-0090F8000002';
  const user = 'Device.X_0090F8_Cwmp.Username';
  const interval = 'Device.X_0090F8_Cwmp.PeriodicInformInterval';
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi({ enrol: 'auto', cpeAuth: 'none' });
  });
  afterEach(async () => await api.close());

  const unit = (serial: string) => {
    const cpe = memoryCpe({ [user]: '', [interval]: '3600' });
    const runSession = async (events = ['2 PERIODIC']) => {
      const parameters = { 'Device.ManagementServer.ParameterKey': cpe.keys.at(-1) ?? '' };
      return await new ScriptedCpe(api.acs.app, { serial, events, parameters }).session(cpe.answer);
    };
    return { ...cpe, runSession };
  };

  it('gives each device its own value, and a fault where a variable is missing', async () => {
    await putPreset(api, 'named', { set: { [user]: '{{site.customer}}-{{serialNumber}}' } });
    await putPreset(api, 'plain', { set: { [interval]: 60 } });
    await api.call('POST', '/devices', { body: { id, site: { customer: 'acme' } } });
    const [first, second] = [unit('0090F8000001'), unit('0090F8000002')];
    await first.runSession();
    await second.runSession();
    assert.deepEqual([first.values.get(user), first.values.get(interval)], ['acme-0090F8000001', '60']);
    assert.deepEqual([second.values.get(user), second.values.get(interval)], ['', '60']);
    const [fault, ...more] = await faultsOf(api);
    assert.deepEqual(more, []);
    assert.deepEqual(
      [fault?.device, fault?.cause, fault?.code, fault?.parameter],
      [other, 'preset:named', 'variable-missing', user],
    );
    assert.match(String(fault?.message), /preset named, set: .*Username: the device has no site\.customer/);
    assert.equal('basis' in (fault ?? {}), false);
    assert.deepEqual((await second.runSession()).asked, [], 'nothing else is left to do');

    // Once it has the field, it gets the value in its next session, before the fault's retry time.
    await api.call('PATCH', `/devices/${other}`, { body: { site: { customer: 'beta' } } });
    await second.runSession();
    assert.equal(second.values.get(user), 'beta-0090F8000002');
    assert.deepEqual(await faultsOf(api), []);
  });

  it('checks an inserted value against the data model and does not parse it again', async () => {
    await putPreset(api, 'own', { set: { [interval]: '{{site.interval|600}}' } });
    await putPreset(api, 'name', { set: { [user]: '{{site.customer}}' } });
    await api.call('POST', '/devices', { body: { id, site: { interval: '0', customer: '{{serialNumber}}' } } });
    const [first, second] = [unit('0090F8000001'), unit('0090F8000002')];
    await first.runSession();
    await second.runSession();
    assert.deepEqual([first.values.get(interval), first.values.get(user)], ['3600', '{{serialNumber}}']);
    assert.equal(second.values.get(interval), '600');
    const [fault] = (await faultsOf(api)).filter(({ cause }) => cause === 'preset:own');
    assert.deepEqual([fault?.device, fault?.code, fault?.parameter], [id, 'bad-value', interval]);
    assert.match(String(fault?.message), /0 is out of range \(1\.\.31536000\)/);
  });

  it('retries a preset at once when the text that caused its fault changes', async () => {
    await putPreset(api, 'p', { set: { [user]: '{{site.a}}' } });
    const first = unit('0090F8000001');
    await first.runSession();
    assert.equal((await faultsOf(api)).length, 1);
    await putPreset(api, 'p', { set: { [user]: 'plain' } });
    await first.runSession();
    assert.equal(first.values.get(user), 'plain');
    assert.deepEqual(await faultsOf(api), []);
  });

  it('fills variables in the rows of tables', async () => {
    const table = 'Device.X_0090F8_Nlm.Events.';
    await putPreset(api, 'rows', {
      objects: { [table]: { keys: ['Criteria'], rows: [{ Criteria: 'for {{serialNumber}}' }] } },
    });
    const { asked } = await new ScriptedCpe(api.acs.app).session((method, args) =>
      method === 'AddObject'
        ? { InstanceNumber: 4, Status: 0 }
        : method === 'SetParameterValues'
          ? { Status: 0 }
          : { ParameterList: [{ Name: String((args.ParameterNames as string[])[0]), Value: '', Type: 'xsd:string' }] },
    );
    const set = asked.find(({ method }) => method === 'SetParameterValues');
    const [entry] = (set?.args.ParameterList ?? []) as { Name: string; Value: string }[];
    assert.deepEqual([entry?.Name, entry?.Value], [`${table}4.Criteria`, 'for 0090F8000001']);
  });

  it('takes site fields by CSV, where an empty or missing field stays', async () => {
    const csv = async (method: string, body: string) =>
      await api.call(method, '/devices', { body, headers: { 'content-type': 'text/csv' } });
    await csv('POST', `id,site.customer,site.zone\n${id},acme,north\n${other},beta,south\n`);
    const answer = await csv('PATCH', `id,tags,site.customer,site.proxy\n${id},a b,,p1\n${other},,gamma,\nnone,,x,\n`);
    assert.deepEqual([answer.status, (answer.json.updated as unknown as string[]).sort()], [207, [id, other]]);
    assert.deepEqual(
      (answer.json.failed as Json[]).map(({ line }) => line),
      [4],
    );
    const of = async (device: string) => (await api.call('GET', `/devices/${device}`)).json;
    assert.deepEqual((await of(id)).site, { customer: 'acme', zone: 'north', proxy: 'p1' });
    assert.deepEqual((await of(id)).tags, ['a', 'b']);
    assert.deepEqual((await of(other)).site, { customer: 'gamma', zone: 'south' });
    const list = await api.call('PATCH', '/devices', { body: { items: [{ id, site: { zone: 'west' } }] } });
    assert.deepEqual([list.status, list.json], [200, { updated: [id], failed: [] }]);
    assert.deepEqual((await of(id)).site, { customer: 'acme', zone: 'west', proxy: 'p1' });
  });

  it('keeps a site field that is not named, and removes one by null', async () => {
    await api.call('POST', '/devices', { body: { id, site: { zone: 'west', proxy: 'p1' } } });
    const changed = await api.call('PATCH', `/devices/${id}`, { body: { site: { town: 'Ulm', proxy: null } } });
    assert.deepEqual(changed.json.site, { zone: 'west', town: 'Ulm' });
    await api.call('PATCH', '/devices', { body: { items: [{ id, site: { zone: null } }] } });
    assert.deepEqual((await api.call('GET', `/devices/${id}`)).json.site, { town: 'Ulm' });
    const other = '0090F8-4102S-0090F8000099';
    await api.refused(400, 'bad-input', 'POST', '/devices', { body: { id: other, site: { zone: null } } });
  });

  it('seals, masks and opens a site field with the name of a secret', async () => {
    const path = 'Device.X_0090F8_Cwmp.Password';
    await putPreset(api, 'p', { set: { [path]: '{{site.sipPassword}}' } });
    await api.call('POST', '/devices', { body: { id, site: { sipPassword: 'hidden-1', zone: 'x' } } });
    const shown = await api.call('GET', `/devices/${id}`);
    assert.deepEqual(shown.json.site, { sipPassword: '***', zone: 'x' });
    assert.doesNotMatch(JSON.stringify(await api.acs.store.device(id)), /hidden/);
    await api.call('PATCH', `/devices/${id}`, { body: { site: { sipPassword: '***', zone: 'y' } } });
    const cpe = memoryCpe({ [path]: '' });
    await new ScriptedCpe(api.acs.app).session(cpe.answer);
    assert.equal(cpe.values.get(path), 'hidden-1');
    await api.refused(400, 'masked-secret', 'PATCH', `/devices/${id}`, { body: { site: { otherSecret: '***' } } });
    await api.refused(400, 'bad-input', 'PATCH', `/devices/${id}`, { body: { site: { x: '\u0001sealed:abc' } } });
  });
});
