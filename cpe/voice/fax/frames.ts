// The frames of T.30 (5.3): address, control, facsimile control field, and the capabilities in DIS and DCS.
import { type Modem, modemOf, modemsOf, OUR_MODEMS } from './modems.ts';

/** T.30 5.3.6.1, without the bit X that says which station received a DIS. */
const commands = {
  DIS: 0x01,
  CSI: 0x02,
  NSF: 0x04,
  CFR: 0x21,
  FTT: 0x22,
  MCF: 0x31,
  RTN: 0x32,
  RTP: 0x33,
  DCS: 0x41,
  TSI: 0x42,
  CRP: 0x58,
  DCN: 0x5f,
  EOM: 0x71,
  MPS: 0x72,
  EOP: 0x74,
} as const;
export type Command = keyof typeof commands;

export interface Frame {
  command: Command;
  /** No frame follows within the same transmission. */
  last: boolean;
  /** Facsimile information field. */
  information: Buffer;
}

const ADDRESS = 0xff;
const CONTROL = 0xc0;
const FINAL = 0x08;
/** T.30 5.3.6.1: set by the station that has received a DIS: the one that sends the page. */
const X = 0x80;

/** T.30 5.3.3: without frame check sequence. @param ofSender the station has received a DIS */
export function encodeFrame({ command, last, information }: Frame, ofSender: boolean): Buffer {
  const field = commands[command] | (ofSender && commands[command] > 0x0f ? X : 0);
  return Buffer.concat([Buffer.from([ADDRESS, CONTROL | (last ? FINAL : 0), field]), information]);
}

/** Undefined for a frame that is none, or whose command is not known. */
export function decodeFrame(bytes: Buffer): Frame | undefined {
  const [address, control = 0, field = 0] = bytes;
  if (bytes.length < 3 || address !== ADDRESS || (control & ~FINAL) !== CONTROL) return undefined;
  const found = Object.entries(commands).find(([, value]) => value === (value > 0x0f ? field & ~X : field));
  if (!found) return undefined;
  return { command: found[0] as Command, last: (control & FINAL) !== 0, information: bytes.subarray(3) };
}

/** Bits 9 to 16: receives; rates; fine resolution. */
const RECEIVES = 0x40;
const FINE = 0x02;
/** Bits 17 to 24: 1728 pixels, unlimited length, no time per row. */
const PAGE = 0x1e;

/** Our capabilities: receives, all modems, both resolutions, one-dimensional coding, no error correction. */
export const ourDis = (): Buffer => Buffer.from([0, RECEIVES | (OUR_MODEMS << 2) | FINE, PAGE]);

/** A choice of one modem, at the standard resolution. */
export const dcsOf = (modem: Modem): Buffer => Buffer.from([0, RECEIVES | (modem.dcs << 2), PAGE]);

/** Bits 11 to 14. */
const ratesOf = (information: Buffer): number => ((information[1] ?? 0) >> 2) & 0x0f;

/** The modems of a station that can receive; none where it cannot. */
export const modemsOfDis = (information: Buffer): Modem[] =>
  ((information[1] ?? 0) & RECEIVES) === 0 ? [] : modemsOf(ratesOf(information));

/** The modem of a DCS; undefined where it asks for what we did not offer: two dimensions (bit 16), error correction (bit 27). */
export function modemOfDcs(information: Buffer): Modem | undefined {
  const twoDimensions = ((information[1] ?? 0) & 0x01) !== 0;
  const errorCorrection = ((information[3] ?? 0) & 0x20) !== 0;
  return twoDimensions || errorCorrection ? undefined : modemOf(ratesOf(information));
}
