// Gateways behind a load balancer that passes TCP through: the ACS learns the address of each from its PROXY header.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { deviceId as id } from '../support/devices.ts';
import { eventually } from '../support/eventually.ts';
import { binaryHeader, type End, lineHeader } from '../support/servers/proxy-header.ts';
import { openWorld, type World } from '../support/worlds/world.ts';

const cpe: End = { address: '192.0.2.77', port: 40_000 };
const to: End = { address: '192.0.2.1', port: 7547 };

/** Forwards connections to a port; `send` writes the header of each. */
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

describe('load balancer with PROXY headers', () => {
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
      it(`takes a gateway's address from a version ${version} header (${tls ? 'TLS' : 'in clear'})`, async () => {
        world = await openWorld({ tls, proxyProtocol: ['127.0.0.1'] });
        assert.equal(await bootsBehind(upstream => write(upstream, header(cpe, to))), cpe.address);
      });

  it('accepts a header that comes byte by byte', async () => {
    world = await openWorld({ proxyProtocol: ['127.0.0.0/8'] });
    const address = await bootsBehind(async upstream => {
      upstream.setNoDelay();
      for (const byte of binaryHeader(cpe, to)) await write(upstream, Buffer.from([byte]));
    });
    assert.equal(address, cpe.address);
  });

  it("keeps the load balancer's address for a header with UNKNOWN", async () => {
    world = await openWorld({ proxyProtocol: ['127.0.0.1'] });
    assert.equal(await bootsBehind(upstream => write(upstream, Buffer.from('PROXY UNKNOWN\r\n'))), '127.0.0.1');
  });

  it('refuses connections of the load balancer without a header and logs the reason once', async () => {
    world = await openWorld({ tls: false, proxyProtocol: ['127.0.0.1'] });
    for (let n = 0; n < 3; n++) {
      const socket = connect({ host: '127.0.0.1', port: acsPort() });
      socket.on('error', () => undefined);
      socket.write('POST / HTTP/1.1\r\nHost: acs\r\nContent-Length: 0\r\n\r\n');
      await once(socket, 'close');
      assert.equal(socket.bytesRead, 0);
    }
    const refusals = world.logged.filter(isRefusal);
    assert.equal(refusals.length, 1);
    assert.match(refusals[0] ?? '', /does not begin with a PROXY header/);
  });

  const healthCheck = async (): Promise<void> => {
    const socket = connect({ host: '127.0.0.1', port: acsPort() });
    socket.end();
    socket.resume();
    await once(socket, 'close');
  };

  for (const tls of [true, false])
    it(`ignores a health check that sends no byte (${tls ? 'TLS' : 'in clear'})`, async () => {
      world = await openWorld({ tls, proxyProtocol: ['127.0.0.1'] });
      await healthCheck();
      assert.deepEqual(world.logged.filter(isRefusal), []);
    });

  it('closes a connection without its header at once when the ACS stops', async () => {
    world = await openWorld({ tls: false, proxyProtocol: ['127.0.0.1'] });
    const socket = connect({ host: '127.0.0.1', port: acsPort() });
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    // Connections are accepted in order, so the ACS has the first one after this.
    await healthCheck();
    const closed = once(socket, 'close');
    await world.acs.south.close();
    await closed;
    assert.deepEqual(world.logged.filter(isRefusal), []);
  });

  it('believes no header of a client that is no load balancer', async () => {
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
