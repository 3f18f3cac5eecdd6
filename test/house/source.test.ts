// The reader of sources that the rules of the house rest on: what is code, and where a body begins and ends.
import assert from 'node:assert/strict';
import { bodiesOf } from '../support/source/bodies.ts';
import { codeOf } from '../support/source/code.ts';
import { circlesIn } from '../support/source/imports.ts';

describe('the code in a source', () => {
  const cases: [string, string, string][] = [
    ['a line comment', 'a // {', 'a     '],
    ['a block comment', 'a /* { */ b', 'a         b'],
    ['a string with a quote in it', String.raw`x('{\'{')`, 'x(      )'],
    ['a regular expression with a slash in a class', 'a = /[/{]/g; b', 'a =        ; b'],
    ['a division', 'a / b / {', 'a / b / {'],
  ];
  for (const [name, source, code] of cases) {
    it(`leaves blanks where there is ${name}`, () => {
      assert.equal(codeOf(source).code.length, source.length);
      assert.equal(codeOf(source).code, code);
    });
  }

  it('leaves what stands in the braces of a template', () => {
    assert.equal(codeOf(['`{$', '{a({})}{` + b'].join('')).code, '   {a({})}   + b');
  });

  it('gives comments without their marks, with their lines', () => {
    const { comments } = codeOf('a;\n/** What it is. */\nb; // why\n/*\n * Two\n * lines\n */');
    assert.deepEqual(
      comments.map(({ line, text }) => [line, text]),
      [
        [2, 'What it is.'],
        [3, 'why'],
        [4, 'Two\nlines'],
      ],
    );
  });
});

describe('the bodies in a source', () => {
  const found = (source: string): [string, number][] => bodiesOf(source).map(({ name, lines }) => [name, lines]);
  const cases: [string, string, [string, number][]][] = [
    ['a function', 'function a(b: { c: number }): { d: string } {\n}\n', [['a', 2]]],
    ['a function that returns a promise of an object', 'async function a(): Promise<{ b: 1 }> {\n\n}', [['a', 3]]],
    ['an arrow function with a name', 'const a = async (b = {}): Promise<void> => {\n};', [['a', 2]]],
    [
      'a class and its methods',
      'class A implements B<{ c: 1 }> {\n  #d(): void {\n  }\n  e() {}\n}',
      [
        ['A', 5],
        ['#d', 2],
        ['e', 1],
      ],
    ],
    ['a test', "it('does it', async function () {\n\n});", [["it 'does it'", 3]]],
    ['no call, condition or object', 'if (a(b)) {\n}\nc({\n});\nconst d = e ? f(g) : { h: 1 };', []],
  ];
  for (const [name, source, bodies] of cases) {
    it(`finds ${name}`, () => {
      assert.deepEqual(found(source), bodies);
    });
  }
});

describe('circles of imports', () => {
  it('are told as the way around', () => {
    const graph = [
      { from: 'a', to: 'b' },
      { from: 'b', to: 'c' },
      { from: 'c', to: 'b' },
    ];
    assert.deepEqual(circlesIn(graph), ['b → c → b']);
    assert.deepEqual(circlesIn(graph.slice(0, 2)), []);
  });
});
