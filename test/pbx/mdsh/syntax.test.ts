// The syntax of the shell's commands: both kinds of lines, their values, and what is said of a wrong one.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Command } from '../../../pbx/mdsh/command.ts';
import type { Given } from '../../../pbx/mdsh/syntax/arguments.ts';
import { CommandSyntaxError, syntaxErrorText } from '../../../pbx/mdsh/syntax/error.ts';
import { readArguments } from '../../../pbx/mdsh/syntax/forms.ts';
import { MAX_NUMBERS, readNumbers } from '../../../pbx/mdsh/syntax/numbers.ts';
import { lineText, parseLine, tableOf } from '../../../pbx/mdsh/syntax/parse.ts';
import { text as anyText } from '../../../pbx/mdsh/syntax/values.ts';
import { commands, commandTable } from '../../../pbx/mdsh/table.ts';
import { testShell } from '../../support/pbx/mdsh.ts';

const mml: Command = {
  name: 'roexi',
  kind: 'mml',
  about: 'a command with parameters',
  options: { rou: { kind: anyText(1, 100), help: '' }, tls: { kind: anyText(1, 100), help: '' } },
  forms: [{ by: [], takes: ['rou', 'tls'] }],
  description: '',
  examples: [],
  ours: '',
};
const table = tableOf([...commands, mml]);

function given(line: string): [string, string | undefined][] {
  const parsed = parseLine(table, line);
  assert.equal(parsed.kind, 'command');
  return parsed.kind === 'command' ? parsed.given.map(({ name, value }) => [name, value]) : [];
}

describe('lines of commands with dashes', () => {
  const same: [string, [string, string | undefined][]][] = [
    [
      'extension -p -d 4100..4328',
      [
        ['print', undefined],
        ['dir', '4100..4328'],
      ],
    ],
    [
      'extension --print --dir 4498,4499',
      [
        ['print', undefined],
        ['dir', '4498,4499'],
      ],
    ],
    [
      'extension -pd 4100',
      [
        ['print', undefined],
        ['dir', '4100'],
      ],
    ],
    [
      'extension -pd4100 ;',
      [
        ['print', undefined],
        ['dir', '4100'],
      ],
    ],
    [
      'extension -p --dir=4100',
      [
        ['print', undefined],
        ['dir', '4100'],
      ],
    ],
    [
      '  extension\t-p  -s',
      [
        ['print', undefined],
        ['sort', undefined],
      ],
    ],
    [
      'extension -p +s CSP',
      [
        ['print', undefined],
        ['sort', 'CSP'],
      ],
    ],
    [
      'extension -p ++sort -l 1',
      [
        ['print', undefined],
        ['sort', undefined],
        ['lim', '1'],
      ],
    ],
    ['sec_policy -set 1', [['set', '1']]],
    ['sec_policy --set 1', [['set', '1']]],
    [
      `auth_code -i --auth-code 'a"b' --cil "c'd"`,
      [
        ['initiate', undefined],
        ['auth-code', 'a"b'],
        ['cil', "c'd"],
      ],
    ],
    [
      'auth_code -i --auth-code a\\ b"\\"\\\\"',
      [
        ['initiate', undefined],
        ['auth-code', 'a b"\\'],
      ],
    ],
  ];
  for (const [line, expected] of same) {
    it(`reads ${line.trim()}`, () => assert.deepEqual(given(line), expected));
  }

  const wrong: [string, number, RegExp][] = [
    ['extensio -p', 0, /'extensio' is not a command/],
    ['extension -p x', 13, /'x' is no option/],
    ['extension -px', 12, /no option '-x'/],
    ['extension -p --colour 3', 13, /no option '--colour'/],
    ['extension -p -d', 13, /--dir needs a value/],
    ['extension -p -d -l 1', 16, /--dir needs a value/],
    ['extension -p --summary=1', 22, /takes no value/],
    ["extension -p -d '4100", 16, /quote ' does not end/],
    ['extension -p | grep 4', 13, /'\|' is not offered here/],
    ['extension -p; extension -p', 14, /one command/],
    ['extension -p +d 4100', 13, /begins with a dash/],
  ];
  for (const [line, at, reason] of wrong) {
    it(`says where ${line} is wrong`, () => {
      assert.throws(
        () => parseLine(table, line),
        (error: unknown) => error instanceof CommandSyntaxError && error.at === at && reason.test(error.message),
      );
    });
  }

  it('takes the long options of all commands with one dash or none, as the vendor writes them', () => {
    assert.deepEqual(given('auth_code -i -cil 11600'), [
      ['initiate', undefined],
      ['cil', '11600'],
    ]);
    const line = 'extension -c -d 12345 security-exception yes';
    assert.deepEqual(given(line).at(-1), ['security-exception', 'yes']);
  });

  it('shows the place below the line', async () => {
    const { exit, lines } = await testShell().run('extension -i -d 41x -l 1 --csp 7');
    assert.equal(exit, 2);
    assert.deepEqual(lines, [
      'extension -i -d 41x -l 1 --csp 7',
      '                ^',
      "SYNTAX ERROR at column 17: '41x' is not a directory number of 2 to 20 digits",
    ]);
  });
});

describe('lines of commands with parameters', () => {
  const expected = [
    ['rou', '12'],
    ['tls', 'YES'],
  ];
  for (const line of [
    'ROEXI:ROU=12,TLS=YES;',
    'roexi rou=12,tls=YES;',
    ' roexi : Rou = 12 , tls="YES" ',
    'ROEXI ROU=12,TLS=YES',
  ]) {
    it(`reads ${line.trim()}`, () => assert.deepEqual(given(line), expected));
  }

  const wrong: [string, number, RegExp][] = [
    ['ROEXI:ROUTE=1;', 6, /no parameter 'ROUTE'/],
    ['ROEXI:ROU;', 9, /'=' is missing after ROU/],
    ['ROEXI:ROU=;', 10, /ROU needs a value/],
    ['ROEXI:ROU=1,;', 12, /parameter is missing/],
    ['ROEXI:ROU=1 TLS=2;', 12, /',' or ';' is missing/],
    ['ROEXI:ROU="1;', 10, /quote " does not end/],
    ['ROEXI:ROU=1; ROEXI;', 13, /one command/],
  ];
  for (const [line, at, reason] of wrong) {
    it(`says where ${line} is wrong`, () => {
      assert.throws(
        () => parseLine(table, line),
        (error: unknown) => error instanceof CommandSyntaxError && error.at === at && reason.test(error.message),
      );
    });
  }
});

describe('directory numbers of a command', () => {
  it('are lists, ranges, or both, each number once', () => {
    assert.deepEqual(readNumbers('4498,4499'), ['4498', '4499']);
    assert.deepEqual(readNumbers('0099..0101,0100,77'), ['0099', '0100', '0101', '77']);
    assert.equal(readNumbers('10000..19999').length, MAX_NUMBERS);
  });

  for (const text of [
    '1',
    '4100..',
    '4100..4090',
    '98..102',
    '1..2..3',
    '4100,',
    '10000..20000',
    '10..99,10000..19999',
  ]) {
    it(`refuse ${text}`, () => assert.throws(() => readNumbers(text), Error));
  }

  it('count on as whole numbers do', () => {
    const first = fc.oneof(
      fc.bigInt({ min: 0n, max: 10n ** 20n - 200n }),
      fc.constantFrom(9_999_999_950n, 999_999_999_950n, 999_950n),
    );
    fc.assert(
      fc.property(first, fc.integer({ min: 0, max: 99 }), (from, count) => {
        const length = String(from + BigInt(count)).length;
        const digits = (number: bigint): string => String(number).padStart(Math.max(2, length), '0');
        const numbers = readNumbers(`${digits(from)}..${digits(from + BigInt(count))}`);
        assert.deepEqual(
          numbers,
          Array.from({ length: count + 1 }, (_, at) => digits(from + BigInt(at))),
        );
      }),
    );
  });

  it('refuse a range of 20 digits at once', () => {
    assert.throws(() => readNumbers(`${'0'.repeat(20)}..${'9'.repeat(20)}`), /at most 10000 numbers/);
  });
});

describe('forms of a command', () => {
  const errors: [string, RegExp][] = [
    ['extension -d 4100', /one of -c, -e, -i, -p is missing/],
    ['extension -i -e -d 4100', /-. and -. exclude each other/],
    ['extension -i -d 4100 -l 1', /extension -i needs --csp/],
    ['extension -e -d 4100 --csp 1', /--csp does not go with extension -e/],
    ['extension -p --summary -d 4100', /--dir does not go with extension -p --summary/],
    ['extension -p -d 4100 --dir 4101', /--dir is given twice/],
    ['sec_policy', /one of -set, -remove, -print is missing/],
    ['sec_policy -set 4', /'4' is not an integer from 1 to 3/],
    ['media_encryption_enable', /needs -type/],
    ['media_encryption_enable -type trunk', /not one of extension, route, intermgw/],
    ['extension -c -d 4100 --security-exception maybe', /neither yes nor no/],
    ['extension -i -d 4100 -l 125 --csp 1', /integer from 1 to 124/],
  ];
  for (const [line, reason] of errors) {
    it(`refuse ${line}`, () => {
      const parsed = parseLine(commandTable, line);
      assert.ok(parsed.kind === 'command');
      assert.throws(() => readArguments(parsed.command, parsed.given, line.length), reason);
    });
  }

  it('take all words for yes and no', () => {
    for (const [words, value] of [
      [['1', 't', 'TRUE', 'y', 'yes'], true],
      [['0', 'f', 'false', 'N', 'no'], false],
    ] as const)
      for (const word of words) {
        const parsed = parseLine(commandTable, `extension -c -d 4100 --security-exception ${word}`);
        assert.ok(parsed.kind === 'command');
        assert.equal(readArguments(parsed.command, parsed.given, 0).args.flag('security-exception'), value);
      }
  });
});

describe('any line', () => {
  const values = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom('-p', '--dir', "'", '"', ';', '', '4100..4101'),
  );
  const inCommand = fc.constantFrom(...table.values()).chain(command =>
    fc.record({
      command: fc.constant(command),
      given: fc.array(
        fc.constantFrom(...Object.entries(command.options), ['', undefined] as const).chain(([name, option]) => {
          const value = option?.kind
            ? option.isOptional
              ? fc.option(values, { nil: undefined })
              : values
            : fc.constant(undefined);
          const isPlus = option?.plus && command.kind === 'unix' ? fc.boolean() : fc.constant(false);
          return fc.record({ name: fc.constant(name), value, isPlus });
        }),
        { maxLength: 6 },
      ),
    }),
  );

  it('that was printed is read as what it was printed from', () => {
    fc.assert(
      fc.property(inCommand, ({ command, given: options }) => {
        const written = options
          .filter(({ name, value }) => name !== '' && (command.kind === 'unix' || value !== ''))
          .map(
            ({ name, value, isPlus }): Given => ({
              name,
              at: 0,
              valueAt: 0,
              ...(value !== undefined && { value }),
              ...(isPlus && { isPlus: true as const }),
            }),
          );
        const line = lineText(command, written);
        const parsed = parseLine(table, line);
        assert.equal(parsed.kind, 'command', line);
        const read = parsed.kind === 'command' ? parsed.given.map(one => ({ ...one, at: 0, valueAt: 0 })) : [];
        assert.deepEqual(read, written, line);
      }),
      { numRuns: 2000 },
    );
  });

  it('of random characters and words ends in nothing but a syntax error', () => {
    const words = fc.constantFrom(
      'extension',
      'ROEXI',
      ':',
      '-i',
      '--dir',
      '=',
      ',',
      ';',
      '"',
      "'",
      ' ',
      '4100',
      '..',
      '\\',
      '-?',
    );
    const line = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.array(words, { maxLength: 12 }).map(list => list.join('')),
      fc.array(words, { maxLength: 12 }).map(list => list.join(' ')),
    );
    fc.assert(
      fc.property(line, text => {
        try {
          const parsed = parseLine(table, text);
          if (parsed.kind === 'command') readArguments(parsed.command, parsed.given, text.length);
        } catch (error) {
          assert.ok(error instanceof CommandSyntaxError, String(error));
          assert.ok(error.at >= 0 && error.at <= text.length, `${error.at} in ${text}`);
          for (const shown of syntaxErrorText(text, error)) assert.doesNotMatch(shown, /[\u0000-\u001f\u007f]/);
        }
      }),
      { numRuns: 5000 },
    );
  });

  it('has a bound', () => {
    assert.throws(() => parseLine(table, 'x'.repeat(9000)), /at most 8192 characters/);
  });
});
