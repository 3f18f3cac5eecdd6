// A full house of unproved connections: peers that did their part are answered, and those that wait for nothing give way.
import assert from 'node:assert/strict';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { VirtualClock } from '../../../shared/clock.ts';
import { ConnectionPlaces, type PlaceLimits } from '../../../shared/net/connection-places.ts';
import { eventually } from '../../support/eventually.ts';
import { serverCertificate, testCa } from '../../support/worlds/world.ts';

const REFUSAL = 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 30\r\n\r\n';
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

describe('a full house of unproved connections', () => {
  let server: Server;
  let clock: VirtualClock;
  let places: ConnectionPlaces;
  let requests: ServerResponse[] = [];
  let sockets: Socket[] = [];

  const open = async (limits: PlaceLimits, tls = false): Promise<void> => {
    clock = new VirtualClock();
    requests = [];
    const { chain: cert, key } = tls ? await serverCertificate(await testCa()) : { chain: '', key: '' };
    server = tls ? createTlsServer({ cert, key }) : createServer();
    server.on('request', (request, response) => {
      request.resume();
      requests.push(response);
    });
    places = new ConnectionPlaces({ clock, limits, refusal: () => REFUSAL });
    places.watch(server, tls);
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  };
  const dial = (text = '', tls = false): { socket: Socket; said: () => string } => {
    const to = { port: (server.address() as AddressInfo).port, host: '127.0.0.1' };
    const socket = tls ? connectTls({ ...to, rejectUnauthorized: false }) : connect(to);
    sockets.push(socket);
    let said = '';
    socket
      .on('error', () => undefined)
      .on('data', bytes => {
        said += bytes;
      });
    if (text) socket.write(text);
    return { socket, said: () => said };
  };
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets = [];
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  });

  it('A6: keeps every connection whose request is whole, however many there are', async () => {
    await open({ perAddress: 5, unproved: 8 });
    const peers = Array.from({ length: 50 }, () => dial(GET));
    await eventually('all are asked', () => requests.length === 50);
    await clock.advance(5000);
    for (const response of requests) response.end('ok');
    await eventually('all are answered', () => peers.every(({ said }) => said().endsWith('ok')));
    await clock.advance(5000);
    await eventually('those that are idle are counted again', () => places.unproved === 5);
  });

  it('A6: tells a peer that has said nothing that there is no room', async () => {
    await open({ perAddress: 1, unproved: 10 });
    dial();
    await eventually('it is there', () => places.unproved === 1);
    const { socket, said } = dial();
    await eventually('it is closed', () => socket.closed);
    assert.equal(said(), REFUSAL);
    assert.equal(places.unproved, 1);
  });

  it('A6: drops the request of a peer that was told so, and closes where it stays', async () => {
    await open({ perAddress: 1, unproved: 10 });
    dial();
    await eventually('it is there', () => places.unproved === 1);
    const to = { port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true };
    const socket = connect(to);
    sockets.push(socket);
    socket.on('error', () => undefined).resume();
    await new Promise(resolve => socket.once('end', resolve));
    socket.write(GET);
    await eventually('it is closed', async () => {
      socket.write(GET);
      await clock.advance(1000);
      return socket.closed;
    });
    assert.deepEqual(requests, []);
  });

  it('A6: closes those whose head drips and says nothing to them', async () => {
    await open({ perAddress: 2, unproved: 10 });
    const peers = Array.from({ length: 6 }, () => dial('GET / HTTP/1.1\r\nHost: '));
    await eventually('the rest is closed', () => peers.filter(({ socket }) => socket.closed).length === 4);
    assert.ok(peers.every(({ said }) => said() === ''));
  });

  it('A6: bounds bodies that do not come, once their time is over', async () => {
    await open({ perAddress: 2, unproved: 10 });
    const head = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nx';
    const peers = Array.from({ length: 10 }, () => dial(head));
    const left = (): number => peers.filter(({ socket }) => !socket.closed).length;
    await eventually('twice as many are left', () => left() === 4);
    await clock.advance(3000);
    await eventually('so many are left', () => left() === 2);
  });

  it('A6: lets handshakes go on beyond the limit, and bounds those that have ended', async () => {
    await open({ perAddress: 3, unproved: 10 }, true);
    const peers = Array.from({ length: 6 }, () => dial(GET, true));
    await eventually('all are asked', () => requests.length === 6);
    for (const response of requests) response.end('ok');
    await eventually('all are answered', () => peers.every(({ said }) => said().endsWith('ok')));
    const silent = Array.from({ length: 10 }, () => dial());
    await eventually('the rest is closed', () => silent.filter(({ socket }) => !socket.closed).length <= 6);
  });
});
