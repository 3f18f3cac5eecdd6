// Telephone-events (RFC 4733): a digit as packets of its own beside the audio.
import { digitOf } from './digits.ts';

interface TelephoneEvent {
  /** 0..15 are the digits. */
  event: number;
  end: boolean;
  /** Minus dBm0, 0..63. */
  volume: number;
  /** Since the event began, in units of the RTP clock. */
  duration: number;
}

/** A digit ends with three equal packets (RFC 4733 2.5.1.4), so that a lost one does not prolong it. */
export const END_PACKETS = 3;

/** RFC 4733 2.3. */
export function encodeEvent({ event, end, volume, duration }: TelephoneEvent): Buffer {
  const payload = Buffer.alloc(4);
  payload[0] = event & 0xff;
  payload[1] = (end ? 0x80 : 0) | (volume & 0x3f);
  payload.writeUInt16BE(Math.min(duration, 0xffff), 2);
  return payload;
}

/** The first event of a payload; undefined when it is too short. */
export function decodeEvent(payload: Buffer): TelephoneEvent | undefined {
  if (payload.length < 4) return undefined;
  const second = payload[1] ?? 0;
  return {
    event: payload[0] ?? 0,
    end: (second & 0x80) !== 0,
    volume: second & 0x3f,
    duration: payload.readUInt16BE(2),
  };
}

/** Counts each event once: all packets of one carry the time stamp of its beginning (RFC 4733 2.2.1). */
export class EventReceiver {
  #last: number | undefined;

  /** The digit that begins with this packet, if one does. */
  take(timestamp: number, payload: Buffer): string | undefined {
    const event = decodeEvent(payload);
    if (!event || timestamp === this.#last) return undefined;
    this.#last = timestamp;
    return digitOf(event.event);
  }
}
