// The limit of open connections.
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Server, Socket } from 'node:net';
import { limitConnections, untilClosed } from '../../../acs/south/admission/connection-limit.ts';
import { VirtualClock } from '../../../shared/clock.ts';
import { createLog, silentLog } from '../../../shared/log.ts';

describe('connection limit', () => {
  const connect = (server: EventEmitter): EventEmitter => {
    const socket = new EventEmitter();
    server.emit('connection', socket);
    return socket;
  };

  const quiet = { clock: new VirtualClock(), log: silentLog };

  it('signals overload while more than half of the connections are open', () => {
    const server = new EventEmitter() as Server;
    const isOverloaded = limitConnections(server, { running: 10, waiting: 90 }, quiet);
    assert.ok(server.maxConnections > 100);
    const sockets = Array.from({ length: server.maxConnections / 2 }, () => connect(server));
    assert.equal(isOverloaded(), false);
    const last = connect(server);
    assert.equal(isOverloaded(), true);
    last.emit('close');
    assert.equal(isOverloaded(), false);
    for (const socket of sockets) socket.emit('close');
    assert.equal(isOverloaded(), false);
  });

  it('logs dropped connections with their total, once a minute', async () => {
    const clock = new VirtualClock();
    const logged: number[] = [];
    const log = createLog({
      clock,
      level: 'info',
      write: line => logged.push((JSON.parse(line) as { dropped: number }).dropped),
    });
    const server = new EventEmitter() as Server;
    limitConnections(server, { running: 1, waiting: 1 }, { clock, log });
    for (let n = 0; n < 5; n++) server.emit('drop');
    await clock.advance(60_000);
    server.emit('drop');
    assert.deepEqual(logged, [1, 6]);
  });

  it('reports the end of a connection once, also of a closed one, and not after unsubscribing', async () => {
    const heard: string[] = [];
    const open = Object.assign(new EventEmitter(), { destroyed: false }) as unknown as Socket;
    untilClosed(open)(() => heard.push('open'));
    untilClosed(open)(() => heard.push('left'))();
    open.emit('close');
    open.emit('close');
    untilClosed({ destroyed: true, off: () => undefined } as unknown as Socket)(() => heard.push('ended'));
    await Promise.resolve();
    assert.deepEqual(heard, ['open', 'ended']);
  });
});
