// Events by which a SIP server makes the unit act: check-sync and reboot.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { workOf } from '../../../../cpe/services/sip/events.ts';
import type { UnitEvent } from '../../../../cpe/voice/settings.ts';
import { createLog } from '../../../../shared/log.ts';
import { createRequest, formatMessage, type SipResponse } from '../../../../shared/sip/message.ts';
import { CallLab, clock } from '../../../support/cpe/call-lab.ts';
import { Gateways, set } from '../../../support/cpe/gateways.ts';
import { hurriedClock } from '../../../support/cpe/voice.ts';

describe('events of a SIP server', () => {
  const lab = CallLab.inSuite();
  let count = 0;

  const notify = (event: string | undefined): Parameters<typeof createRequest>[2] => {
    count += 1;
    return {
      headers: [
        ['Max-Forwards', '70'],
        ['From', '<sip:127.0.0.1>;tag=server'],
        ['To', `<sip:100@${lab.address}>`],
        ['Call-ID', `event-${count}`],
        ['CSeq', '1 NOTIFY'],
        ['Contact', `<sip:127.0.0.1:${lab.peer.server.port}>`],
        ...(event === undefined ? [] : [['Event', event] as [string, string]]),
      ],
    };
  };
  const told = async (event: string | undefined): Promise<SipResponse> => {
    const request = createRequest('NOTIFY', `sip:100@${lab.address}`, notify(event));
    return (await (await lab.peer.send(lab.address, request)).final).response;
  };
  /** A unit that takes these events, and those that it has acted on. */
  const unitWith = async (...taken: UnitEvent[]): Promise<UnitEvent[]> => {
    const acted: UnitEvent[] = [];
    await lab.startIn({
      clock: { ...hurriedClock(0, 1), monotonic: () => 1000 * now },
      onEvent: event => (taken.includes(event) ? async () => void acted.push(event) : undefined),
    });
    return acted;
  };
  let now = 0;

  it('are acted on by the unit’s settings, whatever their parameters', async () => {
    const acted = await unitWith('check-sync', 'reboot');
    assert.deepEqual([(await told('check-sync;reboot=false')).status, (await told('Reboot')).status], [200, 200]);
    assert.deepEqual(acted, ['check-sync', 'reboot']);
  });

  it('are answered 489 where the settings reject them, or nobody knows them', async () => {
    const acted = await unitWith();
    for (const event of ['check-sync', 'reboot', 'presence', 'refer', undefined])
      assert.equal((await told(event)).status, 489, event);
    assert.equal((await told('presence')).headers.get('Allow-Events'), 'check-sync, reboot, message-summary');
    assert.deepEqual(acted, []);
  });

  it('of a kind count once in 30 seconds, and a flood of them is told when to come again', async () => {
    const acted = await unitWith('check-sync');
    const answers = await Promise.all(Array.from({ length: 20 }, () => told('check-sync')));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(19).fill(503)]);
    assert.match(answers.find(({ status }) => status === 503)?.headers.get('Retry-After') ?? '', /^\d+$/);
    now += 60;
    assert.equal((await told('check-sync')).status, 200);
    assert.equal(acted.length, 2);
  });

  it('count from the address of a server alone', async () => {
    const acted = await unitWith('reboot');
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.77');
    await once(socket, 'listening');
    const request = createRequest('NOTIFY', `sip:100@${lab.address}`, notify('reboot'));
    request.headers.prepend('Via', `SIP/2.0/UDP 127.0.0.77:${socket.address().port};branch=z9hG4bKfar;rport`);
    socket.send(formatMessage(request), 5060, lab.address);
    const [answer] = (await once(socket, 'message')) as [Buffer];
    assert.match(answer.toString(), /^SIP\/2\.0 403 /);
    assert.deepEqual(acted, []);
    socket.close();
  });

  it('that fail are logged, and the unit goes on', async () => {
    const lines: string[] = [];
    await lab.startIn({
      log: createLog({ clock, level: 'error', write: line => lines.push(line) }),
      onEvent: () => () => Promise.reject(new Error('no script server')),
    });
    assert.equal((await told('check-sync')).status, 200);
    await clock.sleep(20);
    assert.match(lines.join('\n'), /SIP event failed.*no script server/);
    assert.equal((await told('check-sync')).status, 503);
  });
});

describe('the settings of GwEventHandling', () => {
  let gateways: Gateways;
  before(async () => {
    gateways = await Gateways.open();
  });
  after(() => gateways.close());

  it('reject both events at a factory unit, and are read at each event', async () => {
    const gateway = await gateways.up({
      profile: { parameters: { 'Scm.ServicesConfig[Name=SipEp].StartupType': 'Manual' }, certificates: [] },
    });
    const { device } = gateway;
    const works = (): boolean[] => (['check-sync', 'reboot'] as const).map(one => !!workOf(device, 'default', one));
    assert.deepEqual(works(), [false, false]);
    await set(gateway, { 'SipEp.GwEventHandling[GatewayName=default].CheckSync': 'CwmpInform' });
    assert.deepEqual(works(), [true, false]);
    await set(gateway, { 'SipEp.GwEventHandling[GatewayName=default].Reboot': 'Restart' });
    assert.deepEqual(works(), [true, true]);
    let informed: string | undefined;
    const { agent } = device.power;
    assert.ok(agent);
    agent.inform = event => {
      informed = event;
    };
    await workOf(device, 'default', 'check-sync')?.();
    assert.equal(informed, '6 CONNECTION REQUEST');
    await workOf(device, 'default', 'reboot')?.();
    assert.notEqual(device.power.agent, agent);
    await set(gateway, { 'SipEp.GwEventHandling[GatewayName=default].CheckSync': 'TransferScript' });
    await workOf(device, 'default', 'check-sync')?.();
  });
});
