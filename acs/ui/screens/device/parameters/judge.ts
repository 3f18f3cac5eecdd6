// Judges a new value by the data model before it is sent. The device has the last word.
import type { ModelItem } from '../../../api/device/parameters.ts';

export type Wrong =
  | { kind: 'choice'; of: readonly string[]; near?: string }
  | { kind: 'number' }
  | { kind: 'range'; min: string; max: string }
  | { kind: 'boolean' }
  | { kind: 'time' }
  | { kind: 'long'; max: number };

const limits: Readonly<Record<string, readonly [min: bigint, max: bigint]>> = {
  int: [-(2n ** 31n), 2n ** 31n - 1n],
  unsignedInt: [0n, 2n ** 32n - 1n],
  long: [-(2n ** 63n), 2n ** 63n - 1n],
  unsignedLong: [0n, 2n ** 64n - 1n],
};

/** The name of a type without its prefix. */
export const plainType = (type: string | null | undefined): string => (type ?? '').replace(/^xsd:/, '');

export const isNumber = (type: string): boolean => Object.hasOwn(limits, type);

/** The bounds of a number, as its model has them; undefined where only its type limits it. */
export function boundsOf({ min, max, type }: Pick<ModelItem, 'min' | 'max' | 'type'>): [string, string] | undefined {
  if (min === undefined && max === undefined) return undefined;
  const [least, most] = limits[plainType(type)] ?? [0n, 0n];
  return [min ?? String(least), max ?? String(most)];
}

/** @returns undefined for a value that the model allows */
export function judge(item: Partial<ModelItem>, value: string): Wrong | undefined {
  const type = plainType(item.type);
  if (item.enum) return item.enum.includes(value) ? undefined : noChoice(item.enum, value);
  if (isNumber(type)) return judgeNumber(item, type, value);
  if (type === 'boolean') return ['0', '1', 'true', 'false'].includes(value) ? undefined : { kind: 'boolean' };
  if (type === 'dateTime') return Number.isNaN(Date.parse(value)) ? { kind: 'time' } : undefined;
  const { maxLength } = item;
  return maxLength !== undefined && [...value].length > maxLength ? { kind: 'long', max: maxLength } : undefined;
}

function noChoice(of: readonly string[], value: string): Wrong {
  const low = value.toLowerCase();
  const near = of.find(each => each.toLowerCase() === low) ?? of.find(each => each.toLowerCase().startsWith(low));
  return { kind: 'choice', of, ...(near !== undefined && low !== '' ? { near } : {}) };
}

function judgeNumber(item: Partial<ModelItem>, type: string, value: string): Wrong | undefined {
  if (!/^[+-]?\d{1,20}$/.test(value)) return { kind: 'number' };
  const number = BigInt(value.replace('+', ''));
  const [least, most] = limits[type] ?? [0n, 0n];
  const min = item.min === undefined ? least : BigInt(item.min);
  const max = item.max === undefined ? most : BigInt(item.max);
  return number < min || number > max ? { kind: 'range', min: String(min), max: String(max) } : undefined;
}

/** The value is a secret: the server shows it as `***`, or the device reads it back empty. */
export const isSecret = (path: string, value: string): boolean =>
  value === '***' || (value === '' && /(?:Password|Passphrase|Secret|PreSharedKey|KeyPassphrase)$/.test(path));
