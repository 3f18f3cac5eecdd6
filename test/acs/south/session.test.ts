// The ACS's sessions: who comes in, what it is asked, what is kept.
import assert from 'node:assert/strict';
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import { type Body, requestBody } from '../../../shared/cwmp/soap.ts';
import { memoryCpe, ScriptedCpe, type TestAcs, testAcs } from '../../support/acs/memory-acs.ts';
import { informOf } from '../../support/devices.ts';

const id = '0090F8-4102S-0090F8000001';
const factory = { username: 'enrol', password: 'factory' };

describe('sessions of the ACS', () => {
  let acs: TestAcs;
  const open = async (options: Parameters<typeof testAcs>[0] = {}): Promise<TestAcs> => {
    acs = await testAcs(options);
    return acs;
  };
  afterEach(async () => await acs.close());

  describe('who comes in (TR-069 3.4.4)', () => {
    it('challenges a CPE without credentials with digest alone, and lists it as knocking', async () => {
      await open();
      const answer = await new ScriptedCpe(acs.app, { scheme: 'none' }).post(new ScriptedCpe(acs.app).inform());
      assert.equal(answer.status, 401);
      assert.match(String(answer.headers['www-authenticate']), /^Digest realm=.*qop="auth"/);
      assert.deepEqual(
        acs.fleet.enrolment.knocking().map(knock => [knock.device, knock.count]),
        [[id, 1]],
      );
      assert.equal(await acs.store.device(id), undefined);
    });

    it('lists nobody as knocking who came in after the challenge', async () => {
      await open();
      await new ScriptedCpe(acs.app, factory).session();
      assert.deepEqual(acs.fleet.enrolment.knocking(), []);
    });

    it('keeps a new device in quarantine: the Inform is answered, nothing is asked', async () => {
      await open();
      await acs.fleet.presets.put('all', { set: { 'Device.X_0090F8_Cwmp.PeriodicInformInterval': 60 } });
      const { inform, asked } = await new ScriptedCpe(acs.app, factory).session();
      assert.equal(inform.status, 200);
      assert.equal(inform.envelope?.id, '100');
      assert.deepEqual(asked, []);
      assert.equal((await acs.store.device(id))?.state, 'quarantine');
    });

    it('each RPC is told of with its device, either way', async () => {
      await open({ enrol: 'auto' });
      const told: string[] = [];
      acs.events.on('rpc', ({ device, method, direction }) => told.push(`${device} ${method} ${direction}`));
      await new ScriptedCpe(acs.app, factory).session(() => ({ Status: 0 }));
      assert.ok(told.includes(`${id} SetParameterValues to-cpe`), told.join());
      assert.ok(
        told.every(line => line.startsWith(id)),
        told.join(),
      );
    });

    it('a device that its first credentials never reached may come again with the enrolment credential, and is offered others', async () => {
      await open({ enrol: 'auto' });
      const first = new ScriptedCpe(acs.app, factory);
      await first.post(first.inform());
      const offer = await first.post(undefined);
      assert.ok(offer.envelope?.body.kind === 'request' && offer.envelope.body.method === 'SetParameterValues');
      // The offer was lost on its way: the session ends without an answer, and 0 BOOTSTRAP was delivered before.
      await acs.clock.advance(31_000);
      const again = await new ScriptedCpe(acs.app, { ...factory, events: ['1 BOOT'] }).session(() => ({ Status: 0 }));
      assert.equal(again.inform.envelope?.body.kind, 'response');
      assert.equal(again.asked[0]?.method, 'SetParameterValues');
    });

    it('gives an enrolled device credentials of its own; both pairs are good until the new one is used', async () => {
      await open({ enrol: 'auto' });
      const { asked } = await new ScriptedCpe(acs.app, factory).session(() => ({ Status: 0 }));
      const list = (asked[0]?.args.ParameterList ?? []) as { Name: string; Value: string }[];
      assert.equal(asked[0]?.method, 'SetParameterValues');
      const given = Object.fromEntries(
        list.map(entry => [entry.Name.replace('Device.ManagementServer.', ''), entry.Value]),
      );
      assert.deepEqual(Object.keys(given), [
        'Username',
        'Password',
        'ConnectionRequestUsername',
        'ConnectionRequestPassword',
      ]);
      const row = await acs.store.device(id);
      assert.ok(!JSON.stringify(row).includes(given.Password ?? ''), 'stored sealed');

      const again = await new ScriptedCpe(acs.app, { ...factory, events: ['0 BOOTSTRAP'] }).session(() => ({
        Status: 0,
      }));
      assert.equal(again.inform.status, 200, 'the old pair is still good');
      const offered = Object.fromEntries(
        ((again.asked[0]?.args.ParameterList ?? []) as { Name: string; Value: string }[]).map(entry => [
          entry.Name.replace('Device.ManagementServer.', ''),
          entry.Value,
        ]),
      );
      const own = { username: String(offered.Username), password: String(offered.Password), events: ['1 BOOT'] };
      const third = await new ScriptedCpe(acs.app, own).session(() => ({ Status: 0 }));
      assert.equal(third.inform.status, 200);
      assert.deepEqual(third.asked, [], 'nothing more to give');
      const back = await new ScriptedCpe(acs.app, { ...factory, events: ['2 PERIODIC'] }).session();
      assert.equal(back.inform.envelope?.body.kind, 'fault', 'the enrolment credential is no longer good for it');
    });

    it('does not trust a DeviceId over the authenticated name', async () => {
      await open({ enrol: 'auto' });
      await acs.fleet.devices.announce(id, { credentials: { username: 'box-1', password: 'secret-1' } });
      const { inform } = await new ScriptedCpe(acs.app, {
        username: 'box-1',
        password: 'secret-1',
        serial: 'OTHER',
      }).session();
      const body = inform.envelope?.body;
      assert.ok(body?.kind === 'fault' && body.fault.code === 8001, JSON.stringify(body));
      assert.equal(await acs.store.device('0090F8-4102S-OTHER'), undefined);
    });

    it('takes basic over TLS, refuses it in clear', async () => {
      await open();
      await acs.fleet.devices.announce(id, { credentials: { username: 'box-1', password: 'secret-1' } });
      const box = { username: 'box-1', password: 'secret-1', scheme: 'basic' as const };
      assert.equal((await new ScriptedCpe(acs.app, box).session()).inform.status, 200);
      assert.equal((await new ScriptedCpe(acs.app, { ...box, secure: false }).session()).inform.status, 401);
    });

    it('refuses wrong and replayed credentials and logs once each', async () => {
      await open();
      const wrong = await new ScriptedCpe(acs.app, { username: 'enrol', password: 'guess' }).session();
      assert.equal(wrong.inform.status, 401);
      assert.equal(acs.logged.filter(line => line.includes('CPE authentication failed')).length, 1);
      const cpe = new ScriptedCpe(acs.app, factory);
      const seen: string[] = [];
      const raw = cpe.raw.bind(cpe);
      cpe.raw = (body, headers = {}) => {
        if (headers.authorization) seen.push(headers.authorization);
        return raw(body, headers);
      };
      await cpe.session();
      cpe.cookie = undefined;
      const replayed = await raw((await import('../../../shared/cwmp/soap.ts')).encodeEnvelope(cpe.inform()), {
        authorization: seen[0] ?? '',
      });
      assert.equal(replayed.status, 401);
    });

    it('opens one credential-less TLS session after an approve, for 15 minutes', async () => {
      await open();
      const bare = new ScriptedCpe(acs.app, { scheme: 'none' });
      assert.equal((await bare.post(bare.inform())).status, 401);
      await acs.fleet.enrolment.approve(id);
      const clear = new ScriptedCpe(acs.app, { scheme: 'none', secure: false });
      assert.equal((await clear.post(clear.inform())).status, 401, 'not in clear');
      const { inform, asked } = await bare.session(() => ({ Status: 0 }));
      assert.equal(inform.status, 200);
      assert.equal(asked[0]?.method, 'SetParameterValues', 'it is given credentials at once');
      await acs.clock.advance(16 * 60_000);
      bare.cookie = undefined;
      assert.equal((await bare.post(bare.inform())).status, 401);
    });

    it('challenges an empty POST without a session, and answers a stray one after it with 204', async () => {
      await open({ enrol: 'auto' });
      assert.equal((await new ScriptedCpe(acs.app, { scheme: 'none' }).post(undefined)).status, 401);
      const cpe = new ScriptedCpe(acs.app, factory);
      const { last } = await cpe.session(() => ({ Status: 0 }));
      assert.equal(last.status, 204);
      assert.equal((await cpe.post(undefined)).status, 204);
    });
  });

  it('a device that has its own login is given a pair for connection requests; one that refuses is not asked every time', async () => {
    await open({ enrol: 'auto', cpeAuth: 'none' });
    const url = { 'Device.ManagementServer.ConnectionRequestURL': 'http://127.0.0.1:7547/cr' };
    const refusing = await new ScriptedCpe(acs.app, { parameters: url }).session(
      () => new CwmpFault(9001, 'Request denied'),
    );
    assert.deepEqual(
      refusing.asked.map(({ method }) => method),
      ['SetParameterValues'],
    );
    const again = await new ScriptedCpe(acs.app, { parameters: url, events: ['2 PERIODIC'] }).session();
    assert.deepEqual(again.asked, []);
    const { asked } = await new ScriptedCpe(acs.app, { parameters: url, events: ['1 BOOT'] }).session(() => ({
      Status: 0,
    }));
    const list = (asked[0]?.args.ParameterList ?? []) as { Name: string; Value: string }[];
    assert.deepEqual(
      list.map(({ Name }) => Name.replace('Device.ManagementServer.', '')),
      ['ConnectionRequestUsername', 'ConnectionRequestPassword'],
    );
    const row = await acs.store.device(id);
    assert.equal(acs.secrets.open(row?.connectionRequest.password ?? ''), list[1]?.Value);
  });

  describe('what is said wrong', () => {
    beforeEach(async () => {
      await open({ enrol: 'auto', cpeAuth: 'none' });
    });

    const cases: [string, string, number | string][] = [
      ['text that is no XML', 'hello', 400],
      ['broken XML', '<a><b></a>', 400],
      ['a DTD', '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', 400],
      ['XML that is no SOAP', '<hello/>', 400],
      ['nothing but depth', '<a>'.repeat(5000), 400],
    ];
    for (const [name, body, status] of cases) {
      it(`${name} is answered ${status}, and the next session works`, async () => {
        const answer = await new ScriptedCpe(acs.app).raw(body);
        assert.equal(answer.status, status);
        assert.equal((await new ScriptedCpe(acs.app).session(() => ({ Status: 0 }))).inform.status, 200);
      });
    }

    it('a session that does not start with an Inform gets 8003; an unknown method 8000', async () => {
      const cpe = new ScriptedCpe(acs.app);
      const early = await cpe.post({ namespace: '1-2', id: '1', body: requestBody('GetRPCMethods', {}) as Body });
      assert.ok(early.envelope?.body.kind === 'fault' && early.envelope.body.fault.code === 8003);
      const xml = (await import('../../../shared/cwmp/soap.ts'))
        .encodeEnvelope(cpe.inform())
        .replaceAll('cwmp:Inform', 'cwmp:Outform');
      const unknown = await new ScriptedCpe(acs.app).raw(xml);
      assert.ok(unknown.envelope?.body.kind === 'fault' && unknown.envelope.body.fault.code === 8000);
    });

    it('an unknown method inside a session gets 8000 and the session goes on', async () => {
      const cpe = new ScriptedCpe(acs.app);
      await cpe.post(cpe.inform());
      const xml = (await import('../../../shared/cwmp/soap.ts'))
        .encodeEnvelope({ namespace: '1-2', id: '7', body: requestBody('GetRPCMethods', {}) as Body })
        .replaceAll('GetRPCMethods', 'X_VENDOR_Strange');
      const unknown = await cpe.raw(xml);
      assert.ok(unknown.envelope?.body.kind === 'fault' && unknown.envelope.body.fault.code === 8000);
      assert.equal(unknown.envelope.id, '7', 'the ID is echoed in a fault too');
      const known = await cpe.post({ namespace: '1-2', id: '8', body: requestBody('GetRPCMethods', {}) as Body });
      assert.ok(known.envelope?.body.kind === 'response');
      assert.equal((await cpe.post(undefined)).status, 204);
    });

    it('a body in a coding that is not spoken here is answered 415 (3.4.7)', async () => {
      for (const coding of ['br', 'compress', 'gzip, gzip', 'nonsense'])
        assert.equal((await new ScriptedCpe(acs.app).raw('xx', { 'content-encoding': coding })).status, 415);
      assert.equal((await new ScriptedCpe(acs.app).raw('xx', { 'content-encoding': 'gzip' })).status, 400);
    });

    it('answers in the namespace received', async () => {
      for (const namespace of ['1-0', '1-1', '1-2', '1-3', '1-4'] as const) {
        const cpe = new ScriptedCpe(acs.app, { namespace, serial: `NS${namespace}` });
        assert.equal((await cpe.post(cpe.inform())).envelope?.namespace, namespace);
      }
    });
  });

  describe('tasks', () => {
    beforeEach(async () => {
      await open({ enrol: 'auto', cpeAuth: 'none' });
      await new ScriptedCpe(acs.app).session();
    });

    it('are sent in order, settled by the answer, and readable by name', async () => {
      const first = await acs.fleet.tasks.add(id, {
        method: 'GetParameterValues',
        args: { ParameterNames: ['Device.DeviceInfo.'] },
      });
      const second = await acs.fleet.tasks.add(id, {
        method: 'SetParameterValues',
        args: { ParameterList: { 'Device.X_0090F8_Cwmp.Username': 'x' } },
      });
      const cpe = memoryCpe({ 'Device.DeviceInfo.Manufacturer': 'Media5' });
      const { asked } = await new ScriptedCpe(acs.app, { events: ['2 PERIODIC'] }).session(cpe.answer);
      assert.deepEqual(
        asked.map(entry => entry.method),
        ['GetParameterValues', 'SetParameterValues'],
      );
      assert.equal((await acs.fleet.tasks.get(first.id)).state, 'done');
      assert.equal((await acs.fleet.tasks.get(second.id)).state, 'done');
      const known = await acs.fleet.devices.parameters(id, 'Device.DeviceInfo.');
      assert.deepEqual(
        known.map(value => [value.path, value.value]),
        [['Device.DeviceInfo.Manufacturer', 'Media5']],
      );
    });

    it('what is cancelled in the middle of a session is not sent any more, of whatever kind', async () => {
      const add = (method: string, args: object) => acs.fleet.tasks.add(id, { method, args: { ...args } });
      const first = await add('GetParameterValues', { ParameterNames: ['Device.DeviceInfo.'] });
      const others = [
        await add('SetParameterValues', { ParameterList: { 'Device.X_0090F8_Cwmp.Username': 'x' } }),
        await add('AddObject', { ObjectName: 'Device.A.' }),
      ];
      const cancelled: Promise<unknown>[] = [];
      const { asked } = await new ScriptedCpe(acs.app, { events: ['2 PERIODIC'] }).session(() => {
        cancelled.push(...others.splice(0).map(task => acs.fleet.tasks.cancel(task.id)));
        return { ParameterList: [] };
      });
      assert.deepEqual(
        asked.map(entry => entry.method),
        ['GetParameterValues'],
      );
      assert.equal((await acs.fleet.tasks.get(first.id)).state, 'done');
      assert.deepEqual(
        (await Promise.all(cancelled)).map(task => (task as { state: string }).state),
        ['cancelled', 'cancelled'],
      );
    });

    it('what is cancelled while the device has it in hand stays cancelled', async () => {
      const task = await acs.fleet.tasks.add(id, {
        method: 'GetParameterValues',
        args: { ParameterNames: ['Device.'] },
      });
      const told: string[] = [];
      acs.events.on('task', event => told.push(event.task.state));
      let cancelled: Promise<unknown> | undefined;
      await new ScriptedCpe(acs.app, { events: ['2 PERIODIC'] }).session(() => {
        cancelled = acs.fleet.tasks.cancel(task.id);
        return { ParameterList: [] };
      });
      await cancelled;
      assert.equal((await acs.fleet.tasks.get(task.id)).state, 'cancelled');
      assert.deepEqual(told, ['cancelled']);
    });

    it('a fault is kept with each wrong parameter', async () => {
      const task = await acs.fleet.tasks.add(id, {
        method: 'SetParameterValues',
        args: { ParameterList: { 'Device.X.A': '1' } },
      });
      await new ScriptedCpe(acs.app, { events: ['2 PERIODIC'] }).session(
        () =>
          new CwmpFault(9003, 'Invalid arguments', [
            { name: 'Device.X.A', code: 9005, message: 'Invalid parameter name' },
          ]),
      );
      const settled = await acs.fleet.tasks.get(task.id);
      assert.equal(settled.state, 'failed');
      assert.deepEqual(settled.fault?.parameters, [
        { name: 'Device.X.A', code: 9005, message: 'Invalid parameter name' },
      ]);
    });

    it('Reboot waits for M Reboot with its CommandKey; nothing is asked after it in that session', async () => {
      const reboot = await acs.fleet.tasks.add(id, { method: 'Reboot', args: { CommandKey: 'night' } });
      const later = await acs.fleet.tasks.add(id, { method: 'GetRPCMethods' });
      const { asked } = await new ScriptedCpe(acs.app, { events: ['2 PERIODIC'] }).session();
      assert.deepEqual(
        asked.map(entry => entry.method),
        ['Reboot'],
      );
      assert.equal((await acs.fleet.tasks.get(reboot.id)).state, 'waiting');
      const after = await new ScriptedCpe(acs.app, { events: ['1 BOOT', 'M Reboot|night'] }).session(() => ({
        MethodList: ['Inform'],
      }));
      assert.equal((await acs.fleet.tasks.get(reboot.id)).state, 'done');
      assert.deepEqual(
        after.asked.map(entry => entry.method),
        ['GetRPCMethods'],
      );
      assert.equal((await acs.fleet.tasks.get(later.id)).state, 'done');
    });

    it('a Download waits for its TransferComplete, which may come twice', async () => {
      await acs.fleet.files.put('fw.bin', Buffer.from('image'), { type: 'firmware', version: '49.2.2941' });
      const task = await acs.fleet.tasks.add(id, { method: 'Download', file: 'fw.bin' });
      const cpe = memoryCpe({});
      const { asked } = await new ScriptedCpe(acs.app, { events: ['2 PERIODIC'] }).session(cpe.answer);
      const { URL: url, FileType, FileSize } = asked[0]?.args ?? {};
      assert.equal(FileType, '1 Firmware Upgrade Image');
      assert.equal(FileSize, 5);
      const path = String(url).replace('https://acs.test', '');
      const bytes = await acs.app.inject({ url: path });
      assert.equal(bytes.body, 'image');
      const part = await acs.app.inject({ url: path, headers: { range: 'bytes=1-2' } });
      assert.deepEqual([part.statusCode, part.body, part.headers['content-range']], [206, 'ma', 'bytes 1-2/5']);
      assert.equal((await acs.app.inject({ url: path.replace(/.(?=\/fw)/, 'A') })).statusCode, 404, 'another tag');

      const done = requestBody('TransferComplete', {
        CommandKey: task.id,
        FaultStruct: { FaultCode: 0, FaultString: '' },
        StartTime: '2026-01-01T00:00:00Z',
        CompleteTime: '2026-01-01T00:00:01Z',
      }) as Body;
      const events = ['1 BOOT', '7 TRANSFER COMPLETE', `M Download|${task.id}`];
      const { own } = await new ScriptedCpe(acs.app, { events }).session(cpe.answer, [done, done]);
      assert.deepEqual(
        own.map(answer => answer.envelope?.body.kind),
        ['response', 'response'],
      );
      assert.equal((await acs.fleet.tasks.get(task.id)).state, 'done');
      assert.equal((await acs.app.inject({ url: path })).statusCode, 404, 'the link ends with the transfer');
    });

    it('a non-repeatable RPC whose answer never came is not sent again', async () => {
      const task = await acs.fleet.tasks.add(id, { method: 'Reboot' });
      const lost = new ScriptedCpe(acs.app, { events: ['2 PERIODIC'] });
      await lost.post(lost.inform());
      const request = await lost.post(undefined);
      assert.ok(request.envelope?.body.kind === 'request' && request.envelope.body.method === 'Reboot');
      await acs.clock.advance(120_000);
      assert.equal((await acs.fleet.tasks.get(task.id)).state, 'sent');
      for (let round = 0; round < 4; round++) {
        const { asked } = await new ScriptedCpe(acs.app, { events: ['2 PERIODIC'] }).session();
        assert.deepEqual(asked, []);
      }
      const settled = await acs.fleet.tasks.get(task.id);
      assert.equal(settled.state, 'failed');
      assert.match(String(settled.fault?.message), /outcome unknown/);
    });
  });

  describe('wanted state (presets, ParameterKey)', () => {
    const interval = 'Device.X_0090F8_Cwmp.PeriodicInformInterval';

    beforeEach(async () => {
      await open({ enrol: 'auto', cpeAuth: 'none' });
    });

    const visit = async (cpe: ReturnType<typeof memoryCpe>, events = ['2 PERIODIC']) =>
      await new ScriptedCpe(acs.app, {
        events,
        parameters: { 'Device.ManagementServer.ParameterKey': cpe.keys.at(-1) ?? '' },
      }).session(cpe.answer);

    it('one SetParameterValues carries the revision; a device that reports it is asked nothing', async () => {
      await acs.fleet.presets.put('base', { set: { [interval]: 60 } });
      const cpe = memoryCpe({ [interval]: '3600' });
      const first = await visit(cpe, ['0 BOOTSTRAP', '1 BOOT']);
      assert.deepEqual(
        first.asked.map(entry => entry.method),
        ['GetParameterValues', 'SetParameterValues'],
      );
      assert.equal(cpe.values.get(interval), '60');
      assert.match(cpe.keys[0] ?? '', /^[0-9a-f]{16}$/);
      assert.deepEqual((await visit(cpe)).asked, []);
      await acs.fleet.presets.put('base', { set: { [interval]: 90 } });
      await visit(cpe);
      assert.equal(cpe.values.get(interval), '90');
      assert.notEqual(cpe.keys[0], cpe.keys.at(-1));
    });

    it('a change of the ParameterKey by others is put right', async () => {
      await acs.fleet.presets.put('base', { set: { [interval]: 60 } });
      const cpe = memoryCpe({ [interval]: '60' });
      await visit(cpe);
      cpe.keys.push('someone-else');
      cpe.values.set(interval, '7');
      await visit(cpe);
      assert.equal(cpe.values.get(interval), '60');
    });

    it('one bad preset is set aside with a fault that names the parameter; the others hold', async () => {
      await acs.fleet.presets.put('good', { set: { [interval]: 60 } });
      await acs.fleet.presets.put('bad', { set: { 'Device.X_0090F8_Cwmp.Username': 'x' }, weight: 5 });
      const cpe = memoryCpe({ [interval]: '3600', 'Device.X_0090F8_Cwmp.Username': '' });
      const answer: typeof cpe.answer = (method, args) => {
        const list = (args.ParameterList ?? []) as { Name: string }[];
        if (method === 'SetParameterValues' && list.some(entry => entry.Name.endsWith('Username'))) {
          return new CwmpFault(9003, 'Invalid arguments', [
            { name: 'Device.X_0090F8_Cwmp.Username', code: 9007, message: 'Invalid parameter value' },
          ]) as never;
        }
        return cpe.answer(method, args);
      };
      await new ScriptedCpe(acs.app).session(answer);
      assert.equal(cpe.values.get(interval), '60');
      const [fault] = await acs.store.faults(10);
      assert.deepEqual(
        [fault?.cause, fault?.parameter, fault?.code],
        ['preset:bad', 'Device.X_0090F8_Cwmp.Username', 9007],
      );
    });

    it('refuses a preset that no known data model fits, with the place', async () => {
      const wrong: [object, RegExp][] = [
        [{ set: { 'Device.Nothing': 1 } }, /no known data model has Device.Nothing/],
        [{ set: { [interval]: 'soon' } }, /PeriodicInformInterval/],
        [{ set: { 'Device.DeviceInfo.SoftwareVersion': '1' } }, /read-only/],
        [{ when: 'online', set: {} }, /changes by itself/],
        [{ when: 'firmware <', set: {} }, /column|end|expected/i],
        [{ firmware: 'missing.bin' }, /no file/],
      ];
      for (const [preset, message] of wrong) await assert.rejects(acs.fleet.presets.put('p', preset), message);
    });

    it('a script goes out once, by Download, before the values; its hash is remembered', async () => {
      await acs.fleet.files.put('site.cfg', Buffer.from('Cwmp.Username="a"\n'), { type: 'script' });
      await acs.fleet.presets.put('base', { set: { [interval]: 60 }, script: 'site.cfg' });
      const cpe = memoryCpe({ [interval]: '3600' });
      const first = await visit(cpe, ['0 BOOTSTRAP', '1 BOOT']);
      assert.deepEqual(
        first.asked.map(entry => entry.method),
        ['Download'],
      );
      const key = String(first.asked[0]?.args.CommandKey);
      const done = requestBody('TransferComplete', {
        CommandKey: key,
        FaultStruct: { FaultCode: 0, FaultString: '' },
        StartTime: '2026-01-01T00:00:00Z',
        CompleteTime: '2026-01-01T00:00:01Z',
      }) as Body;
      const second = await new ScriptedCpe(acs.app, { events: ['7 TRANSFER COMPLETE', `M Download|${key}`] }).session(
        cpe.answer,
        [done],
      );
      assert.deepEqual(
        second.asked.map(entry => entry.method),
        ['GetParameterValues', 'SetParameterValues'],
      );
      assert.deepEqual((await visit(cpe)).asked, []);
    });

    it('a Download that was made and never sent does not stand in the way: the process ended in between', async () => {
      await visit(memoryCpe({}));
      await acs.fleet.files.put('site.cfg', Buffer.from('Cwmp.Username="a"\n'), { type: 'script' });
      await acs.fleet.presets.put('base', { script: 'site.cfg' });
      const left = await acs.fleet.tasks.make(id, { method: 'Download', file: 'site.cfg' }, 'reconcile');
      const { asked } = await visit(memoryCpe({ [interval]: '3600' }));
      assert.deepEqual(
        asked.map(entry => entry.method),
        ['Download'],
      );
      assert.notEqual(asked[0]?.args.CommandKey, left.id);
      assert.equal((await acs.fleet.tasks.get(left.id)).state, 'cancelled');
    });
  });

  it('a new Inform of a device ends its older session', async () => {
    await open({ enrol: 'auto', cpeAuth: 'none' });
    const older = new ScriptedCpe(acs.app);
    await older.post(older.inform());
    const newer = new ScriptedCpe(acs.app);
    assert.equal((await newer.post(newer.inform())).status, 200);
    assert.equal((await newer.post(undefined)).status, 204);
    assert.ok([204, 400].includes((await older.post(undefined)).status));
  });

  it('a session that falls silent is given up after its inactivity limit', async () => {
    await open({ enrol: 'auto', cpeAuth: 'none' });
    const cpe = new ScriptedCpe(acs.app);
    await cpe.post(cpe.inform());
    assert.equal(acs.south.sessions(), 1);
    await acs.clock.advance(31_000);
    assert.equal(acs.south.sessions(), 0);
    const facts = informOf('0090F8000001', acs.clock.now(), ['2 PERIODIC'], { owner: 'another' });
    assert.equal((await acs.store.apply(id, 'informed', facts)).outcome, 'claimed', 'the device is free');
  });
});
