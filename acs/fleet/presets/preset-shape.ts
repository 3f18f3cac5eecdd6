// The shape of stored presets. The API writes no other, but a store can be edited by hand or restored from elsewhere: a part of a wrong shape
// is left out, and makes its preset a broken one, so that nothing else meets it.
import type { Preset } from './preset.ts';

/** A stored body as far as it can be read. */
export interface SoundPreset {
  /** Its parts of the right shape. */
  preset: Preset;
  /** Names the first part of a wrong shape. Its content is not quoted: it may hold a secret. */
  wrong?: string;
}

type Test = (value: unknown) => boolean;

const isText: Test = value => typeof value === 'string';
const isFlag: Test = value => typeof value === 'boolean';
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isPlain: Test = value => isText(value) || isFlag(value) || Number.isFinite(value);
const isWanted: Test = value => isPlain(value) || fits(value, { value: isText }, { type: isText });
const isTexts: Test = value => Array.isArray(value) && value.every(isText);
const isRow: Test = value => isRecord(value) && Object.values(value).every(isPlain);
const isRows: Test = value => Array.isArray(value) && value.every(isRow);
const isKeys: Test = value => isTexts(value) && (value as string[]).length > 0;
const isTable: Test = value => fits(value, { keys: isKeys, rows: isRows }, { exclusive: isFlag });
const oneOf =
  (...words: string[]): Test =>
  value =>
    words.includes(value as string);
const recordOf =
  (test: Test): Test =>
  value =>
    isRecord(value) && Object.values(value).every(test);

/** Tells whether the value has all needed fields, and each field that it has is right. Other fields do not matter. */
function fits(value: unknown, needed: Record<string, Test>, others: Record<string, Test> = {}): boolean {
  if (!isRecord(value)) return false;
  return (
    Object.entries(needed).every(([name, test]) => test(value[name])) &&
    Object.entries(others).every(([name, test]) => value[name] === undefined || test(value[name]))
  );
}

const parts: Readonly<Record<keyof Preset, readonly [expected: string, test: Test]>> = {
  when: ['a filter as text', isText],
  weight: ['a number', Number.isFinite],
  set: ['values by their paths', recordOf(isWanted)],
  objects: ['tables with keys and rows, by their paths', recordOf(isTable)],
  certificates: ['names of files', isTexts],
  script: ['the name of a file', isText],
  firmware: ['the name of a file', isText],
  restart: ['one of now, idle, never', oneOf('now', 'idle', 'never')],
  drift: ['one of correct, report', oneOf('correct', 'report')],
  audit: ['a duration as text', isText],
  acsMove: ['an object', value => fits(value, {}, { force: isFlag, returnAfter: isText })],
};

/** Reads a stored body, whatever it is. */
export function soundPreset(body: unknown): SoundPreset {
  if (!isRecord(body)) return { preset: {}, wrong: 'it is no object' };
  const wrong = Object.entries(parts).filter(([name, [, test]]) => body[name] !== undefined && !test(body[name]));
  const [first] = wrong;
  if (!first) return { preset: body };
  const names = new Set(wrong.map(([name]) => name));
  const preset: Preset = Object.fromEntries(Object.entries(body).filter(([name]) => !names.has(name)));
  const [name, [expected]] = first;
  return { preset, wrong: `${name}: its stored form is not ${expected}: write the preset again` };
}
