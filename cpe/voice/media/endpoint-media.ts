// The media that one endpoint of the unit offers and takes: its codecs, its way of carrying digits, and fax.
import type { CodecName } from './codecs/table.ts';

/** One codec that is enabled for voice (DGW `Mipt.DefaultCodec…` and `EpSpecificCodec…`). */
export interface OfferedCodec {
  readonly codec: CodecName;
  readonly payloadType: number;
  /** Milliseconds of audio in a packet, both multiples of 10. */
  readonly minPtime: number;
  readonly maxPtime: number;
}

/**
 * Digits reach the peer as tones in the audio, as telephone-events (RFC 4733), or by SIP INFO (DGW `Mipt.DefaultDtmfTransportMethod`).
 */
export type DtmfTransport = 'in-band' | 'rtp' | 'signalling';

export interface EndpointMedia {
  /** Preferred first. */
  readonly codecs: readonly OfferedCodec[];
  readonly dtmf: {
    readonly transport: DtmfTransport;
    /** Of telephone-event, 96..127. */
    readonly payloadType: number;
    /** Packets that begin a telephone-event at once (DGW `InteropDtmfRtpInitialPacketQty`, 1..3). */
    readonly initialPackets: number;
  };
  /** Absent where fax by T.38 is not allowed. */
  readonly t38?: T38Settings;
}

export interface T38Settings {
  /** Earlier packets that each UDPTL packet repeats (DGW `CodecT38RedundancyLevel`, 1..5). */
  readonly redundancy: number;
  /** First UDP port that is tried (DGW `IpTransportT38BasePort`). */
  readonly basePort: number;
  /** A fax may follow a call with SRTP, although T.38 is never encrypted (DGW `AllowUnsecureT38WithSrtp`). */
  readonly besideSrtp: boolean;
  /** The calling tone of a fax machine changes a call to T.38 (DGW `TelIf` `MachineDetectionCngToneDetection`). */
  readonly onCallingTone: boolean;
}

const g711 = (codec: 'PCMU' | 'PCMA', payloadType: number): OfferedCodec => ({
  codec,
  payloadType,
  minPtime: 20,
  maxPtime: 30,
});

/** G.711 in packets of 20 ms: what an endpoint has whose settings name nothing. */
export const plainMedia: EndpointMedia = {
  codecs: [g711('PCMU', 0), g711('PCMA', 8)],
  dtmf: { transport: 'in-band', payloadType: 96, initialPackets: 3 },
};
