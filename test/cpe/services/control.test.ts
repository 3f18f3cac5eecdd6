// Services that are stopped, started and restarted: what each does not do while it is stopped, and what is shown meanwhile.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { Orders } from '../../../cpe/services/common/orders.ts';
import { hasBehaviour } from '../../../cpe/services/common/service-rules.ts';
import { allServices } from '../../../cpe/services/registry.ts';
import { userAgentOf } from '../../../cpe/services/sip/sipep.ts';
import { UserError } from '../../../shared/errors.ts';
import { AgentWorld, set as ordered } from '../../support/cpe/agent-world.ts';
import { faultOf, Gateways, set } from '../../support/cpe/gateways.ts';
import { informResponse } from '../../support/cpe/scripted-acs.ts';
import { openAsAdmin } from '../../support/cpe/web/client.ts';
import { eventually } from '../../support/eventually.ts';
import { Telephones } from '../../support/voice/telephones.ts';

/** Sockets of this host that are bound to an address: `tcp 5060`. */
async function socketsAt(address: string): Promise<string[]> {
  const bytes = address.split('.').map(part => Number(part).toString(16).padStart(2, '0').toUpperCase());
  const own = bytes.reverse().join('');
  const lists = await Promise.all(
    ['tcp', 'udp'].map(async kind => {
      const lines = (await readFile(`/proc/net/${kind}`, 'utf8')).split('\n').slice(1);
      const state = kind === 'tcp' ? ' 0A' : '';
      return lines
        .filter(line => line.includes(`: ${own}:`) && (state === '' || line.includes(`${state} `)))
        .map(line => `${kind} ${Number.parseInt(/: [0-9A-F]{8}:([0-9A-F]{4})/.exec(line)?.[1] ?? '', 16)}`);
    }),
  );
  return lists.flat().sort();
}

describe('CWMP as a service', () => {
  let world: AgentWorld;
  beforeEach(async () => {
    world = await AgentWorld.open();
  });
  afterEach(() => world.close());
  const listen = { host: '127.0.0.1', port: 0 };
  const state = (): string | undefined => world.unit.device.config.variable('Scm.ServicesInfo[Name=Cwmp].ExecState');

  it('neither calls nor answers while it is stopped, and reports afterwards what has waited', async () => {
    await world.start({
      listen,
      parameters: { 'Cwmp.PeriodicInformEnable': 'Enable', 'Cwmp.PeriodicInformInterval': '60' },
    });
    const { gateway, device } = world.unit;
    const url = gateway.agent?.connectionRequestUrl ?? '';
    assert.equal((await fetch(url)).status, 401);
    await gateway.device.services.command('Cwmp', 'Stop');
    assert.equal(state(), 'Stopped');
    await assert.rejects(fetch(url), 'the port is closed');
    gateway.agent?.inform('X 0090F8 Event');
    await world.quiet(400_000, 1);
    await device.config.set([{ name: device.config.pathOf('Cwmp.PeriodicInformInterval') ?? '', value: '30' }], 'web');
    await world.quiet(100_000, 1);
    await gateway.device.services.command('Cwmp', 'Start');
    await world.unit.ended(2);
    assert.deepEqual(world.events(2), ['X 0090F8 Event']);
    assert.equal((await fetch(gateway.agent?.connectionRequestUrl ?? '')).status, 401);
    assert.equal(gateway.agent?.connectionRequestUrl, url);
    await world.next(31_000);
    assert.deepEqual(world.events(3), ['2 PERIODIC']);
  });

  it('answers the ACS that orders its stop within a session, and calls no more', async () => {
    const stop = 'Device.X_0090F8_Scm.ServiceCommands.23.Stop';
    assert.ok((await world.start({ listen })).ok);
    assert.equal(world.unit.device.config.get('Device.X_0090F8_Scm.ServiceCommands.23.Name'), 'Cwmp');
    world.acs.play(informResponse(), ordered([stop, 'Stop']));
    world.unit.gateway.agent?.inform('X 0090F8 Event');
    assert.ok((await world.unit.ended(2)).ok);
    assert.ok(world.acs.names().includes('SetParameterValuesResponse'));
    await eventually('the stop', () => state() === 'Stopped');
    world.unit.gateway.agent?.inform('X LATER');
    await world.quiet(100_000, 2);
  });

  it('ends a session in which the ACS does not answer, and shows that it is stopping', async () => {
    await world.start({ listen });
    world.acs.play({ silent: true });
    world.unit.gateway.agent?.inform('X 0090F8 Event');
    await world.acs.until(3);
    const stopped = world.unit.gateway.device.services.command('Cwmp', 'Stop');
    await eventually('the way down', () => state() === 'Stopping');
    await world.unit.clock.advance(11_000);
    await stopped;
    assert.equal(state(), 'Stopped');
    assert.equal(world.unit.sessions[1]?.ok, false);
    await world.quiet(400_000, 2);
    await world.unit.gateway.device.services.command('Cwmp', 'Start');
    await world.unit.ended(3);
    assert.deepEqual(world.events(3), ['X 0090F8 Event']);
  });
});

describe('services under command', () => {
  let on: Gateways;
  beforeEach(async () => {
    on = await Gateways.open();
  });
  afterEach(() => on.close());
  const refusal = (code: string) => (error: unknown) => error instanceof UserError && error.code === code;

  it('stop by command, but for those of the system', async () => {
    const gateway = await on.up();
    const { services } = gateway.device;
    for (const name of ['Conf', 'Scm', 'Hoc'])
      await assert.rejects(services.command(name, 'Stop'), refusal('system-service'));
    const manual = set(gateway, { 'Scm.ServicesConfig[Name=Conf].StartupType': 'Manual' });
    assert.equal((await faultOf(manual)).parameters[0]?.code, 9007);
    await assert.rejects(services.command('Nothing', 'Start'), refusal('no-service'));
    await services.command('Conf', 'Restart');
    assert.equal(services.stateOf('Conf'), 'Started');
  });

  it('are those of the table with behaviour', () => {
    for (const { name } of allServices)
      assert.ok(hasBehaviour(name) || ['Diagnostics', 'VoiceService'].includes(name), name);
  });

  it('say in a comment what is the matter with them', async () => {
    const gateway = await on.up();
    const comment = (name: string) => gateway.device.config.variable(`Scm.ServicesInfo[Name=${name}].Comment`);
    assert.equal(comment('Mipt'), 'Needed by SipEp.');
    assert.equal(comment('Lldp'), 'Manual start-up. Simulated without behaviour.');
    await set(gateway, { 'SipEp.TransportTlsVersion': 'TLSv1_2' });
    assert.equal(comment('SipEp'), 'Restart required.');
    await gateway.device.services.command('Mipt', 'Stop');
    assert.equal(comment('SipEp'), 'Restart required. Without calls: Mipt is stopped.');
  });

  it('end a storm of restarts soon, and as the last order says', async () => {
    const gateway = await on.up();
    const { services } = gateway.device;
    const storm = Array.from({ length: 500 }, () => services.command('SipEp', 'Restart'));
    const last = services.command('SipEp', 'Stop');
    await Promise.all([...storm, last]);
    assert.equal(services.stateOf('SipEp'), 'Stopped');
  });

  it('join an order that repeats the last one waiting, and no other', async () => {
    const orders = new Orders();
    const carried: string[] = [];
    const order = (name: string, action: string): Promise<void> =>
      orders.run(name, action, async () => {
        await Promise.resolve();
        carried.push(`${action} ${name}`);
        if (action === 'Fail') throw new Error('no');
      });
    const first = order('A', 'Restart');
    const failing = assert.rejects(order('B', 'Fail'));
    await Promise.all([
      first,
      failing,
      order('A', 'Restart'),
      order('A', 'Restart'),
      order('A', 'Stop'),
      order('A', 'Restart'),
    ]);
    assert.deepEqual(carried, ['Restart A', 'Fail B', 'Stop A', 'Restart A']);
  });

  it('leave no socket of the unit open once all user services are stopped', async () => {
    const address = '127.0.15.77';
    const parameters = {
      'SipEp.DefaultStaticRegistrarServerHost': '127.0.0.1:9',
      'SipEp.UserAgent[EpId=Phone-Fax1].Username': '100',
      'SipEp.UserAgent[EpId=Phone-Fax1].Register': 'Enable',
    };
    const profile = { parameters, certificates: [] };
    const { device } = await on.up({ address, listen: { host: address, port: 0 }, profile });
    await eventually('the ports of SIP and CWMP', async () => (await socketsAt(address)).length >= 2);
    const users = device.model.services.filter(service => service.class === 'User');
    for (const { name } of users) await device.services.command(name, 'Stop');
    assert.deepEqual(await socketsAt(address), []);
    for (const { name } of users) await device.services.command(name, 'Start');
    await eventually('the ports again', async () => (await socketsAt(address)).length >= 2);
  });

  it('stand on their page with what can be done about them', async () => {
    const gateway = await on.up();
    const web = await openAsAdmin(gateway.device);
    try {
      const order = async (service: string, choice: string): Promise<string> => {
        const token = /name="token" value="([^"]*)"/.exec(await web.page('/system/services'))?.[1] ?? '';
        const answer = await web.post('/system/services', { token, action: 'service', service, choice, now: '' });
        return answer.status === 303 ? await web.page('/system/services') : await answer.text();
      };
      const page = await web.page('/system/services');
      assert.match(page, /Certificate Manager \(CERT\)<\/td><td>Started/);
      assert.match(page, /SIP Endpoint \(SIPEP\)<\/td><td>Started/);
      assert.match(await order('SipEp', 'Stop'), /SIP Endpoint \(SIPEP\)<\/td><td>Stopped/);
      assert.match(await order('SipEp', 'Start'), /SIP Endpoint \(SIPEP\)<\/td><td>Started/);
      assert.match(await order('Cert', 'Stop'), /system service, which cannot be stopped/);
      assert.match(await order('SipEp', ''), /An action has to be chosen/);
      await set(gateway, { 'SipEp.TransportTlsVersion': 'TLSv1_2' });
      const waiting = await web.page('/system/services');
      assert.match(waiting, /<p>SipEp<\/p>/);
      const token = /name="token" value="([^"]*)"/.exec(waiting)?.[1] ?? '';
      await web.post('/system/services', { token, action: 'required' });
      assert.equal(gateway.device.config.variable('SipEp.NeedRestartInfo'), 'No');
    } finally {
      await web.close();
    }
  });
});

describe('calls of a unit whose services stop', function () {
  this.timeout(30_000);
  const telephones = Telephones.inSuite(42);

  for (const service of ['Mipt', 'EpAdm'])
    it(`end with ${service}, and are taken again once it starts`, async () => {
      const caller = await telephones.boot('100', {});
      const called = await telephones.boot('101', {});
      const { services } = telephones.deviceOf('101');
      const [call, answered] = await Telephones.connect(caller, called);
      await services.command(service, 'Stop');
      await Promise.all([call.ended, answered.ended]);
      await assert.rejects(caller.call('100', '101'), /^CallFailed: 480 /);
      const { code } = await called.call('101', '100').then(
        () => assert.fail('it calls'),
        (error: unknown) => error as UserError,
      );
      assert.equal(code, 'no-calls');
      await services.command(service, 'Start');
      const again = (): boolean => userAgentOf(telephones.deviceOf('101'))?.registrations()[0]?.state === 'Registered';
      await eventually('registration', again, 15_000);
      const now = userAgentOf(telephones.deviceOf('101')) ?? assert.fail('no user agent');
      const [next] = await Telephones.connect(caller, now);
      await next.hangup();
    });
});
