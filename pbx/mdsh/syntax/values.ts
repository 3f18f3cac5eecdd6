// Kinds of values that options take: how each is read from text, and how a help page describes it.
import { printable } from './error.ts';
import { readNumber, readNumbers } from './numbers.ts';

export type Value = string | number | boolean | readonly string[];

export interface ValueKind {
  /** As the synopsis shows it: `m` one or several numbers, `s` one of several words, `x` any other. */
  sign: string;
  /** Sentences for the help page. */
  about: string;
  /** Words that complete it. */
  words?: readonly string[];
  /** True for directory numbers, which the exchange can complete. */
  isNumber?: boolean;
  /** @throws Error that says what is wrong */
  read(text: string): Value;
}

const yes = ['1', 't', 'true', 'y', 'yes'];
const no = ['0', 'f', 'false', 'n', 'no'];

export const yesOrNo: ValueKind = {
  sign: 'x',
  about: `Either yes (${yes.join(', ')}) or no (${no.join(', ')}).`,
  words: ['yes', 'no'],
  read: text => {
    const word = text.toLowerCase();
    if (yes.includes(word)) return true;
    if (no.includes(word)) return false;
    throw new Error(`'${printable(text)}' is neither yes nor no`);
  },
};

export const directoryNumber: ValueKind = {
  sign: 'x',
  about: 'A directory number of 2 to 20 digits.',
  isNumber: true,
  read: readNumber,
};

export const directoryNumbers: ValueKind = {
  sign: 'm',
  about: 'Directory numbers of 2 to 20 digits: one, a list (4498,4499) or a range (4100..4328).',
  isNumber: true,
  read: readNumbers,
};

export function integer(low: number, high: number): ValueKind {
  return {
    sign: 'x',
    about: `An integer from ${low} to ${high}.`,
    read: text => {
      const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
      if (!(number >= low && number <= high))
        throw new Error(`'${printable(text)}' is not an integer from ${low} to ${high}`);
      return number;
    },
  };
}

/** One of several words, in any case; it is read as it is written here. */
export function oneOf(...words: string[]): ValueKind {
  return {
    sign: 's',
    about: `One of ${words.join(', ')}.`,
    words,
    read: text => {
      const found = words.find(word => word.toLowerCase() === text.toLowerCase());
      if (found === undefined) throw new Error(`'${printable(text)}' is not one of ${words.join(', ')}`);
      return found;
    },
  };
}

/** Several of these words, separated by commas. */
export function someOf(...words: string[]): ValueKind {
  const one = oneOf(...words);
  return {
    ...one,
    about: `One or several of ${words.join(', ')}, separated by commas.`,
    read: text => [...new Set(text.split(',', words.length + 1).map(part => String(one.read(part))))],
  };
}

/** The beginning of one of these words suffices. */
export function abbreviated(...words: string[]): ValueKind {
  const one = oneOf(...words);
  return {
    ...one,
    about: `One of ${words.join(', ')}; the beginning suffices.`,
    read: text => {
      const found = words.filter(word => text !== '' && word.startsWith(text.toLowerCase()));
      return found.length === 1 ? String(found[0]) : one.read(text);
    },
  };
}

/** Printable text. @param accepts what it must look like, with words for that */
export function text(low: number, high: number, accepts?: { pattern: RegExp; about: string }): ValueKind {
  const length = low === high ? `${low}` : `${low} to ${high}`;
  return {
    sign: 'x',
    about: accepts ? `${accepts.about} (${length} characters).` : `Text of ${length} characters.`,
    read: value => {
      if (value.length < low || value.length > high) throw new Error(`the value has not ${length} characters`);
      if (printable(value) !== value) throw new Error('the value holds characters that cannot be printed');
      if (accepts && !accepts.pattern.test(value)) throw new Error(`the value is not ${accepts.about.toLowerCase()}`);
      return value;
    },
  };
}
