// The ACS beside peers that open connections and never finish: other CPEs get in.
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { UNPROVED_PER_ADDRESS } from '../../../acs/south/admission/connection-limit.ts';
import { TOKEN, testApi } from '../../support/acs/api.ts';
import { DialectCpe } from '../../support/cpe/dialect-cpe.ts';
import { dialects } from '../../support/cpe/dialects.ts';
import { eventually } from '../../support/eventually.ts';
import { openWorld } from '../../support/worlds/world.ts';

describe('slow connections', () => {
  it('A6: lets a good CPE in within 1 s beside slow headers from another address', async function () {
    this.timeout(60_000);
    const world = await openWorld({ tls: false });
    const slow: Socket[] = [];
    try {
      const { hostname: host, port } = new URL(world.url);
      for (let count = 0; count < UNPROVED_PER_ADDRESS + 500; count++) {
        const socket = connect({ host, port: Number(port), localAddress: '127.0.0.9' });
        socket.on('error', () => undefined).write('POST / HTTP/1.1\r\nHost: x\r\nX: ');
        slow.push(socket);
      }
      await eventually('those beyond the bound are closed', () =>
        slow.some(socket => socket.destroyed || socket.closed),
      );
      const dialect = dialects.find(({ login }) => login)!;
      const cpe = new DialectCpe(`${world.url}/acs`, dialect, 'A-1');
      const began = performance.now();
      await cpe.session([['0 BOOTSTRAP'], ['1 BOOT']]);
      const spent = performance.now() - began;
      assert.ok(spent < 1000, `${spent} ms`);
      assert.ok(slow.filter(socket => !socket.destroyed).length <= UNPROVED_PER_ADDRESS);
    } finally {
      for (const socket of slow) socket.destroy();
      await world.close();
    }
  });

  it('A6: closes a request of the API whose body drips, with a good token', async () => {
    const api = await testApi();
    const socket = await dialled(await api.rest.listen({ host: '127.0.0.1', port: 0 }));
    const head = `PUT /api/v1/presets/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}`;
    socket.write(`${head}\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{`);
    try {
      await eventually('it is closed', async () => {
        if (!socket.destroyed) socket.write(' ');
        await api.acs.clock.advance(1000);
        return socket.destroyed;
      });
    } finally {
      socket.destroy();
      await api.close();
    }
  });
});

async function dialled(url: string): Promise<Socket> {
  const { hostname: host, port } = new URL(url);
  const socket = connect({ host, port: Number(port) });
  socket.on('error', () => undefined).resume();
  await new Promise(resolve => socket.once('connect', resolve));
  return socket;
}
