// One connection between two processes: the random parts, then sealed frames, each behind its length. What is not sealed with the
// server's key ends it.
import type { Socket } from 'node:net';
import type { Random } from '../../shared/clock.ts';
import { createSealing, NONCE_BYTES, SEAL_BYTES, type Sealing } from './encryption.ts';

export interface Frames {
  send(plain: Buffer): void;
  close(): void;
}

export interface FrameListener {
  /** Sealed frames go now. */
  opened(frames: Frames): void;
  received(plain: Buffer): void;
  /** Called once. */
  closed(reason: string): void;
}

const MAGIC = Buffer.from('TANDEM1\n');
const LENGTH_BYTES = 4;
/** The largest is an envelope of 16 MB, or a piece of a file. */
const MAX_FRAME = 24 * 1024 * 1024;
/** From who has not shown yet that it has the key. */
const MAX_FIRST = 4096;
/** Who does not read is cut off rather than kept in memory. */
const MAX_BEHIND = 256 * 1024 * 1024;

export function openFrames(
  socket: Socket,
  side: 'caller' | 'called',
  { key, random }: { key: Buffer; random: Random },
  listener: FrameListener,
): void {
  const own = random.bytes(NONCE_BYTES);
  let sealing: Sealing | undefined;
  let proved = false;
  let held: Buffer[] = [];
  let length = 0;
  let over = false;

  const end = (reason: string): void => {
    if (over) return;
    over = true;
    socket.destroy();
    listener.closed(reason);
  };
  const send = (plain: Buffer): void => {
    if (over || !sealing) return;
    if (socket.writableLength > MAX_BEHIND) {
      end('the other side does not read');
      return;
    }
    if (!socket.writableCorked) {
      // What is said in one turn goes in one packet.
      socket.cork();
      setImmediate(() => socket.uncork());
    }
    const sealed = sealing.seal(plain);
    const head = Buffer.alloc(LENGTH_BYTES);
    head.writeUInt32BE(sealed.length);
    socket.write(head);
    socket.write(sealed);
  };
  /** @returns the next so many bytes once they are there */
  const take = (count: number): Buffer | undefined => {
    if (length < count) return undefined;
    const all = held.length === 1 ? held[0]! : Buffer.concat(held);
    held = all.length > count ? [all.subarray(count)] : [];
    length -= count;
    return all.subarray(0, count);
  };
  let wanted: number | undefined;
  const greeted = (): boolean => {
    if (sealing) return true;
    const greeting = take(side === 'called' ? MAGIC.length + NONCE_BYTES : NONCE_BYTES);
    if (!greeting) return false;
    const theirs = Buffer.from(greeting.subarray(-NONCE_BYTES));
    if (side === 'called') {
      if (!greeting.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error('not one of us');
      socket.write(own);
    }
    sealing = side === 'caller' ? createSealing(key, own, theirs, side) : createSealing(key, theirs, own, side);
    listener.opened({ send, close: () => end('closed here') });
    return true;
  };
  /** @returns whether there may be more */
  const next = (): boolean => {
    if (!greeted() || !sealing) return false;
    wanted ??= take(LENGTH_BYTES)?.readUInt32BE();
    if (wanted === undefined) return false;
    if (wanted < SEAL_BYTES || wanted > (proved ? MAX_FRAME : MAX_FIRST)) throw new Error(`a frame of ${wanted} bytes`);
    const sealed = take(wanted);
    if (!sealed) return false;
    wanted = undefined;
    const plain = sealing.open(sealed);
    proved = true;
    listener.received(plain);
    return !over;
  };

  socket.setNoDelay(true);
  socket.setKeepAlive(true, 15_000);
  socket.on('data', (chunk: Buffer) => {
    held.push(chunk);
    length += chunk.length;
    try {
      while (next());
    } catch (error) {
      end(error instanceof Error ? error.message : String(error));
    }
  });
  socket.on('error', error => end(error.message));
  socket.on('close', () => end('the connection closed'));
  if (side === 'caller') socket.write(Buffer.concat([MAGIC, own]));
}
