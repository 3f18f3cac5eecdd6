// The commands of docs/mx-one.md: each is one that the shell takes, and the procedure of the page is that of the demo.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parseLine } from '../../pbx/mdsh/syntax/parse.ts';
import { commandTable } from '../../pbx/mdsh/table.ts';

const page = readFileSync(new URL('../../docs/mx-one.md', import.meta.url), 'utf8');
const own = ['serve', 'registrations', 'refusals', 'calls'];
const lines = [...page.matchAll(/npm run pbx -- ([^\n#]*)/g)].map(([, line = '']) => line.trim());

describe('docs/mx-one.md', () => {
  for (const line of lines.filter(one => !own.includes(one.split(' ')[0] ?? ''))) {
    it(`has '${line.slice(0, 70)}', which the shell takes`, () => {
      assert.equal(parseLine(commandTable, line).kind, 'command');
    });
  }
});
