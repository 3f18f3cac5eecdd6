// A TCP proxy that misbehaves as told: it cuts, delays, splits, and holds back what has come far enough.
import { connect, createServer, type Socket } from 'node:net';
import { systemClock } from '../../../shared/clock.ts';

/** `up`: from the one who connects; `down`: to it. */
export type Direction = 'up' | 'down';

export interface Wire {
  port: number;
  /** Where new connections go; may change when the server comes back elsewhere. */
  target: number;
  /** Bytes that were passed on. */
  passed: Record<Direction, number>;
  /** Waits this long before each piece, milliseconds. */
  delayMs: number;
  /** Passes on pieces of at most this many bytes. */
  pieceBytes: number;
  /** From now on a connection stops passing anything that way after so many bytes. Resolves when the first one has. */
  hold(direction: Direction, afterBytes: number): Promise<void>;
  /** Lets go of what is held. */
  release(): void;
  /** Resets every connection that is open now. */
  cut(): void;
  close(): Promise<void>;
}

const clock = systemClock();

export async function openWire(target: number): Promise<Wire> {
  const sockets = new Set<Socket>();
  let limit: { direction: Direction; bytes: number; reached: () => void } | undefined;
  let waiting: (() => void)[] = [];

  const gate = async (direction: Direction, soFar: number): Promise<void> => {
    while (limit && limit.direction === direction && soFar >= limit.bytes) {
      limit.reached();
      await new Promise<void>(resolve => waiting.push(resolve));
    }
  };
  const pump = async (from: Socket, to: Socket, direction: Direction): Promise<void> => {
    let soFar = 0;
    for await (const chunk of from as AsyncIterable<Buffer>) {
      for (let at = 0; at < chunk.length; ) {
        await gate(direction, soFar);
        if (wire.delayMs > 0) await clock.sleep(wire.delayMs);
        const piece = chunk.subarray(at, at + wire.pieceBytes);
        if (!to.write(piece)) await new Promise(resolve => to.once('drain', resolve).once('close', resolve));
        at += piece.length;
        soFar += piece.length;
        wire.passed[direction] += piece.length;
      }
    }
    to.end();
  };

  const server = createServer({ allowHalfOpen: true }, near => {
    const far = connect({ port: wire.target, host: '127.0.0.1', allowHalfOpen: true });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.once('close', () => sockets.delete(socket));
      // A side that breaks off breaks the other off too.
      socket.on('error', () => {
        near.destroy();
        far.destroy();
      });
    }
    for (const pumping of [pump(near, far, 'up'), pump(far, near, 'down')])
      pumping.catch(() => {
        near.destroy();
        far.destroy();
      });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));

  const release = (): void => {
    limit = undefined;
    for (const resume of waiting.splice(0)) resume();
  };
  const wire: Wire = {
    port: (server.address() as { port: number }).port,
    target,
    passed: { up: 0, down: 0 },
    delayMs: 0,
    pieceBytes: 16 * 1024,
    hold: (direction, bytes) =>
      new Promise(reached => {
        limit = { direction, bytes, reached };
      }),
    release,
    cut: () => {
      for (const socket of sockets) socket.resetAndDestroy();
      waiting = [];
    },
    close: async () => {
      release();
      for (const socket of sockets) socket.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
  return wire;
}
