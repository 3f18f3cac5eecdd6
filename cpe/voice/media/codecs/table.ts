// Every audio codec the unit has, once, by its name in SDP: its rates, its share in the E-model, and how one is opened. The RTP clock
// runs at 8000 Hz for all of them, G.722 too (RFC 3551 4.5.2).
import type { AudioCodec } from './audio-codec.ts';
import { G711 } from './g711.ts';
import { G722 } from './g722.ts';
import { G726 } from './g726.ts';

interface CodecShape {
  /** The static one (RFC 3551 6); absent: it is negotiated. */
  readonly payloadType?: number;
  /** Samples per second that it codes. */
  readonly sampleRate: 8000 | 16_000;
  /** Bytes of one millisecond. */
  readonly bytesPerMs: number;
  /** Equipment impairment and robustness to loss, ITU-T G.113 appendix I. */
  readonly impairment: { readonly ie: number; readonly bpl: number };
  open(): AudioCodec;
}

/** G.113 has no robustness value for G.726 and no narrow-band value for G.722: those of G.711 stand for them, which is ours. */
const BPL_G711 = 4.3;

const g726 = (bits: 2 | 3 | 4 | 5, ie: number): CodecShape => ({
  sampleRate: 8000,
  bytesPerMs: bits,
  impairment: { ie, bpl: BPL_G711 },
  open: () => new G726(bits),
});

export const codecTable = {
  PCMU: {
    payloadType: 0,
    sampleRate: 8000,
    bytesPerMs: 8,
    impairment: { ie: 0, bpl: BPL_G711 },
    open: () => new G711('PCMU'),
  },
  PCMA: {
    payloadType: 8,
    sampleRate: 8000,
    bytesPerMs: 8,
    impairment: { ie: 0, bpl: BPL_G711 },
    open: () => new G711('PCMA'),
  },
  G722: {
    payloadType: 9,
    sampleRate: 16_000,
    bytesPerMs: 8,
    impairment: { ie: 0, bpl: BPL_G711 },
    open: () => new G722(),
  },
  'G726-16': g726(2, 50),
  'G726-24': g726(3, 25),
  'G726-32': g726(4, 7),
  'G726-40': g726(5, 2),
} as const satisfies Record<string, CodecShape>;

export type CodecName = keyof typeof codecTable;

export const codecNames = Object.keys(codecTable) as CodecName[];

export const codecShape = (name: CodecName): CodecShape => codecTable[name];
