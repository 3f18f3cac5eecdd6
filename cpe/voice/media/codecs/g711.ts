// G.711: 16-bit linear samples to one byte and back, by both laws.
import type { AudioCodec } from './audio-codec.ts';

/** Mu-law and A-law, by their names in SDP. */
export type G711Law = 'PCMU' | 'PCMA';

const MU_BIAS = 132;
const MU_CLIP = 32_635;

/** ITU-T G.711 table 2: sign, 3-bit segment, 4-bit step; all bits inverted. */
function muEncode(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), MU_CLIP) + MU_BIAS;
  const segment = 24 - Math.clz32(magnitude);
  return ~(sign | (segment << 4) | ((magnitude >> (segment + 3)) & 0x0f)) & 0xff;
}

function muDecode(byte: number): number {
  const bits = ~byte & 0xff;
  const magnitude = ((((bits & 0x0f) << 3) + MU_BIAS) << ((bits >> 4) & 7)) - MU_BIAS;
  return bits & 0x80 ? -magnitude : magnitude;
}

/** ITU-T G.711 table 1: the same fields; every second bit inverted, a set sign bit means positive. */
function aEncode(sample: number): number {
  const magnitude = Math.min(sample < 0 ? ~sample : sample, 32_767);
  const segment = magnitude < 256 ? 0 : 24 - Math.clz32(magnitude);
  const step = (magnitude >> (segment === 0 ? 4 : segment + 3)) & 0x0f;
  return ((segment << 4) | step) ^ (sample < 0 ? 0x55 : 0xd5);
}

function aDecode(byte: number): number {
  const bits = byte ^ 0x55;
  const segment = (bits >> 4) & 7;
  const base = ((bits & 0x0f) << 4) + (segment === 0 ? 8 : 0x108);
  const magnitude = segment < 2 ? base : base << (segment - 1);
  return bits & 0x80 ? magnitude : -magnitude;
}

const decoded = {
  PCMU: Int16Array.from({ length: 256 }, (_, byte) => muDecode(byte)),
  PCMA: Int16Array.from({ length: 256 }, (_, byte) => aDecode(byte)),
};

/** One byte per sample. */
export function encodeG711(law: G711Law, samples: Int16Array): Buffer {
  const encode = law === 'PCMU' ? muEncode : aEncode;
  const out = Buffer.allocUnsafe(samples.length);
  for (let i = 0; i < samples.length; i++) out[i] = encode(samples[i] ?? 0);
  return out;
}

export function decodeG711(law: G711Law, bytes: Uint8Array): Int16Array {
  const table = decoded[law];
  const out = new Int16Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) out[i] = table[bytes[i] ?? 0] ?? 0;
  return out;
}

/** One direction of one call; G.711 remembers nothing. */
export class G711 implements AudioCodec {
  readonly #law: G711Law;

  constructor(law: G711Law) {
    this.#law = law;
  }

  encode(samples: Int16Array): Buffer {
    return encodeG711(this.#law, samples);
  }

  decode(payload: Uint8Array): Int16Array {
    return decodeG711(this.#law, payload);
  }
}
