// The two sides of a TFTP transfer as a client: each takes the server's packets in turn and says what follows.
import { type FileExchange, TransferError } from './exchange.ts';
import { ack, data, failure, OP, type Packet, PLAIN_BLOCK, request } from './tftp-packets.ts';

/** Fits one Ethernet frame. */
const BLOCK = 1428;

export type Step =
  /** A step forward: the packet is sent, and repeated until the server answers it. */
  | { kind: 'send'; packet: Buffer }
  /** No step forward; a packet that the server seems to have lost may go out once more. */
  | { kind: 'stray'; packet?: Buffer }
  | { kind: 'done'; bytes: Buffer; packet?: Buffer }
  | { kind: 'failed'; error: TransferError; packet?: Buffer };

export interface Side {
  readonly request: Buffer;
  take(packet: Packet): Step;
}

type Wanted = Pick<FileExchange, 'path' | 'body' | 'maxBytes' | 'onProgress'>;

const failed = (kind: TransferError['kind'], message: string, packet?: Buffer): Step => ({
  kind: 'failed',
  error: new TransferError(kind, message),
  ...(packet && { packet }),
});

const wrong = (code: number, message: string): Step =>
  failed('protocol', `the server sent ${message}`, failure(code, message));

const tooLarge = (maxBytes: number): Step =>
  failed('too-large', `the file is larger than ${maxBytes} bytes`, failure(3, 'the file is too large'));

export function sideOf(wanted: Wanted): Side {
  const { body, path } = wanted;
  const packet = request(body ? OP.WRQ : OP.RRQ, path, { blksize: BLOCK, tsize: body?.length ?? 0 });
  return body ? new Sender(packet, wanted, body) : new Receiver(packet, wanted);
}

/** RFC 2348: the size that the server agrees to, never more than was asked for. */
function blockSizeOf(options: ReadonlyMap<string, string>): number | undefined {
  const size = Number(options.get('blksize') ?? PLAIN_BLOCK);
  return Number.isInteger(size) && size >= 8 && size <= BLOCK ? size : undefined;
}

function refusal({ code, message }: Extract<Packet, { kind: 'error' }>): Step {
  const kind = code === 1 || code === 2 ? 'missing' : 'protocol';
  return failed(kind, `the server answers with error ${code}${message && `: ${message}`}`);
}

class Receiver implements Side {
  readonly request: Buffer;
  readonly #wanted: Wanted;
  readonly #pieces: Buffer[] = [];
  #blockSize = PLAIN_BLOCK;
  /** The block that is awaited; packets have it modulo 65,536. */
  #block = 1;
  #done = 0;
  #total: number | undefined;

  constructor(packet: Buffer, wanted: Wanted) {
    this.request = packet;
    this.#wanted = wanted;
  }

  take(packet: Packet): Step {
    if (packet.kind === 'error') return refusal(packet);
    if (packet.kind === 'oack') return this.#options(packet.options);
    return packet.kind === 'data' ? this.#piece(packet.block, packet.bytes) : wrong(4, 'an answer out of turn');
  }

  #options(options: ReadonlyMap<string, string>): Step {
    if (this.#block !== 1) return { kind: 'stray' };
    const size = blockSizeOf(options);
    if (size === undefined) return wrong(8, 'a block size that was not asked for');
    this.#blockSize = size;
    const total = Number(options.get('tsize') ?? Number.NaN);
    if (Number.isSafeInteger(total) && total >= 0) this.#total = total;
    return (this.#total ?? 0) > this.#wanted.maxBytes
      ? tooLarge(this.#wanted.maxBytes)
      : { kind: 'send', packet: ack(0) };
  }

  #piece(block: number, bytes: Buffer): Step {
    if (block !== this.#block % 65_536) {
      // The acknowledgement of the block before was lost: it is repeated. Others are late or wrong and change nothing.
      const isRepeated = this.#block > 1 && block === (this.#block - 1) % 65_536;
      return { kind: 'stray', ...(isRepeated && { packet: ack(block) }) };
    }
    if (bytes.length > this.#blockSize) return wrong(4, 'a block that is larger than agreed');
    this.#done += bytes.length;
    if (this.#done > this.#wanted.maxBytes) return tooLarge(this.#wanted.maxBytes);
    this.#pieces.push(bytes);
    this.#block++;
    this.#wanted.onProgress?.(this.#done, this.#total);
    if (bytes.length === this.#blockSize) return { kind: 'send', packet: ack(block) };
    if (this.#total !== undefined && this.#total !== this.#done) {
      return failed('cut', `the file ends after ${this.#done} of ${this.#total} bytes`, ack(block));
    }
    return { kind: 'done', bytes: Buffer.concat(this.#pieces), packet: ack(block) };
  }
}

class Sender implements Side {
  readonly request: Buffer;
  readonly #wanted: Wanted;
  readonly #body: Buffer;
  #blockSize = PLAIN_BLOCK;
  /** The block whose acknowledgement is awaited; 0: that of the request. */
  #block = 0;

  constructor(packet: Buffer, wanted: Wanted, body: Buffer) {
    this.request = packet;
    this.#wanted = wanted;
    this.#body = body;
  }

  take(packet: Packet): Step {
    if (packet.kind === 'error') return refusal(packet);
    if (packet.kind === 'data') return wrong(4, 'an answer out of turn');
    if (packet.kind === 'ack') return this.#acknowledged(packet.block);
    if (this.#block !== 0) return { kind: 'stray' };
    const size = blockSizeOf(packet.options);
    if (size === undefined) return wrong(8, 'a block size that was not asked for');
    this.#blockSize = size;
    return this.#acknowledged(0);
  }

  #acknowledged(block: number): Step {
    // A repeated acknowledgement must not repeat the block: else each packet would go out twice from then on.
    if (block !== this.#block % 65_536) return { kind: 'stray' };
    const done = this.#block * this.#blockSize;
    this.#wanted.onProgress?.(Math.min(this.#body.length, done), this.#body.length);
    if (this.#block > 0 && done > this.#body.length) return { kind: 'done', bytes: Buffer.alloc(0) };
    this.#block++;
    const piece = this.#body.subarray(done, done + this.#blockSize);
    return { kind: 'send', packet: data(this.#block % 65_536, piece) };
  }
}
