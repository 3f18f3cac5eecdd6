// The shape of an audio codec in one direction of one call. Codecs with memory keep it in the instance.

export interface AudioCodec {
  /** The payload of one packet: 16-bit linear samples at the codec's rate, a multiple of 10 ms of them. */
  encode(samples: Int16Array): Buffer;
  /** The samples of one packet's payload. Any bytes decode to something. */
  decode(payload: Uint8Array): Int16Array;
}
