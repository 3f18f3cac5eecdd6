// One connection between two processes: a random part from each side, then sealed frames, each behind its length. A frame that is
// not sealed with the server's key ends the connection.
import type { Socket } from 'node:net';
import type { Random } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import { createSealing, NONCE_BYTES, type Sealing } from './encryption.ts';
import { FrameReader, LENGTH_BYTES } from './frame-reader.ts';

export interface Frames {
  send(plain: Buffer): void;
  close(): void;
}

export interface FrameListener {
  /** From now on frames can be sent. */
  opened(frames: Frames): void;
  received(plain: Buffer): void;
  /** Called once. */
  closed(reason: string): void;
}

type Side = 'caller' | 'called';

const MAGIC = Buffer.from('TANDEM1\n');
/** A peer that does not read is disconnected before more than this is held for it. */
const MAX_BEHIND = 256 * 1024 * 1024;

export function openFrames(
  socket: Socket,
  side: Side,
  { key, random }: { key: Buffer; random: Random },
  listener: FrameListener,
): void {
  new FramedConnection({ socket, side, key, nonce: random.bytes(NONCE_BYTES), listener }).start();
}

interface ConnectionParts {
  socket: Socket;
  side: Side;
  key: Buffer;
  /** The random part of this side. */
  nonce: Buffer;
  listener: FrameListener;
}

class FramedConnection implements Frames {
  readonly #parts: ConnectionParts;
  readonly #reader = new FrameReader();
  #sealing: Sealing | undefined;
  #isOver = false;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
  }

  start(): void {
    const { socket, side, nonce } = this.#parts;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 15_000);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', error => this.#end(error.message));
    socket.on('close', () => this.#end('the connection closed'));
    if (side === 'caller') socket.write(Buffer.concat([MAGIC, nonce]));
  }

  send(plain: Buffer): void {
    const { socket } = this.#parts;
    if (this.#isOver || !this.#sealing) return;
    if (socket.writableLength > MAX_BEHIND) {
      this.#end('the other side does not read');
      return;
    }
    if (!socket.writableCorked) {
      // Frames of one turn of the event loop share a packet.
      socket.cork();
      setImmediate(() => socket.uncork());
    }
    const sealed = this.#sealing.seal(plain);
    const head = Buffer.alloc(LENGTH_BYTES);
    head.writeUInt32BE(sealed.length);
    socket.write(head);
    socket.write(sealed);
  }

  close(): void {
    this.#end('closed here');
  }

  #end(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#parts.socket.destroy();
    this.#parts.listener.closed(reason);
  }

  #receive(chunk: Buffer): void {
    this.#reader.push(chunk);
    try {
      while (this.#readFrame());
    } catch (error) {
      this.#end(messageOf(error));
    }
  }

  /** @returns whether there may be another frame */
  #readFrame(): boolean {
    const { listener } = this.#parts;
    if (!this.#sealing) {
      this.#sealing = readGreeting(this.#reader, this.#parts);
      if (!this.#sealing) return false;
      listener.opened(this);
    }
    const plain = this.#reader.next(this.#sealing);
    if (!plain) return false;
    listener.received(plain);
    return !this.#isOver;
  }
}

/** @returns the sealing once the random part of the other side is there. @throws Error for another program */
function readGreeting(reader: FrameReader, { socket, side, key, nonce }: ConnectionParts): Sealing | undefined {
  const isCalled = side === 'called';
  const greeting = reader.take(isCalled ? MAGIC.length + NONCE_BYTES : NONCE_BYTES);
  if (!greeting) return undefined;
  const theirs = Buffer.from(greeting.subarray(-NONCE_BYTES));
  if (isCalled) {
    if (!greeting.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error('not a process of this cluster');
    socket.write(nonce);
  }
  const [caller, called] = isCalled ? [theirs, nonce] : [nonce, theirs];
  return createSealing(key, caller, called, side);
}
