// Cases of a fuzz run: what is sent in case number `index` of a seed follows from these two numbers alone.
import { createHash } from 'node:crypto';
import { type Random, seededRandom } from '../../shared/clock.ts';
import { mutate, pick } from './mutate.ts';

/** One message of a valid conversation. It may hold marks, `@{cookie}@`, for what only the other end knows. */
export interface Message {
  /** The part that a mutation may change so that the frame around it stays right: a body. */
  body: Buffer;
  /** The whole message, with the right lengths, around a body. */
  frame(body: Buffer): Buffer;
  /** The next message waits for an answer to this one. */
  answered: boolean;
  /** Mark of the port that it goes to, where that is another than that of the conversation. */
  to?: string;
}

export type Protocol = 'tcp' | 'tls' | 'udp';

export interface Conversation {
  name: string;
  protocol: Protocol;
  messages: readonly Message[];
}

export interface Send {
  bytes: Buffer;
  /** Places where the bytes are cut into pieces that are sent one after the other. */
  cuts: readonly number[];
  /** Milliseconds between two pieces. */
  pauseMs: number;
  /** Milliseconds to wait for an answer; 0: none is waited for. */
  patienceMs: number;
  to: string | undefined;
}

export type Ending = 'close' | 'reset' | 'half';

export interface Plan {
  seed: number;
  index: number;
  conversation: string;
  protocol: Protocol;
  sends: readonly Send[];
  ending: Ending;
  /** Loopback address that it comes from. */
  source: string;
  /** Names of what was changed. */
  changes: readonly string[];
}

/** A message without a body of its own. */
export const whole = (bytes: Buffer | string, answered = true): Message => ({
  body: Buffer.from(bytes),
  frame: body => body,
  answered,
});

const MAX_DATAGRAM = 65_507;
const PATIENCE_MS = 300;
/** Pieces of a message that is sent slowly. */
const MAX_PIECES = 40;

/** Numbers that lie close to each other give sources of chance that do not. */
const randomOf = (seed: number, index: number): Random =>
  seededRandom(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35));

export function planOf(seed: number, index: number, conversations: readonly Conversation[]): Plan {
  const random = randomOf(seed, index);
  const conversation = pick(random, conversations);
  const { name, protocol } = conversation;
  const changes: string[] = [];
  const order = orderOf(conversation.messages, random, changes);
  const target = random.int(0, Math.max(0, order.length - 1));
  const other = Buffer.from(bytesOf(pick(random, pick(random, conversations).messages)));
  const pipelined = random.int(0, 11) === 0;
  if (pipelined) changes.push('pipelined');
  const sends = order.map((message, at): Send => {
    // The messages in front of the changed one bring the target into the state that it is to be met in.
    const isChanged = at === target || random.int(0, 19) === 0;
    const bytes = isChanged ? changed(message, random, other, changes) : bytesOf(message);
    const whole = protocol === 'udp' ? bytes.subarray(0, MAX_DATAGRAM) : bytes;
    const patienceMs = message.answered && !pipelined ? PATIENCE_MS : 0;
    return { bytes: harmless(whole), patienceMs, to: message.to, ...piecesOf(whole.length, protocol, random, changes) };
  });
  const early = protocol !== 'udp' && random.int(0, 9) === 0 ? cutShort(sends, random) : sends;
  if (early !== sends) changes.push('early close');
  const ending = pick(random, ['close', 'close', 'reset', 'half'] as const);
  const source = `127.${random.int(1, 99)}.${random.int(0, 255)}.${random.int(1, 254)}`;
  return { seed, index, conversation: name, protocol, sends: early, ending, source, changes };
}

const bytesOf = ({ body, frame }: Message): Buffer => frame(body);

function changed(message: Message, random: Random, other: Buffer, changes: string[]): Buffer {
  const inner = message.body.length > 0 && random.int(0, 1) === 0;
  const { bytes, names } = mutate(inner ? message.body : bytesOf(message), random, other);
  changes.push(...names);
  return inner ? message.frame(bytes) : bytes;
}

/** The messages in their order, or with one left out, sent twice or early. */
function orderOf(messages: readonly Message[], random: Random, changes: string[]): Message[] {
  const order = [...messages];
  const at = random.int(0, order.length - 1);
  const [one] = order.slice(at);
  if (random.int(0, 4) > 0 || !one) return order;
  const change = pick(random, ['left out', 'twice', 'moved'] as const);
  changes.push(change);
  if (change === 'twice') order.splice(at, 0, one);
  else order.splice(at, 1);
  if (change === 'moved') order.splice(random.int(0, order.length), 0, one);
  return order.length > 0 ? order : [...messages];
}

function piecesOf(
  length: number,
  protocol: Protocol,
  random: Random,
  changes: string[],
): { cuts: number[]; pauseMs: number } {
  if (protocol === 'udp' || length === 0 || random.int(0, 3) > 0) return { cuts: [], pauseMs: 0 };
  const count = pick(random, [1, 2, 5, MAX_PIECES]);
  const cuts = Array.from({ length: count }, () => random.int(0, length)).sort((a, b) => a - b);
  changes.push(count === MAX_PIECES ? 'drip' : 'pieces');
  return { cuts, pauseMs: pick(random, [0, 1, 10]) };
}

function cutShort(sends: readonly Send[], random: Random): Send[] {
  const last = random.int(0, Math.max(0, sends.length - 1));
  return sends.slice(0, last + 1).map((send, at) => {
    if (at < last) return send;
    const length = random.int(0, send.bytes.length);
    return {
      ...send,
      bytes: send.bytes.subarray(0, length),
      cuts: send.cuts.filter(cut => cut < length),
      patienceMs: 0,
    };
  });
}

/** Addresses in a message lie on loopback, whatever a mutation made of them: the target must not be sent into a network. */
function harmless(bytes: Buffer): Buffer {
  if (bytes.length > MAX_DATAGRAM) return bytes;
  const text = bytes.toString('latin1');
  const tame = text.replace(/(?<![\d.])(?!127\.|0\.)\d{1,3}(?=\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\d.]))/g, '127');
  return tame === text ? bytes : Buffer.from(tame, 'latin1');
}

/** A name for all that a case sends: two cases with the same name send the same bytes in the same pieces. */
export function digestOf(plan: Plan): string {
  const hash = createHash('sha256');
  for (const { bytes, cuts, pauseMs, patienceMs, to } of plan.sends)
    hash.update(bytes).update(JSON.stringify([bytes.length, cuts, pauseMs, patienceMs, to]));
  return hash
    .update(JSON.stringify([plan.conversation, plan.ending, plan.source]))
    .digest('hex')
    .slice(0, 16);
}
