// The SIP messages of the last conversations, kept in memory within bounds and shown as JSON or as ladders.

import { clip } from '../../clip.ts';
import type { Clock } from '../../clock.ts';
import { rails, rungText } from '../../ladder.ts';
import { addressText, type Flow, type SipTap } from '../flow-types.ts';
import type { SipMessage } from '../message.ts';
import { maskedSip } from './masking.ts';

export interface TracedSip {
  /** Milliseconds since the epoch. */
  time: number;
  direction: 'sent' | 'received';
  /** `INVITE sip:101@sip.test`, `200 OK`. */
  what: string;
  /** Method of CSeq, which an answer belongs to. */
  method: string;
  /** Of the whole message, bytes. */
  length: number;
  /** `SDP RTP/SAVP, MIKEY` and the like; '' without a session description. */
  session: string;
  /** The message without secrets, unless they are asked for. */
  text: string;
}

/** The messages with one Call-ID. */
export interface Conversation {
  callId: string;
  /** From and To of its first message. */
  from: string;
  to: string;
  /** `tls 127.0.0.1:5061` */
  peer: string;
  messages: TracedSip[];
  /** Earlier messages that are no longer kept. */
  omitted: number;
}

/** Conversations, messages of each, and characters of a message that are kept. */
const MAX_CONVERSATIONS = 50;
const MAX_MESSAGES = 100;
const MAX_TEXT = 8000;
/** Characters of all messages; the oldest conversations give way. */
const MAX_CHARACTERS = 4 * 1024 * 1024;

export class SipTrace {
  readonly #clock: Clock;
  readonly #isMasked: boolean;
  /** By Call-ID; the one that was heard from last is the last. */
  readonly #conversations = new Map<string, Conversation>();
  #characters = 0;

  constructor(clock: Clock, options: { isMasked: boolean }) {
    this.#clock = clock;
    this.#isMasked = options.isMasked;
  }

  /** A property, because it is handed on as a function. */
  readonly tap: SipTap = (direction, message, bytes, flow) => {
    const conversation = this.#conversation(message, flow);
    const whole = bytes.toString('utf8');
    const text = clip(this.#isMasked ? maskedSip(whole) : whole, MAX_TEXT);
    conversation.messages.push({
      time: this.#clock.now(),
      direction,
      what: message.kind === 'request' ? `${message.method} ${message.uri}` : `${message.status} ${message.reason}`,
      method: methodOf(message),
      length: bytes.length,
      session: sessionOf(message),
      text,
    });
    this.#characters += text.length;
    if (conversation.messages.length > MAX_MESSAGES) {
      this.#characters -= conversation.messages.shift()?.text.length ?? 0;
      conversation.omitted++;
    }
    this.#makeRoom();
  };

  /** In the order of their first messages. */
  conversations(): Conversation[] {
    const start = ({ messages }: Conversation): number => messages[0]?.time ?? 0;
    return [...this.#conversations.values()].sort((a, b) => start(a) - start(b));
  }

  #conversation({ headers }: SipMessage, flow: Flow): Conversation {
    const callId = clip(headers.get('Call-ID') ?? '', 200);
    const known = this.#conversations.get(callId);
    const conversation = known ?? {
      callId,
      from: addressIn(headers.get('From')),
      to: addressIn(headers.get('To')),
      peer: `${flow.protocol} ${addressText(flow.remote)}`,
      messages: [],
      omitted: 0,
    };
    this.#conversations.delete(callId);
    this.#conversations.set(callId, conversation);
    return conversation;
  }

  #makeRoom(): void {
    for (const [callId, { messages }] of this.#conversations) {
      if (this.#conversations.size <= MAX_CONVERSATIONS && this.#characters <= MAX_CHARACTERS) return;
      this.#conversations.delete(callId);
      for (const { text } of messages) this.#characters -= text.length;
    }
  }
}

/** The URI of an address, without what it says about itself. */
const addressIn = (value = ''): string =>
  maskedSip(clip(/<([^<>]*)>/.exec(value)?.[1] ?? value.split(';')[0] ?? '', 200));

const methodOf = (message: SipMessage): string =>
  message.kind === 'request' ? message.method : (message.headers.get('CSeq')?.trim().split(/\s+/)[1] ?? '');

/** The media of a session description in short: transport, and how its keys are agreed on. */
function sessionOf({ headers, body }: SipMessage): string {
  if (!/^application\/sdp\b/i.test(headers.get('Content-Type') ?? '')) return '';
  const lines = body.toString('latin1').split(/\r?\n/, 500);
  const media = lines.filter(line => line.startsWith('m=')).map(line => line.slice(2).split(' ')[2] ?? '');
  const keys = [
    ...(lines.some(line => line.startsWith('a=key-mgmt:')) ? ['MIKEY'] : []),
    ...(lines.some(line => line.startsWith('a=crypto:')) ? ['SDES'] : []),
  ];
  const direction = lines.find(line => /^a=(?:sendonly|recvonly|inactive)$/.test(line))?.slice(2);
  return clip(['SDP', ...new Set(media), ...keys, ...(direction ? [direction] : [])].join(' '), 100);
}

/** A conversation as text: one arrow for each message. */
export function conversationText({ callId, from, to, peer, messages, omitted }: Conversation): string {
  const started = messages[0]?.time ?? 0;
  return [
    `${from} -> ${to}  ${new Date(started).toISOString()}  ${peer}  Call-ID ${callId}`,
    rails('UNIT', 'PEER'),
    ...(omitted ? [` |  … ${omitted} earlier`] : []),
    ...messages.map(({ direction, what, method, time, length, session }) =>
      rungText({
        from: direction === 'sent' ? 'left' : 'right',
        label: /^\d/.test(what) ? `${what} (${method})` : what,
        after: time - started,
        notes: [`${length} bytes`, ...(session ? [`(${session})`] : [])],
      }),
    ),
    '',
  ].join('\n');
}
