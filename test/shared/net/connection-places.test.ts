// Places for connections: raw peers that open many, open slowly, or never finish.
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { VirtualClock } from '../../../shared/clock.ts';
import { networkOf } from '../../../shared/net/address.ts';
import { ConnectionPlaces, type PlaceLimits } from '../../../shared/net/connection-places.ts';
import { eventually } from '../../support/eventually.ts';
import { serverCertificate, testCa } from '../../support/worlds/world.ts';

describe('places for connections', () => {
  let server: Server;
  let clock: VirtualClock;
  let places: ConnectionPlaces;
  let closed: string[];
  let sockets: Socket[] = [];

  const open = async (limits: PlaceLimits, tls = false, isExempt = false): Promise<void> => {
    clock = new VirtualClock();
    closed = [];
    const { chain: cert, key } = tls ? await serverCertificate(await testCa()) : { chain: '', key: '' };
    server = tls ? createTlsServer({ cert, key }) : createServer();
    server.on('request', (request, response) => {
      if (request.url === '/proved') places.prove(request.socket);
      request.resume();
      request.on('end', () => response.end('ok'));
    });
    places = new ConnectionPlaces({
      ...{ clock, limits, isExempt: () => isExempt },
      onClosed: ({ address, reason }) => closed.push(`${address} ${reason}`),
    });
    places.watch(server, tls);
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  };
  const dial = async (localAddress = '127.0.0.1', text = ''): Promise<Socket> => {
    const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', localAddress });
    sockets.push(socket);
    socket.on('error', () => undefined).resume();
    await new Promise(resolve => socket.once('connect', resolve));
    if (text) socket.write(text);
    return socket;
  };
  const settled = async (count: number): Promise<void> =>
    void (await eventually('the connections are counted', () => places.unproved === count));
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second++) await clock.advance(1000);
  };
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets = [];
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  });

  it('A6: closes the oldest unproved connection of an address that has too many', async () => {
    await open({ perAddress: 2, unproved: 10 });
    const [first, second] = [await dial(), await dial()];
    await settled(2);
    await clock.advance(2000);
    const third = await dial();
    await eventually('the first is closed', () => first.destroyed);
    assert.deepEqual([second.destroyed, third.destroyed], [false, false]);
    const other = await dial('127.0.0.9');
    await settled(3);
    assert.equal(other.destroyed, false);
    assert.deepEqual(closed, ['127.0.0.1 too many connections']);
  });

  it('A6: refuses a new connection where the oldest had no time to prove itself', async () => {
    await open({ perAddress: 1, unproved: 10 });
    const first = await dial();
    await settled(1);
    const second = await dial();
    await eventually('the second is closed', () => second.destroyed);
    assert.equal(first.destroyed, false);
  });

  it('A6: closes the oldest of all where many addresses have too many', async () => {
    await open({ perAddress: 10, unproved: 2 });
    const first = await dial('127.0.0.2');
    await settled(1);
    await dial('127.0.0.3');
    await settled(2);
    await clock.advance(2000);
    await dial('127.0.0.4');
    await eventually('the first is closed', () => first.destroyed);
  });

  it('A6: keeps a proved connection, whatever comes from its address', async () => {
    await open({ perAddress: 1, unproved: 10 });
    const proved = await dial('127.0.0.1', 'GET /proved HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually('it is proved', () => proved.bytesRead > 0);
    await settled(0);
    for (let count = 0; count < 5; count++) {
      await clock.advance(2000);
      await dial();
      await settled(1);
    }
    await pass(60);
    assert.equal(proved.destroyed, false);
  });

  it('A6: counts the connections of a proxy in all alone', async () => {
    await open({ perAddress: 1, unproved: 10 }, false, true);
    for (let count = 0; count < 5; count++) await dial();
    await settled(5);
    assert.deepEqual(closed, []);
  });

  for (const [what, tls, text, reason] of [
    ['a TLS handshake that never begins', true, '', 'handshake too slow'],
    ['a silent connection', false, '', 'request too slow'],
    ['a head without an end', false, 'POST / HTTP/1.1\r\nHost: x\r\nX: ', 'request too slow'],
    [
      'a body that does not come',
      false,
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx',
      'body too slow',
    ],
    ['a pause after an answer', false, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'idle'],
  ] as const) {
    it(`A6: closes ${what} at its deadline`, async () => {
      await open({ perAddress: 10, unproved: 10 }, tls);
      const socket = await dial('127.0.0.1', text);
      await settled(1);
      if (reason === 'idle') await eventually('the answer came', () => socket.bytesRead > 0);
      if (reason === 'body too slow') await eventually('it is read', () => server.listenerCount('request') > 0);
      await eventually('it is closed', async () => {
        await pass(1);
        return socket.destroyed;
      });
      assert.deepEqual(closed, [`127.0.0.1 ${reason}`]);
    });
  }

  it('A6: closes a body that drips, also of a proved peer, and none that comes at its rate', async () => {
    await open({ perAddress: 10, unproved: 10 });
    const head = 'POST /proved HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n';
    const [drip, steady] = [await dial('127.0.0.1', head), await dial('127.0.0.1', head)];
    await settled(0);
    for (let second = 0; second < 40 && !drip.destroyed; second++) {
      drip.write('x');
      steady.write('x'.repeat(2048));
      await new Promise(resolve => setImmediate(() => setImmediate(resolve)));
      await pass(1);
    }
    await eventually('the slow one is closed', () => drip.destroyed);
    assert.equal(steady.destroyed, false);
  });

  it('A6: counts the addresses of one IPv6 subscriber together', () => {
    for (const address of ['2001:db8:0:7::1', '2001:0DB8:0000:0007:ffff::2', '2001:db8::7:1:2:3:4'])
      assert.equal(networkOf(address), '2001:db8:0:7::/64', address);
    assert.notEqual(networkOf('2001:db8:0:8::1'), networkOf('2001:db8:0:7::1'));
    assert.equal(networkOf('::1'), '0:0:0:0::/64');
    assert.equal(networkOf('192.0.2.1'), '192.0.2.1');
  });
});
