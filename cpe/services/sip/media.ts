// Codecs, digits and fax of an endpoint: Mipt's settings in plain form, read when a call asks for them.
import type { CodecName } from '../../voice/media/codecs/table.ts';
import type { DtmfTransport, EndpointMedia, OfferedCodec, T38Settings } from '../../voice/media/endpoint-media.ts';
import { rowsOf, type Unit } from '../service.ts';
import { endpointSettings } from './endpoint-settings.ts';

/** The unit's codecs in the order of its own tables, which decides between equal priorities (ours); static payload types of RFC 3551. */
const codecs: readonly { variable: string; codec: CodecName; payloadType?: number }[] = [
  { variable: 'G711Mulaw', codec: 'PCMU', payloadType: 0 },
  { variable: 'G711Alaw', codec: 'PCMA', payloadType: 8 },
  { variable: 'G722', codec: 'G722', payloadType: 9 },
  { variable: 'G726r16kbps', codec: 'G726-16' },
  { variable: 'G726r24kbps', codec: 'G726-24' },
  { variable: 'G726r32kbps', codec: 'G726-32' },
  { variable: 'G726r40kbps', codec: 'G726-40' },
];

/** Codecs of the unit that have no free library: their settings are kept, and nothing is offered. */
export const missingCodecs = ['G723', 'G729', 'ClearMode', 'ClearChannel', 'XCCD'] as const;

const transports: Readonly<Record<string, DtmfTransport>> = {
  InBand: 'in-band',
  OutOfBandUsingRtp: 'rtp',
  OutOfBandUsingSignalingProtocol: 'signalling',
  // SIP decides by the session description: telephone-events where the peer takes them, else tones.
  SignalingProtocolDependent: 'rtp',
};

function offeredCodecs(unit: Unit, endpoint: string | undefined): OfferedCodec[] {
  const found = codecs.flatMap(({ variable, codec, payloadType }) => {
    const { read } = endpointSettings(unit, `Codec${variable}`, endpoint);
    if (read('VoiceEnable') !== 'Enable') return [];
    const minPtime = Number(read('MinPTime') ?? 20);
    const offered: OfferedCodec = {
      codec,
      payloadType: payloadType ?? Number(read('PayloadType')),
      // Packets hold whole tens of milliseconds.
      minPtime: 10 * Math.ceil(minPtime / 10),
      maxPtime: Math.max(minPtime, Number(read('MaxPTime') ?? 30)),
    };
    return [{ offered, priority: Number(read('VoicePriority') ?? 0) }];
  });
  return found.sort((a, b) => b.priority - a.priority).map(({ offered }) => offered);
}

/** TelIf's settings of an interface, whose name is that of its endpoint. */
function machineDetection(unit: Unit, endpoint: string | undefined, column: string): string | undefined {
  const row = `TelIf.SpecificMachineDetection[InterfaceId="${endpoint}"].`;
  const own = endpoint !== undefined && unit.config.running(`${row}EnableConfig`) === 'Enable';
  return unit.config.running(own ? `${row}${column}` : `TelIf.DefaultMachineDetection${column}`);
}

function t38Settings(unit: Unit, endpoint: string | undefined): T38Settings | undefined {
  const { read } = endpointSettings(unit, 'CodecT38', endpoint);
  if (read('DataEnable') !== 'Enable') return undefined;
  return {
    redundancy: Number(read('RedundancyLevel') ?? 3),
    basePort: Number(unit.config.running('Mipt.IpTransportT38BasePort') ?? 6004),
    besideSrtp: unit.config.running('Mipt.AllowUnsecureT38WithSrtp') === 'Enable',
    onCallingTone: machineDetection(unit, endpoint, 'CngToneDetection') === 'Enable',
  };
}

/** @param endpoint `Phone-Fax1`; undefined for a user of the unit itself */
export function endpointMedia(unit: Unit, endpoint: string | undefined): EndpointMedia {
  const { read: dtmf } = endpointSettings(unit, 'DtmfTransport', endpoint);
  const t38 = t38Settings(unit, endpoint);
  return {
    codecs: offeredCodecs(unit, endpoint),
    dtmf: {
      transport: transports[dtmf('Method') ?? ''] ?? 'in-band',
      payloadType: Number(dtmf('PayloadType') ?? 96),
      initialPackets: Number(unit.config.running('Mipt.InteropDtmfRtpInitialPacketQty') ?? 3),
    },
    ...(t38 && { t38 }),
  };
}

/** The endpoint that a user belongs to; undefined for a user of the unit itself. */
export function endpointOfUser(unit: Unit, user: string): string | undefined {
  return rowsOf(unit, 'SipEp.UserAgent', ['EpId']).find(
    ({ EpId }) => unit.config.running(`SipEp.UserAgent[EpId="${EpId}"].Username`) === user,
  )?.EpId;
}
