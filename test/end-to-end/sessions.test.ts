// Sessions between the ACS and a gateway, over real sockets.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:tls';
import type { Arguments } from '../../shared/cwmp/methods.ts';
import { packFirmware } from '../../shared/firmware.ts';
import { deviceId as id } from '../support/devices.ts';
import { eventually } from '../support/eventually.ts';
import { done, openWorld, type World } from '../support/worlds/world.ts';

describe('sessions between ACS and gateway', () => {
  let world: World;
  afterEach(async () => await world.close());

  const enrolled = async (): Promise<void> => {
    await eventually('enrolled with its own credentials', async () => {
      const row = await world.acs.fleet.devices.view(id).catch(() => undefined);
      return row?.state === 'enrolled' && row.username === id && world.acs.south.sessions() === 0;
    });
  };

  for (const tls of [true, false]) {
    it(`bootstraps and enrols a gateway with its own credentials over ${tls ? 'https' : 'http'}`, async () => {
      world = await openWorld({ tls });
      const gateway = await world.gateway();
      await gateway.boot();
      await enrolled();
      const inform = world.wire[0]?.envelope.body;
      assert.ok(inform?.kind === 'request' && inform.method === 'Inform');
      assert.deepEqual(
        (inform.args as Arguments<'Inform'>).Event.map(event => event.EventCode),
        ['0 BOOTSTRAP', '1 BOOT'],
      );
      assert.equal(gateway.device.config.variable('Cwmp.Username'), id);
      const report = await eventually('the session has ended', () => gateway.agent?.sessions.last);
      assert.equal(report.tls !== undefined, tls);
    });
  }

  it('reaches a gateway again that has refused the credentials of a connection request', async () => {
    world = await openWorld();
    const gateway = await world.gateway();
    await gateway.boot();
    await enrolled();
    const wake = async (): Promise<string> => {
      const answer = await fetch(`${world.acs.api}/api/v1/devices/${id}/connection-request`, {
        method: 'POST',
        headers: { authorization: 'Bearer test-token' },
      });
      return `${answer.status} ${((await answer.json()) as { detail?: string }).detail}`;
    };
    const path = 'Device.ManagementServer.ConnectionRequestPassword';
    await gateway.device.config.set([{ name: path, value: 'of another server' }], 'web');
    assert.equal(await wake(), '504 the device refused the credentials');
    assert.equal(await wake(), '504 the device refused the credentials');
    await gateway.reboot({ reason: 'this test' });
    const own = (): string => gateway.device.config.variable('Cwmp.ConnectionRequestPassword') ?? '';
    await eventually('new credentials', () => own() !== '' && own() !== 'of another server');
    await enrolled();
    assert.equal(await wake(), '200 undefined');
  });

  it('logs a TLS handshake without a common version', async () => {
    world = await openWorld();
    const { hostname: host, port } = new URL(world.url);
    const settings = { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const;
    const socket = connect({ host, port: Number(port), ...settings });
    await once(socket, 'error');
    const line = await eventually('the log line', () =>
      world.logged.find(text => text.includes('TLS handshake failed')),
    );
    assert.match(line, /"address":"127\.0\.0\.1","reason":"ERR_SSL_UNSUPPORTED_PROTOCOL"/);
  });

  it('completes every RPC that the gateway offers', async () => {
    world = await openWorld();
    const gateway = await world.gateway();
    await gateway.boot();
    await enrolled();
    const run = async (method: string, args: Record<string, unknown> = {}): Promise<Record<string, unknown>> => {
      const task = await done(world, id, { method, args });
      assert.equal(task.state, 'done', `${method}: ${JSON.stringify(task.fault)}`);
      return task.result ?? {};
    };
    const { MethodList } = await run('GetRPCMethods');
    assert.ok((MethodList as string[]).includes('SetParameterValues'));
    const names = await run('GetParameterNames', { ParameterPath: 'Device.', NextLevel: true });
    assert.ok((names.ParameterList as { Name: string }[]).some(entry => entry.Name === 'Device.ManagementServer.'));
    await run('SetParameterValues', { ParameterList: { 'Device.X_0090F8_Cwmp.PeriodicInformInterval': 77 } });
    const values = await run('GetParameterValues', {
      ParameterNames: ['Device.ManagementServer.PeriodicInformInterval'],
    });
    assert.deepEqual(
      values.ParameterList,
      [{ Name: 'Device.ManagementServer.PeriodicInformInterval', Value: '77', Type: 'xsd:unsignedInt' }],
      'two views of one value',
    );
    await run('SetParameterAttributes', {
      ParameterList: [
        {
          Name: 'Device.X_0090F8_Hoc.',
          NotificationChange: true,
          Notification: 1,
          AccessListChange: false,
          AccessList: [],
        },
      ],
    });
    const attributes = await run('GetParameterAttributes', {
      ParameterNames: ['Device.X_0090F8_Hoc.SntpConfigSource'],
    });
    assert.equal((attributes.ParameterList as { Notification: number }[])[0]?.Notification, 1);
    const added = await run('AddObject', { ObjectName: 'Device.X_0090F8_Nlm.Events.' });
    assert.ok(Number(added.InstanceNumber) >= 1);
    await run('DeleteObject', { ObjectName: `Device.X_0090F8_Nlm.Events.${added.InstanceNumber}.` });
    await run('ScheduleInform', { DelaySeconds: 1 });
    await eventually('3 SCHEDULED', () =>
      world.wire.some(
        ({ envelope: { body } }) =>
          body.kind === 'request' &&
          body.method === 'Inform' &&
          (body.args as Arguments<'Inform'>).Event.some(event => event.EventCode === 'M ScheduleInform'),
      ),
    );
  }).timeout(30_000);

  it('lets a gateway ask for the methods of its ACS by GetRPCMethods', async () => {
    world = await openWorld({ tls: false });
    const gateway = await world.gateway({ askMethods: true });
    await gateway.boot();
    await enrolled();
    const answer = await eventually('the answer', () =>
      world.wire
        .map(({ envelope: { body } }) => body)
        .find(body => body.kind === 'response' && body.method === 'GetRPCMethods'),
    );
    assert.ok(answer.kind === 'response' && answer.method === 'GetRPCMethods');
    for (const method of ['Inform', 'TransferComplete', 'GetRPCMethods'])
      assert.ok(answer.result.MethodList.includes(method), method);
  });

  it('applies nothing of a wrong SetParameterValues and names each wrong parameter', async () => {
    world = await openWorld();
    const gateway = await world.gateway();
    await gateway.boot();
    await enrolled();
    const before = gateway.device.config.variable('Cwmp.PeriodicInformInterval');
    const task = await done(world, id, {
      method: 'SetParameterValues',
      args: {
        ParameterList: {
          'Device.X_0090F8_Cwmp.PeriodicInformInterval': 99,
          'Device.X_0090F8_Cwmp.TransportHttpsCipherSuite': 'CS9',
          'Device.X_0090F8_Cwmp.AcsStatus': 'Connected',
          'Device.Nothing': 'x',
        },
      },
    });
    assert.equal(task.state, 'failed');
    assert.equal(task.fault?.code, 9003);
    assert.deepEqual(task.fault?.parameters?.map(({ name, code }) => [name, code]).sort(), [
      ['Device.Nothing', 9005],
      ['Device.X_0090F8_Cwmp.AcsStatus', 9008],
      ['Device.X_0090F8_Cwmp.TransportHttpsCipherSuite', 9007],
    ]);
    assert.equal(gateway.device.config.variable('Cwmp.PeriodicInformInterval'), before);
  });

  it('upgrades firmware by Download, restart and TransferComplete', async () => {
    world = await openWorld();
    const gateway = await world.gateway({ softwareVersion: '49.1.2884' });
    await gateway.boot();
    await enrolled();
    const image = packFirmware({ product: '4102S', version: '49.2.2941', payload: Buffer.alloc(100_000, 7) });
    await world.acs.fleet.files.put('new.bin', image, { type: 'firmware', version: '49.2.2941' });
    const task = await done(world, id, { method: 'Download', file: 'new.bin' });
    assert.equal(task.state, 'done', JSON.stringify(task.fault));
    assert.equal(gateway.device.softwareVersion, '49.2.2941');
    assert.equal((await world.acs.fleet.devices.view(id)).softwareVersion, '49.2.2941');
  });

  for (const [what, image, code] of [
    [
      'truncated',
      packFirmware({ product: '4102S', version: '2.0.0', payload: Buffer.alloc(5000, 1) }).subarray(0, 3000),
      9018,
    ],
    [
      'altered',
      Buffer.from(packFirmware({ product: '4102S', version: '2.0.0', payload: Buffer.alloc(5000, 1) })).fill(
        9,
        4000,
        4001,
      ),
      9018,
    ],
    ['for another product', packFirmware({ product: 'G7', version: '2.0.0', payload: Buffer.alloc(5000, 1) }), 9018],
    ['not an image', Buffer.from('hello'), 9018],
  ] as const) {
    it(`keeps the gateway running when an image is ${what} (${code})`, async () => {
      world = await openWorld();
      const gateway = await world.gateway({ softwareVersion: '49.1.2884' });
      await gateway.boot();
      await enrolled();
      await world.acs.fleet.files.put('bad.bin', Buffer.from(image), { type: 'firmware', version: '2.0.0' });
      const task = await done(world, id, { method: 'Download', file: 'bad.bin' });
      assert.equal(task.state, 'failed');
      assert.equal(task.fault?.code, code, task.fault?.message);
      assert.equal(gateway.device.softwareVersion, '49.1.2884');
    });
  }

  it('uploads the configuration of a gateway', async () => {
    world = await openWorld();
    const gateway = await world.gateway();
    await gateway.boot();
    await enrolled();
    const task = await done(world, id, {
      method: 'Upload',
      file: 'unit.cfg',
      args: { FileType: '1 Vendor Configuration File' },
    });
    assert.equal(task.state, 'done', JSON.stringify(task.fault));
    assert.match(
      (await world.acs.fleet.files.bytes('unit.cfg')).toString(),
      /# Configuration Script\.[\s\S]*Scm\.RestartRequiredServices/,
    );
  });

  it('returns to the customer profile after FactoryReset and enrols the device again', async () => {
    world = await openWorld();
    const gateway = await world.gateway();
    await gateway.boot();
    await enrolled();
    await gateway.device.config.set([{ name: 'Device.X_0090F8_Cwmp.PeriodicInformInterval', value: '55' }], 'web');
    const before = world.wire.length;
    const task = await done(world, id, { method: 'FactoryReset' });
    assert.equal(task.state, 'done', JSON.stringify(task.fault));
    await eventually('0 BOOTSTRAP and 1 BOOT', () =>
      world.wire.slice(before).some(({ envelope: { body } }) => {
        const events =
          body.kind === 'request' && body.method === 'Inform' ? (body.args as Arguments<'Inform'>).Event : [];
        return ['0 BOOTSTRAP', '1 BOOT'].every(code => events.some(event => event.EventCode === code));
      }),
    );
    assert.equal(gateway.device.config.variable('Cwmp.PeriodicInformInterval'), '3600');
  });
});
