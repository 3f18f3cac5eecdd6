// Bytes at the CWMP port that are no HTTP request, from raw sockets.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { openWorld, type World } from '../../../support/worlds/world.ts';

/** All that the server writes until it closes. */
async function answerTo(url: string, text: string): Promise<string> {
  const { hostname: host, port } = new URL(url);
  const socket = connect({ host, port: Number(port) });
  socket.write(text);
  let answer = '';
  for await (const bytes of socket) answer += String(bytes);
  return answer;
}

describe('unreadable requests', () => {
  let world: World;

  beforeEach(async () => {
    world = await openWorld({ tls: false });
  });
  afterEach(() => world.close());

  it('are answered 400 where header lines are folded (RFC 9112 5.2), with one line logged', async () => {
    const folded = 'POST / HTTP/1.1\r\nHost: x\r\nX-Y: a\r\n b\r\nContent-Length: 0\r\n\r\n';
    for (let count = 0; count < 3; count++) {
      const answer = await answerTo(world.url, folded);
      assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n$/);
    }
    const lines = world.logged.map(line => JSON.parse(line) as Record<string, unknown>);
    const told = lines.filter(({ msg }) => msg === 'HTTP request unreadable');
    assert.equal(told.length, 1);
    assert.deepEqual([told[0]?.address, told[0]?.status], ['127.0.0.1', 400]);
  });

  it('are answered 431 where the head is too long', async () => {
    assert.match(await answerTo(world.url, `POST / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`), /^HTTP\/1\.1 431 /);
  });
});
