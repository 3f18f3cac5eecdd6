// The page Media/Codecs: each codec with its switches, priorities and packet times, for all endpoints or for one.
import type { Part } from '../render/part.ts';
import { defaultForm, endpointTable, selectEndpoint } from './endpoint-selection.ts';
import type { Page } from './page.ts';

const voice = ['VoiceEnable', 'VoicePriority'];
const data = ['DataEnable', 'DataPriority'];
const times = ['MinPTime', 'MaxPTime'];

/** By the name of the codec in its variables: heading and settings. */
const codecs: readonly [name: string, heading: string, settings: readonly string[]][] = [
  ['G711Alaw', 'G.711 a-law', [...voice, ...data, ...times]],
  ['G711Mulaw', 'G.711 u-law', [...voice, ...data, ...times]],
  ['G722', 'G.722', [...voice, ...times]],
  ['G723', 'G.723', [...voice, 'Bitrate', ...times]],
  ['G726r16kbps', 'G.726 16 kbps', [...voice, 'PayloadType', ...times]],
  ['G726r24kbps', 'G.726 24 kbps', [...voice, 'PayloadType', ...times]],
  ['G726r32kbps', 'G.726 32 kbps', [...voice, ...data, 'PayloadType', ...times]],
  ['G726r40kbps', 'G.726 40 kbps', [...voice, ...data, 'PayloadType', ...times]],
  ['G729', 'G.729', [...voice, ...times, 'VoiceActivityDetection']],
  ['T38', 'T.38', [...data, 'RedundancyLevel', 'DetectionThreshold']],
  ['ClearMode', 'Clear Mode', [...voice, ...data, 'PayloadType', ...times]],
  ['ClearChannel', 'Clear Channel', [...voice, ...data, 'PayloadType', ...times]],
  ['XCCD', 'X-CCD Clear Channel', [...voice, ...data, 'PayloadType', ...times]],
];

const labels: Readonly<Record<string, string>> = {
  VoiceEnable: 'Voice',
  VoicePriority: 'Voice Priority',
  DataEnable: 'Data',
  DataPriority: 'Data Priority',
  Bitrate: 'Bit Rate',
  PayloadType: 'Payload Type',
  MinPTime: 'Minimum Packetization Time',
  MaxPTime: 'Maximum Packetization Time',
  VoiceActivityDetection: 'Voice Activity Detection',
  RedundancyLevel: 'Redundancy Level',
  DetectionThreshold: 'Detection Threshold',
};

function partsOf([name, heading, settings]: (typeof codecs)[number]): Part[] {
  const label = (setting: string): string => labels[setting] ?? setting;
  return [
    defaultForm(
      heading,
      settings.map(each => ({ name: `Mipt.DefaultCodec${name}${each}`, label: label(each) })),
    ),
    endpointTable(
      heading,
      `Mipt.EpSpecificCodec${name}`,
      settings.map(each => ({ name: each, label: label(each) })),
    ),
  ];
}

export const codecsPage: Page = {
  path: '/media/codecs',
  menu: 'Media',
  tab: 'Codecs',
  parts: [
    selectEndpoint,
    ...codecs.flatMap(partsOf),
    defaultForm('Generic Voice Activity Detection', [
      { name: 'Mipt.DefaultCodecGenericVoiceActivityDetection', label: 'Enable (G.711 and G.726)' },
    ]),
    endpointTable('Generic Voice Activity Detection', 'Mipt.EpSpecificCodec', [
      { name: 'GenericVoiceActivityDetection', label: 'Enable (G.711 and G.726)' },
    ]),
  ],
};
