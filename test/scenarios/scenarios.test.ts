// Scenarios as text: what a CPE posts, what operators ask for and when, and all that can be observed afterwards.
// `npm run test:scenarios -- --rewrite` writes what was observed into the files: review it as a diff.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { playScenario } from './harness.ts';
import { printScript } from './script.ts';

const folder = new URL('.', import.meta.url).pathname;
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.txt'))
  .sort();
const rewrites = process.argv.includes('--rewrite');

describe('scenarios', () => {
  for (const file of files) {
    it(file.replace(/\.txt$/, ''), async () => {
      const script = readFileSync(folder + file, 'utf8');
      const { blocks, results } = await playScenario(script);
      const played = printScript(blocks, results);
      if (rewrites) writeFileSync(folder + file, played);
      else assert.equal(played, script);
    });
  }
});
