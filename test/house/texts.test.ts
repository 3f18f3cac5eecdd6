// The house in words: titles of tests that can be read alone, comments that begin with what they describe.
import assert from 'node:assert/strict';
import { codeOf } from '../support/source/code.ts';
import { sources, textOf } from '../support/source/files.ts';
import { beyond } from './exceptions.ts';

const MAX_TITLE = 90;

/** Titles as they are written, with a word for each substitution of a template. */
const titlesOf = (text: string): string[] =>
  [...text.matchAll(/\b(?:it|describe)\(\s*(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`([^`\n]*)`)/g)].map(
    ([, single, double, template]) =>
      (single ?? double ?? template ?? '').replace(/\\(.)/g, '$1').replace(/\$\{[^}]*\}/g, 'word'),
  );

/** `acs/south`, `acs/fleet/session`, `test/acs/south`; a file beside rooms belongs to the folder. */
function roomOf(file: string): string {
  const folders = file.split('/').slice(0, -1);
  const isDeep = file.startsWith('acs/fleet/') || file.startsWith('test/acs/') || file.startsWith('test/support/');
  return folders.slice(0, isDeep ? 3 : 2).join('/');
}

describe('texts of the house', () => {
  it('titles of tests are short and hold one fact, but for those that are listed', () => {
    const wrong = new Map<string, number>();
    for (const file of sources.filter(name => name.endsWith('.test.ts'))) {
      const count = titlesOf(textOf(file)).filter(title => title.length > MAX_TITLE || title.includes(';')).length;
      if (count > 0) wrong.set(file, count);
    }
    assert.deepEqual(beyond('titles', wrong), []);
  });

  it('comments begin with what they describe, but for those that are listed', () => {
    const wrong = new Map<string, number>();
    for (const file of sources) {
      const { comments } = codeOf(textOf(file));
      const count = comments.filter(({ text, line }, at) => {
        const before = comments[at - 1];
        // A line that continues the comment above it is no beginning.
        const continues = before !== undefined && before.line === line - 1 && !/[.:]$/.test(before.text);
        return !continues && /^(What|Whether|Who|How|Which)\b/.test(text);
      }).length;
      if (count > 0) wrong.set(roomOf(file), (wrong.get(roomOf(file)) ?? 0) + count);
    }
    assert.deepEqual(beyond('questions', wrong), []);
  });
});
