// The audio that is received: the last of it for the recognition of a tone, and the digits in it.
import type { AudioCodec } from './codecs/audio-codec.ts';
import { type CodecName, codecShape } from './codecs/table.ts';
import { CallingToneDetector } from './dtmf/calling-tone.ts';
import { EventReceiver } from './dtmf/telephone-event.ts';
import { DigitDetector } from './dtmf/tones.ts';
import { recogniseTone } from './tone.ts';

/** Audio examined for a tone. */
const TONE_SECONDS = 0.4;
/** Digits that are kept. */
const MOST_DIGITS = 64;

/** One codec's decoder, with a ring of its last samples. */
interface Heard {
  codec: CodecName;
  decoder: AudioCodec;
  rate: number;
  detector: DigitDetector;
  callingTone: CallingToneDetector;
  ring: Int16Array;
  /** Number of samples so far. */
  count: number;
}

export class HeardAudio {
  readonly #events = new EventReceiver();
  /** Called when the calling tone of a fax machine is heard. */
  onCallingTone = (): void => undefined;
  #heard: Heard | undefined;
  #digits = '';

  get digits(): string {
    return this.#digits;
  }

  /** Hz of the tone in the last samples, see `recogniseTone`. */
  get tone(): number | undefined {
    if (!this.#heard) return undefined;
    const { ring, count, rate } = this.#heard;
    if (count <= ring.length) return recogniseTone(ring.subarray(0, count), rate);
    const oldest = count % ring.length;
    const inOrder = new Int16Array(ring.length);
    inOrder.set(ring.subarray(oldest));
    inOrder.set(ring.subarray(0, oldest), ring.length - oldest);
    return recogniseTone(inOrder, rate);
  }

  /** @param withDigits digits come as tones */
  take(codec: CodecName, payload: Buffer, withDigits: boolean): void {
    const heard = this.#heardIn(codec);
    const samples = heard.decoder.decode(payload);
    const { ring } = heard;
    for (const sample of samples) ring[heard.count++ % ring.length] = sample;
    heard.callingTone.take(samples);
    if (withDigits) this.#add(heard.detector.take(samples));
  }

  takeEvent({ timestamp, payload }: { timestamp: number; payload: Buffer }): void {
    this.#add(this.#events.take(timestamp, payload) ?? '');
  }

  #add(digits: string): void {
    if (digits !== '') this.#digits = (this.#digits + digits).slice(-MOST_DIGITS);
  }

  #heardIn(codec: CodecName): Heard {
    if (this.#heard?.codec === codec) return this.#heard;
    const { sampleRate: rate, open } = codecShape(codec);
    const ring = new Int16Array(rate * TONE_SECONDS);
    const callingTone = new CallingToneDetector(rate, () => this.onCallingTone());
    this.#heard = { codec, decoder: open(), rate, detector: new DigitDetector(rate), callingTone, ring, count: 0 };
    return this.#heard;
  }
}
