// Directory numbers in a command: one, a list `4498,4499`, ranges `4100..4328`, or both.
import type { DirectoryNumber } from '../../exchange/data.ts';

/** Numbers that one command may name. */
export const MAX_NUMBERS = 10_000;
const MAX_PARTS = 1000;

const isNumber = (text: string): boolean => /^\d{2,20}$/.test(text);

/** @throws Error that says what is wrong */
export function readNumber(text: string): DirectoryNumber {
  if (!isNumber(text)) throw new Error(`'${text}' is not a directory number of 2 to 20 digits`);
  return text;
}

/** The numbers of a list with ranges, each once, in the order of the list. @throws Error that says what is wrong */
export function readNumbers(text: string): DirectoryNumber[] {
  const parts = text.split(',', MAX_PARTS + 1);
  if (parts.length > MAX_PARTS) throw new Error(`a list has at most ${MAX_PARTS} parts`);
  const numbers = new Set<DirectoryNumber>();
  for (const part of parts) {
    for (const number of readPart(part, MAX_NUMBERS - numbers.size)) numbers.add(number);
  }
  return [...numbers];
}

function readPart(part: string, most: number): DirectoryNumber[] {
  const [first = '', last, ...rest] = part.split('..');
  if (rest.length > 0) throw new Error(`'${part}' is not a range such as 4100..4328`);
  readNumber(first);
  if (last === undefined) return checkCount([first], most);
  readNumber(last);
  if (first.length !== last.length) throw new Error(`the numbers of the range ${part} differ in length`);
  const from = BigInt(first);
  const count = BigInt(last) - from + 1n;
  if (count < 1n) throw new Error(`the range ${part} ends before it begins`);
  if (count > BigInt(most)) throw tooMany();
  return Array.from({ length: Number(count) }, (_, at) => plus(first, at));
}

/** Digits that are counted in; those before them change only where these overflow. */
const COUNTED = 10;

/** The number so much later, of the same length. */
function plus(first: DirectoryNumber, count: number): DirectoryNumber {
  const start = Math.max(0, first.length - COUNTED);
  const end = String(Number(first.slice(start)) + count);
  if (end.length > COUNTED) return String(BigInt(first) + BigInt(count)).padStart(first.length, '0');
  return first.slice(0, start) + end.padStart(first.length - start, '0');
}

function checkCount(numbers: DirectoryNumber[], most: number): DirectoryNumber[] {
  if (numbers.length > most) throw tooMany();
  return numbers;
}

const tooMany = (): Error => new Error(`a command names at most ${MAX_NUMBERS} numbers`);
