// A proxy that reads the wire protocol of MongoDB: it knows which command each answer belongs to, so it loses the answer of a chosen one,
// after the server has carried it out. It counts commands, and can fall silent without closing a connection.
import { connect, createServer, type Server, type Socket } from 'node:net';
import { BSON } from 'mongodb';

export interface Command {
  name: string;
  collection: string;
  /** With its document sequences as arrays. */
  body: BSON.Document;
}

export type Fits = (command: Command) => boolean;

/** A command whose answer was kept back: its connection is open, and its sender waits. */
export interface Lost {
  command: Command;
  /** Resets the connection. */
  cut(): void;
}

interface Loss {
  fits: Fits;
  lost(loss: Lost): void;
}

const OP_MSG = 2013;
const HEADER_BYTES = 16;
/** MongoDB Wire Protocol, OP_MSG: the flag of a checksum behind the last section. */
const CHECKSUM_PRESENT = 1;

/** The messages of a connection, each whole. */
async function* messagesOf(socket: Socket): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= HEADER_BYTES && rest.length >= rest.readInt32LE(0)) {
      const length = rest.readInt32LE(0);
      yield rest.subarray(0, length);
      rest = rest.subarray(length);
    }
  }
}

/** The command in a message; undefined for one of another opcode. */
function commandOf(message: Buffer): Command | undefined {
  if (message.readInt32LE(12) !== OP_MSG) return undefined;
  const end = message.length - (message.readUInt32LE(HEADER_BYTES) & CHECKSUM_PRESENT ? 4 : 0);
  let body: BSON.Document = {};
  const sequences: Record<string, BSON.Document[]> = {};
  for (let at = HEADER_BYTES + 4; at < end; ) {
    const kind = message.readUInt8(at++);
    const section = message.subarray(at, at + message.readInt32LE(at));
    if (kind === 0) body = BSON.deserialize(section);
    else {
      const nameEnd = section.indexOf(0, 4);
      const documents: BSON.Document[] = [];
      for (let from = nameEnd + 1; from < section.length; from += section.readInt32LE(from))
        documents.push(BSON.deserialize(section.subarray(from, from + section.readInt32LE(from))));
      sequences[section.toString('utf8', 4, nameEnd)] = documents;
    }
    at += section.length;
  }
  const [name = ''] = Object.keys(body);
  return { name, collection: String(body[name]), body: { ...body, ...sequences } };
}

/** An answer of the server to the message. */
function answerTo(message: Buffer, body: BSON.Document): Buffer {
  const document = BSON.serialize(body);
  const answer = Buffer.alloc(HEADER_BYTES + 5 + document.length);
  for (const [at, word] of [answer.length, 0, message.readInt32LE(4), OP_MSG].entries())
    answer.writeInt32LE(word, at * 4);
  answer.set(document, HEADER_BYTES + 5);
  return answer;
}

/** One connection of a client, with its own to the server. */
class Passage {
  readonly #wire: MongoWire;
  readonly #near: Socket;
  readonly #far: Socket;
  /** Commands whose answer is to be kept back, by request id. */
  readonly #losing = new Map<number, { command: Command; loss: Loss }>();

  constructor(wire: MongoWire, near: Socket, target: number) {
    this.#wire = wire;
    this.#near = near;
    this.#far = connect(target, '127.0.0.1');
    for (const socket of [near, this.#far]) {
      socket.setNoDelay(true);
      socket.on('error', () => this.cut()).on('close', () => this.cut());
    }
    for (const passing of [this.#up(), this.#down()]) passing.catch(() => this.cut());
  }

  cut(): void {
    for (const socket of [this.#near, this.#far]) if (!socket.destroyed) socket.resetAndDestroy();
  }

  async #up(): Promise<void> {
    for await (const message of messagesOf(this.#near)) {
      await this.#wire.spoken();
      const command = commandOf(message);
      const loss = command && this.#wire.lossFor(command);
      if (command && loss) this.#losing.set(message.readInt32LE(4), { command, loss });
      const { refusal } = this.#wire;
      if (command && refusal?.fits(command)) this.#near.write(answerTo(message, { ok: 0, ...refusal.error }));
      else this.#far.write(message);
    }
  }

  async #down(): Promise<void> {
    for await (const message of messagesOf(this.#far)) {
      await this.#wire.spoken();
      const losing = this.#losing.get(message.readInt32LE(8));
      if (losing) losing.loss.lost({ command: losing.command, cut: () => this.cut() });
      else this.#near.write(message);
    }
  }
}

export class MongoWire {
  /** Where new connections go. */
  target: number;
  /** Commands that fit are answered with that error, and not passed on. */
  refusal: { fits: Fits; error: { code: number; errmsg: string } } | undefined;
  /** Commands by name. */
  readonly counts = new Map<string, number>();
  /** Hears of every command that passes. */
  onCommand: ((command: Command) => void) | undefined;
  readonly #server: Server;
  readonly #passages = new Set<Passage>();
  readonly #losses = new Set<Loss>();
  #silence: { over: Promise<void>; end(): void } | undefined;

  constructor(target: number) {
    this.target = target;
    this.#server = createServer(near => {
      const passage = new Passage(this, near, this.target);
      this.#passages.add(passage);
      near.once('close', () => this.#passages.delete(passage));
    });
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  async listen(): Promise<void> {
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve));
  }

  /** The next command that fits is carried out, but its answer is kept back. Resolves when the answer has come. */
  loseAnswer(fits: Fits): Promise<Lost> {
    return new Promise(lost => this.#losses.add({ fits, lost }));
  }

  /** From now on nothing is passed on in either direction, until `speak`; no connection is closed. */
  beSilent(): void {
    let end = (): void => undefined;
    const over = new Promise<void>(resolve => {
      end = resolve;
    });
    this.#silence ??= { over, end };
  }

  speak(): void {
    this.#silence?.end();
    this.#silence = undefined;
  }

  /** Resolves while messages are passed on. */
  async spoken(): Promise<void> {
    while (this.#silence) await this.#silence.over;
  }

  /** Counts the command. @returns the loss that awaits it */
  lossFor(command: Command): Loss | undefined {
    this.counts.set(command.name, (this.counts.get(command.name) ?? 0) + 1);
    this.onCommand?.(command);
    const loss = [...this.#losses].find(({ fits }) => fits(command));
    if (loss) this.#losses.delete(loss);
    return loss;
  }

  /** Loses no more answers. */
  forgive(): void {
    this.#losses.clear();
  }

  /** Resets every connection. */
  cut(): void {
    for (const passage of this.#passages) passage.cut();
  }

  async close(): Promise<void> {
    this.speak();
    this.cut();
    await new Promise(resolve => this.#server.close(resolve));
  }
}

export async function openMongoWire(target: number): Promise<MongoWire> {
  const wire = new MongoWire(target);
  await wire.listen();
  return wire;
}
