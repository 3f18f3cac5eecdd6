// The table of rules holds what it says: each rule has a test that exists, or a reason to be left out.
import assert from 'node:assert/strict';
import { events } from '../../shared/cwmp/events.ts';
import { faults } from '../../shared/cwmp/faults.ts';
import { methodNames, methods } from '../../shared/cwmp/methods.ts';
import {
  allTitles,
  isLeftOut,
  loadedTitles,
  problemsOf,
  type Requirement,
  readRequirements,
  reportOf,
  totalsOf,
} from './requirements.ts';

describe('the table of CWMP rules', () => {
  const rows = readRequirements();

  it('each rule is held by a test that exists, or left out for a reason', async function () {
    this.timeout(60_000);
    let top: Mocha.Suite | undefined = this.test?.parent;
    while (top?.parent) top = top.parent;
    const titles = (top && loadedTitles(top)) ?? (await allTitles());
    const problems = problemsOf(rows, titles);
    assert.deepEqual(problems, [], problems.join('\n'));
    process.stdout.write(`      ${reportOf(rows, problems).split('\n').slice(-2).join('; ')}\n`);
  });

  it('has every numbered rule of sessions and transport', () => {
    const numbered = (letter: string, count: number): string[] =>
      Array.from({ length: count }, (_, at) => `${letter}${at + 1}`);
    const all = [...numbered('H', 11), ...numbered('C', 10), ...numbered('A', 8)];
    const missing = all.filter(id => !rows.some(row => row.id === id || row.id.startsWith(`${id}-`)));
    assert.deepEqual(missing, []);
  });

  it('has every method, event and fault code of the protocol', () => {
    const mentions = (word: string): boolean => rows.some(row => row.text.includes(word));
    const missing = [
      ...methodNames.filter(name => !mentions(name)),
      ...methodNames
        .filter(name => !rows.some(row => row.clause === methods[name].clause))
        .map(name => `${name}’s clause`),
      ...events.map(({ code }) => code).filter(code => !mentions(code)),
      ...[...faults.keys()].map(String).filter(code => !mentions(code)),
    ];
    assert.deepEqual(missing, []);
  });

  it('leaves out little, and no more of what must be than can be named on one hand', () => {
    const left = rows.filter(isLeftOut);
    assert.ok(left.length <= totalsOf(rows).rules / 15, `${left.length} left out`);
    const must = left.filter(({ level }) => level === 'must').map(({ id }) => id);
    assert.ok(must.length <= 5, must.join(', '));
  });

  it('is read by rules of its own: what is wrong in it is found', () => {
    const good: Requirement = {
      line: 2,
      id: 'H1',
      clause: '3.4.1',
      side: 'both',
      level: 'must',
      text: 'the CPE posts to the ACS',
      tests: ['a test'],
      note: '',
    };
    const titles = new Set(['a test', 'a suite skipped: needs xmllint']);
    assert.deepEqual(problemsOf([good], titles), []);
    assert.deepEqual(problemsOf([{ ...good, tests: ['a suite does things'] }], titles), []);
    const wrong: [Partial<Requirement>, RegExp][] = [
      [{ tests: [] }, /no test holds it/],
      [{ tests: ['another test'] }, /no test 'another test'/],
      [{ tests: [], note: 'not built: no' }, /no test holds it/],
      [{ note: 'not built: nobody asks for it' }, /left out and has a test/],
      [{ clause: '3,4' }, /no clause/],
      [{ clause: 'A' }, /no clause/],
      [{ side: 'acs' }, /no side/],
      [{ level: 'perhaps' }, /no level/],
      [{ id: '' }, /malformed/],
      [{ text: '' }, /says nothing/],
    ];
    for (const [change, message] of wrong) {
      assert.match(problemsOf([{ ...good, ...change }], titles).join('\n'), message);
    }
    assert.match(problemsOf([good, good], titles).join('\n'), /twice/);
    assert.throws(() => readRequirements('id\tclause\n'), /columns/);
    assert.throws(() => readRequirements('id\tclause\tside\tlevel\ttext\ttest\tnote\nH1\n'), /line 2 has 1 cells/);
  });
});
