// Values of parameters in the types of SNMP, and back.
import type { ParameterDef } from '../../shared/model/definitions.ts';

/** Numbers of the types in BER (RFC 3416). */
export const types = {
  integer: 2,
  string: 4,
  nothing: 5,
  oid: 6,
  gauge: 0x42,
  ticks: 0x43,
  noSuchObject: 0x80,
  noSuchInstance: 0x81,
  endOfView: 0x82,
} as const;

/** error-status of RFC 3416. */
export const errors = {
  none: 0,
  tooBig: 1,
  general: 5,
  noAccess: 6,
  wrongType: 7,
  wrongLength: 8,
  wrongValue: 10,
  noCreation: 11,
  inconsistentValue: 12,
  notWritable: 17,
} as const;

export interface Value {
  type: number;
  value: string | number | Buffer | null;
}

type Kind = 'codes' | 'truth' | 'integer' | 'gauge' | 'text';

const numbered = ({ enumeration, list }: ParameterDef): boolean =>
  !list && enumeration !== undefined && enumeration.length > 0 && enumeration.every(({ code }) => code !== undefined);

export function kindOf(def: ParameterDef): Kind {
  if (numbered(def)) return 'codes';
  if (def.list) return 'text';
  if (def.type === 'boolean') return 'truth';
  if (def.type === 'int') return 'integer';
  return def.type === 'unsignedInt' ? 'gauge' : 'text';
}

const MAX_INTEGER = 2 ** 31 - 1;
const MAX_GAUGE = 2 ** 32 - 1;

/** @param text the value as the model has it */
export function encode(def: ParameterDef, text: string): Value {
  const kind = kindOf(def);
  if (kind === 'text') return { type: types.string, value: Buffer.from(text) };
  if (kind === 'truth') return { type: types.integer, value: text === '1' || text === 'true' ? 1 : 2 };
  const code = kind === 'codes' ? def.enumeration?.find(({ label }) => label === text)?.code : Number(text);
  const number = Number.isFinite(code) ? Math.trunc(code ?? 0) : 0;
  if (kind === 'gauge') return { type: types.gauge, value: Math.min(Math.max(number, 0), MAX_GAUGE) };
  return { type: types.integer, value: Math.min(Math.max(number, -MAX_INTEGER - 1), MAX_INTEGER) };
}

/** @returns the value as the model has it, or the number of an error */
export function decode(def: ParameterDef, { type, value }: Value): string | number {
  const kind = kindOf(def);
  if (kind === 'text') return type === types.string ? textOf(value) : errors.wrongType;
  const fits = type === types.integer || (kind === 'gauge' && type === types.gauge);
  if (!fits || typeof value !== 'number') return errors.wrongType;
  if (kind === 'truth') return value === 1 ? '1' : value === 2 ? '0' : errors.wrongValue;
  if (kind !== 'codes') return String(value);
  return def.enumeration?.find(({ code }) => code === value)?.label ?? errors.wrongValue;
}

function textOf(value: Value['value']): string | number {
  if (typeof value === 'string') return value;
  if (!Buffer.isBuffer(value)) return errors.wrongType;
  const text = value.toString('utf8');
  return Buffer.from(text).equals(value) ? text : errors.wrongValue;
}
