// A gateway behind NAT, over sockets: UDP connection requests reach it through the STUN server of the ACS, and only genuine ones count.
import assert from 'node:assert/strict';
import { informValues } from '../../acs/device/inform.ts';
import type { Gateway } from '../../cpe/gateway.ts';
import { systemClock } from '../../shared/clock.ts';
import type { Arguments } from '../../shared/cwmp/methods.ts';
import { encodeUdpRequest } from '../../shared/cwmp/udp-request.ts';
import { deviceId as id } from '../support/devices.ts';
import { eventually } from '../support/eventually.ts';
import { type Nat, openNat, rawPeer } from '../support/servers/stun.ts';
import { openWorld, type World } from '../support/worlds/world.ts';

const ADDRESS = 'Device.ManagementServer.UDPConnectionRequestAddress';

describe('gateway behind NAT', () => {
  let world: World;
  let nat: Nat;
  let gateway: Gateway;

  /** Starts a gateway whose URL lies at an address that the ACS never sees, so that only UDP reaches it. */
  const start = async (login?: { username: string; password: string }): Promise<void> => {
    world = await openWorld({ stun: login ? { login } : {} });
    nat = await openNat(Number(world.acs.stun?.split(':')[1]));
    gateway = await world.gateway({
      listen: { host: '127.0.0.2', port: 0 },
      settings: {
        'Cwmp.Tr111StunEnable': 'Enable',
        'Cwmp.Tr111StunServerHost': `127.0.0.1:${nat.inside}`,
        ...(login && {
          'Cwmp.Tr111StunUsername': login.username,
          'Device.ManagementServer.STUNPassword': login.password,
        }),
      },
    });
    await gateway.boot();
    await isKnown();
  };
  /** Waits until the gateway uses its own credentials and the ACS knows the address of its binding. */
  const isKnown = (): Promise<unknown> =>
    eventually('its address known to the ACS', async () => {
      const row = await world.acs.fleet.devices.row(id).catch(() => undefined);
      const quiet = world.acs.south.sessions() === 0 && gateway.device.state.facts.changed.length === 0;
      return (
        quiet &&
        row?.credentials?.next === undefined &&
        row &&
        informValues(row)[ADDRESS] === `127.0.0.1:${nat.outside}`
      );
    });
  const requestConnection = async (): Promise<{ status: number; title?: string }> => {
    const answer = await fetch(`${world.acs.api}/api/v1/devices/${id}/connection-request`, {
      method: 'POST',
      headers: { authorization: 'Bearer test-token' },
    });
    return { status: answer.status, ...((await answer.json()) as object) };
  };
  /** The number of sessions with 6 CONNECTION REQUEST. */
  const requested = (): number =>
    world.wire.filter(
      ({ envelope: { body } }) =>
        body.kind === 'request' &&
        body.method === 'Inform' &&
        (body.args as Arguments<'Inform'>).Event.some(({ EventCode }) => EventCode === '6 CONNECTION REQUEST'),
    ).length;
  afterEach(async () => {
    await world.close();
    await nat.close();
  });

  it('detects the NAT and answers each UDP connection request with a session', async () => {
    await start();
    assert.equal(gateway.device.config.variable('Cwmp.Tr111NatDetected'), 'Yes');
    for (let count = 1; count <= 3; count++) {
      assert.deepEqual(await requestConnection(), { status: 200, accepted: true });
      assert.equal(requested(), count);
      await eventually('the session ends', () => world.acs.south.sessions() === 0);
    }
    assert.equal(nat.dropped, 0);
  }).timeout(30_000);

  it('reports a moved binding and is reached through the new one', async () => {
    await start({ username: 'all', password: 'stun-secret' });
    await nat.restart();
    // The keep-alive would find the moved binding; a changed setting makes the unit ask at once.
    await gateway.device.config.set([{ name: 'Device.X_0090F8_Cwmp.Tr111StunKeepAlivePeriod', value: '30-30' }], 'web');
    await isKnown();
    assert.deepEqual(await requestConnection(), { status: 200, accepted: true });
    await eventually(
      'announced with integrity',
      () => gateway.device.config.variable('Cwmp.Tr111StunStatus') === 'Connected',
    );
  }).timeout(30_000);

  it('ignores forged, replayed, old and flooding requests and obeys a good one right after', async () => {
    await start();
    const { username, password } = {
      username: gateway.device.config.variable('Cwmp.ConnectionRequestUsername') ?? '',
      password: gateway.device.config.variable('Cwmp.ConnectionRequestPassword') ?? '',
    };
    const now = Math.floor(systemClock().now() / 1000);
    const request = (ts: number, name: string, key = password): Buffer =>
      encodeUdpRequest({ authority: 'h:1', ts, id: name, un: username, cn: 'c' }, key);
    const attacker = await rawPeer();
    const good = request(now - 100, '1');
    await attacker.send(good, nat.client);
    await eventually('the first of them', () => requested() === 1);
    await eventually('the session ends', () => world.acs.south.sessions() === 0);
    for (let count = 0; count < 3000; count++) await attacker.send(request(now - 50, `${count}`, 'guess'), nat.client);
    await attacker.send(good, nat.client);
    await attacker.send(request(now - 101, '2'), nat.client);
    await attacker.send(request(now - 100, '3'), nat.client);
    await attacker.send(good, nat.outside);
    await eventually('the NAT drops the attacker', () => nat.dropped === 1);
    // After the flood the unit checks no signature for a second, so a later copy counts.
    let answer = await requestConnection();
    if (answer.status !== 200) answer = await requestConnection();
    assert.equal(answer.status, 200);
    assert.equal(requested(), 2);
    assert.equal(attacker.heard.length, 0, 'no request is answered');
    await attacker.close();
  }).timeout(60_000);
});
