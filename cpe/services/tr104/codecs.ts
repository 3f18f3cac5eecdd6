// The codecs of a line as TR-104 lists them, and the settings of Mipt behind them.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import { parentPath } from '../../../shared/model/path.ts';
import type { Draft } from '../../state/tree/draft.ts';
import type { Tree } from '../../state/tree/tree.ts';
import { cell, dgwPath, type ReadValue, readVariable, type Unit, type WriteValue, writeVariable } from '../service.ts';
import { LINE, lineOf, VOICE } from './paths.ts';

interface Codec {
  /** Its name in TR-104, and in session descriptions. */
  name: string;
  sdp: string;
  /** Bits per second. */
  rate: number;
  /** Its part in the names of Mipt: `DefaultCodecG711MulawVoiceEnable`. */
  variable: string;
}

/** The codecs that the unit offers, in the order of its own tables. */
export const codecs: readonly Codec[] = [
  { name: 'G.711MuLaw', sdp: 'PCMU', rate: 64_000, variable: 'G711Mulaw' },
  { name: 'G.711ALaw', sdp: 'PCMA', rate: 64_000, variable: 'G711Alaw' },
  { name: 'G.722', sdp: 'G722', rate: 64_000, variable: 'G722' },
  { name: 'G.726', sdp: 'G726-16', rate: 16_000, variable: 'G726r16kbps' },
  { name: 'G.726', sdp: 'G726-24', rate: 24_000, variable: 'G726r24kbps' },
  { name: 'G.726', sdp: 'G726-32', rate: 32_000, variable: 'G726r32kbps' },
  { name: 'G.726', sdp: 'G726-40', rate: 40_000, variable: 'G726r40kbps' },
];

export const codecRows = codecs.map((_, at) => at + 1);

const codecAt = (row: number | undefined): Codec | undefined => codecs[(row ?? 0) - 1];

/** All tens of milliseconds from one time to another: `20,30`. */
function periods(from: number, to: number): string {
  const list: number[] = [];
  for (let at = 10 * Math.ceil(from / 10); at <= to; at += 10) list.push(at);
  return list.join(',');
}

const endpointOf = (tree: Tree, line: number): string => cell(tree, dgwPath(tree, `SipEp.UserAgent.${line}.EpId`));

const ownRow = ({ variable }: Codec, endpoint: string): string =>
  `Mipt.EpSpecificCodec${variable}[EpId="${endpoint}"].`;

function setting(tree: Tree, codec: Codec, line: number, column: string): string {
  const row = ownRow(codec, endpointOf(tree, line));
  const isOwn = readVariable(tree, `${row}EnableConfig`) === 'Enable';
  return readVariable(tree, isOwn ? row + column : `Mipt.DefaultCodec${codec.variable}${column}`);
}

/** Makes the settings of the codec the line's own, and changes some of them. */
function set(draft: Draft, codec: Codec, line: number, columns: Readonly<Record<string, string>>): void {
  const row = ownRow(codec, endpointOf(draft, line));
  if (readVariable(draft, `${row}EnableConfig`) !== 'Enable') {
    const template = draft.model.variable(`${row}EnableConfig`)?.parameter.path ?? '';
    for (const { name, key } of draft.model.children(parentPath(template)).parameters) {
      const whole = `Mipt.DefaultCodec${codec.variable}${name}`;
      if (!key && draft.model.variable(whole)) writeVariable(draft, row + name, readVariable(draft, whole));
    }
    writeVariable(draft, `${row}EnableConfig`, 'Enable');
  }
  for (const [column, value] of Object.entries(columns)) writeVariable(draft, row + column, value);
}

const writer =
  (columnsOf: (value: string, codec: Codec, draft: Draft) => Readonly<Record<string, string>>): WriteValue =>
  (draft, value, instances) => {
    const codec = codecAt(instances[3]);
    if (codec) set(draft, codec, lineOf(instances), columnsOf(value, codec, draft));
  };

function columnsOfPeriods(value: string, { variable }: Codec, draft: Draft): Readonly<Record<string, string>> {
  const list = value.split(',').map(text => Number(text.trim()));
  const [first = 0, last = 0] = [list[0], list.at(-1)];
  const def = draft.model.variable(`Mipt.DefaultCodec${variable}MinPTime`)?.parameter;
  const [least, most] = [Number(def?.min ?? 10), Number(def?.max ?? 100)];
  if (periods(first, last) !== list.join(',') || first < least || last > most)
    throw new CwmpFault(9007, `'${value}' is not a row of tens of milliseconds from ${least} to ${most}`);
  return { MinPTime: String(first), MaxPTime: String(last) };
}

/** A value of a codec of the unit. */
const about =
  (show: (codec: Codec, row: number, unit: Unit) => string): ReadValue =>
  (unit, instances) => {
    const row = instances.at(-1) ?? 0;
    const codec = codecAt(row);
    return codec && show(codec, row, unit);
  };

/** A setting of a codec of a line. */
const ofLine =
  (show: (read: (column: string) => string) => string): ReadValue =>
  (unit, instances) => {
    const codec = codecAt(instances[3]);
    return codec && show(column => setting(unit.config.tree, codec, lineOf(instances), column));
  };

const CAPABLE = `${VOICE}Capabilities.Codecs.{i}.`;
const LIST = `${LINE}Codec.List.{i}.`;

const facts = (start: string): Record<string, ReadValue> => ({
  [`${start}EntryID`]: about((_codec, row) => String(row)),
  [`${start}Codec`]: about(({ name }) => name),
  [`${start}BitRate`]: about(({ rate }) => String(rate)),
});

export const codecValues: Readonly<Record<string, ReadValue>> = {
  ...facts(CAPABLE),
  ...facts(LIST),
  [`${CAPABLE}PacketizationPeriod`]: about(({ variable }, _row, unit) => {
    const def = unit.model.variable(`Mipt.DefaultCodec${variable}MinPTime`)?.parameter;
    return periods(Number(def?.min ?? 10), Number(def?.max ?? 30));
  }),
  [`${LIST}PacketizationPeriod`]: ofLine(read => periods(Number(read('MinPTime')), Number(read('MaxPTime')))),
  [`${LIST}Enable`]: ofLine(read => (read('VoiceEnable') === 'Enable' ? '1' : '0')),
  [`${LIST}Priority`]: ofLine(read => String(11 - Number(read('VoicePriority')))),
};

export const codecWrites: Readonly<Record<string, WriteValue>> = {
  [`${LIST}PacketizationPeriod`]: writer(columnsOfPeriods),
  [`${LIST}Enable`]: writer(value => ({ VoiceEnable: value === '1' ? 'Enable' : 'Disable' })),
  [`${LIST}Priority`]: writer(value => ({ VoicePriority: String(11 - Number(value)) })),
  [`${LIST}SilenceSuppression`]: (_draft, value) => {
    if (value === '1') throw new CwmpFault(9007, 'the unit sends silence as it is');
  },
};

export const codecLists = { [CAPABLE.slice(0, -4)]: () => codecRows, [LIST.slice(0, -4)]: () => codecRows };
