// The modems of a Group 3 fax: their rates, their names in T.38, and their bits in DIS and DCS (ITU-T T.30 table 2).
import type { DataType, Indicator } from './ifp.ts';

export interface Modem {
  /** Bit/s. */
  rate: number;
  type: DataType;
  /** Before TCF, and before a page: V.17 trains shortly there. */
  training: Indicator;
  retraining: Indicator;
  /** Bits 11 to 14 of DCS. */
  dcs: number;
  /** Bits 11 to 14 of a DIS that has it: those that must be set. */
  dis: number;
}

const v17 = (rate: 14400 | 12000 | 9600 | 7200, dcs: number): Modem => ({
  rate,
  type: `v17-${rate}`,
  training: `v17-${rate}-long-training`,
  retraining: `v17-${rate}-short-training`,
  dcs,
  dis: 0b1101,
});
const v29 = (rate: 9600 | 7200, dcs: number): Modem => {
  const training = `v29-${rate}-training` as const;
  return { rate, type: `v29-${rate}`, training, retraining: training, dcs, dis: 0b1000 };
};
const v27 = (rate: 4800 | 2400, dcs: number, dis: number): Modem => {
  const training = `v27-${rate}-training` as const;
  return { rate, type: `v27-${rate}`, training, retraining: training, dcs, dis };
};

/** Fastest first: the order in which a sender tries them. */
const modems: readonly Modem[] = [
  v17(14400, 0b0001),
  v17(12000, 0b0101),
  v29(9600, 0b1000),
  v29(7200, 0b1100),
  v27(4800, 0b0100, 0b0100),
  v27(2400, 0b0000, 0b0000),
];
/** Rates that are received, but not tried as a sender: V.29 has them too. */
const others: readonly Modem[] = [v17(9600, 0b1001), v17(7200, 0b1101)];

/** Bits 11 to 14 of our own DIS: V.27 ter, V.29 and V.17. */
export const OUR_MODEMS = 0b1101;

/** The modems that a DIS names. @param bits 11 to 14 */
export function modemsOf(bits: number): Modem[] {
  return modems.filter(({ dis }) => (bits & dis) === dis);
}

/** The modem that a DCS chooses. @param bits 11 to 14 */
export function modemOf(bits: number): Modem | undefined {
  return [...modems, ...others].find(({ dcs }) => dcs === bits);
}
