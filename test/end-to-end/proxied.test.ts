// Gateways behind a load balancer that passes TCP on: by its PROXY header the ACS knows each by its own address.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { binaryHeader, type End, lineHeader } from '../support/servers/proxy-header.ts';
import { eventually, openWorld, type World } from '../support/worlds/world.ts';

const id = '0090F8-4102S-0090F8000001';
const cpe: End = { address: '192.0.2.77', port: 40_000 };
const to: End = { address: '192.0.2.1', port: 7547 };

/** Passes connections on to a port, each with a header before it. */
async function loadBalancer(port: number, send: (upstream: Socket) => Promise<void>): Promise<Server> {
  const server = createServer(async socket => {
    const upstream = connect({ host: '127.0.0.1', port });
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const)
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
    await once(upstream, 'connect');
    await send(upstream);
    socket.pipe(upstream).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

describe('behind a load balancer that sends PROXY headers', () => {
  let world: World;
  let balancer: Server | undefined;
  afterEach(async () => {
    await world.close();
    balancer?.close();
    balancer = undefined;
  });

  const acsPort = (): number => Number(new URL(world.url).port);
  const bootsBehind = async (send: (upstream: Socket) => Promise<void>): Promise<string | undefined> => {
    balancer = await loadBalancer(acsPort(), send);
    const url = new URL(world.url);
    url.port = String(portOf(balancer));
    const gateway = await world.gateway({ settings: { 'Cwmp.AcsStaticUrl': url.href } });
    await gateway.boot();
    return await eventually('enrolled', async () => {
      const row = await world.acs.fleet.devices.row(id).catch(() => undefined);
      return row?.state === 'enrolled' && world.acs.south.sessions() === 0 && row.address;
    });
  };
  const isRefusal = (line: string): boolean => line.includes('proxy connection refused');
  const write = async (upstream: Socket, bytes: Buffer): Promise<void> => {
    await new Promise(resolve => upstream.write(bytes, resolve));
  };

  for (const tls of [true, false])
    for (const [version, header] of [
      ['1', lineHeader],
      ['2', binaryHeader],
    ] as const)
      it(`version ${version}, ${tls ? 'TLS passed through' : 'in clear'}: a gateway has its own address`, async () => {
        world = await openWorld({ tls, proxyProtocol: ['127.0.0.1'] });
        assert.equal(await bootsBehind(upstream => write(upstream, header(cpe, to))), cpe.address);
      });

  it('a header that comes byte by byte is taken together', async () => {
    world = await openWorld({ proxyProtocol: ['127.0.0.0/8'] });
    const address = await bootsBehind(async upstream => {
      upstream.setNoDelay();
      for (const byte of binaryHeader(cpe, to)) await write(upstream, Buffer.from([byte]));
    });
    assert.equal(address, cpe.address);
  });

  it('a health check of the load balancer, and one that says UNKNOWN, keep its own address', async () => {
    world = await openWorld({ proxyProtocol: ['127.0.0.1'] });
    assert.equal(await bootsBehind(upstream => write(upstream, Buffer.from('PROXY UNKNOWN\r\n'))), '127.0.0.1');
  });

  it('a connection of the load balancer without a header is refused, and the log says why, once', async () => {
    world = await openWorld({ tls: false, proxyProtocol: ['127.0.0.1'] });
    for (let n = 0; n < 3; n++) {
      const socket = connect({ host: '127.0.0.1', port: acsPort() });
      socket.on('error', () => undefined);
      socket.write('POST / HTTP/1.1\r\nHost: acs\r\nContent-Length: 0\r\n\r\n');
      await once(socket, 'close');
      assert.equal(socket.bytesRead, 0);
    }
    const said = world.logged.filter(isRefusal);
    assert.equal(said.length, 1);
    assert.match(said[0] ?? '', /does not begin with a PROXY header/);
  });

  const lookedAt = async (): Promise<void> => {
    const socket = connect({ host: '127.0.0.1', port: acsPort() });
    socket.end();
    socket.resume();
    await once(socket, 'close');
  };

  for (const tls of [true, false])
    it(`one that only looks whether a port is open is let go, and not told of (${tls ? 'TLS' : 'in clear'})`, async () => {
      world = await openWorld({ tls, proxyProtocol: ['127.0.0.1'] });
      await lookedAt();
      assert.deepEqual(world.logged.filter(isRefusal), []);
    });

  it('a connection whose header has not come is not waited for when the ACS stops', async () => {
    world = await openWorld({ tls: false, proxyProtocol: ['127.0.0.1'] });
    const socket = connect({ host: '127.0.0.1', port: acsPort() });
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    // Connections are taken in order.
    await lookedAt();
    const closed = once(socket, 'close');
    await world.acs.south.close();
    await closed;
    assert.deepEqual(world.logged.filter(isRefusal), []);
  });

  it('who is no load balancer is served without a header, and believed none', async () => {
    world = await openWorld({ tls: false, proxyProtocol: ['192.0.2.0/24'] });
    const gateway = await world.gateway();
    await gateway.boot();
    const row = await eventually('met', async () => await world.acs.fleet.devices.row(id).catch(() => undefined));
    assert.equal(row.address, '127.0.0.1');
    const socket = connect({ host: '127.0.0.1', port: acsPort() });
    socket.write(lineHeader(cpe, to));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    assert.match(answer.toString(), /^HTTP\/1\.1 400 /);
    socket.destroy();
  });
});
