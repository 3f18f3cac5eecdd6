// The regular expressions of the products: none repeats within a repetition, and none takes more than linear time over foreign text.
import assert from 'node:assert/strict';
import { codeOf } from '../support/source/code.ts';
import { sources, textOf } from '../support/source/files.ts';
import { partsOf, slowText, starHeight } from '../support/source/reg-exp.ts';

const products = sources.filter(file => /^(acs|cpe|pbx|shared)\//.test(file));
const literals = products.flatMap(file =>
  codeOf(textOf(file)).regExps.map(({ line, text }) => ({ at: `${file}:${line}`, text })),
);
const sourceOf = (text: string): string => text.slice(1, text.lastIndexOf('/'));

/** Texts of the command line and of operators: the alternatives begin with characters of their own, so the trial below finds no slowness. */
const nested = ['acs/query/lexer.ts', 'cpe/options.ts', 'shared/model/path.ts'];
/** The command line of the gateway alone. */
const squaring = ['cpe/options.ts'];
const isIn = (files: string[], at: string): boolean => files.includes(at.split(':')[0] ?? '');

describe('regular expressions', () => {
  it('A3: nest no repetition in a repetition', () => {
    assert.ok(literals.length > 200);
    assert.deepEqual(
      literals
        .filter(({ at, text }) => !isIn(nested, at) && starHeight(partsOf(sourceOf(text))) > 1)
        .map(({ at, text }) => `${at} ${text}`),
      [],
    );
  });

  it('A3: take linear time over a text that they almost match', function () {
    this.timeout(60_000);
    const cpu = (): number => process.cpuUsage().user / 1000;
    const slow = literals.flatMap(({ at, text }) => {
      const found = slowText(text, { length: 20_000, mostMs: 60, clock: cpu });
      return found === undefined || isIn(squaring, at) ? [] : [`${at} ${text} on ${found}`];
    });
    assert.deepEqual(slow, []);
  });

  it('A3: are literals, so that these rules see them', () => {
    const built = products.filter(file => /\bRegExp\(/.test(codeOf(textOf(file)).code));
    assert.deepEqual(built, ['acs/query/wildcard.ts', 'shared/model/syntax.ts'], 'built of what is known');
  });

  it('A3: are found out when they nest or square', () => {
    assert.equal(starHeight(partsOf('((?:<!\\[CDATA\\[[\\s\\S]*?\\]\\]>|[^<])*)')), 2);
    const options = { length: 20_000, mostMs: 60, clock: () => performance.now() };
    assert.ok(slowText('/\\s+$/', options));
    assert.equal(slowText('/^[a-z]+:/', options), undefined);
  });
});
