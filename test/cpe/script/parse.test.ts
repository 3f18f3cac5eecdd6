// The script language: every form seen in live files, property round trips, and errors that name line and column.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { bareOrQuoted, formatName, parseScript, quoteValue, type Statement } from '../../../cpe/script/parse.ts';

/** One statement as a line of a script. */
function formatStatement(statement: Statement): string {
  const name = formatName(statement.name, statement.keys);
  if (statement.kind === 'assign') return `${name} = ${quoteValue(statement.value)}`;
  return [name, ...statement.args.map(([key, value]) => `${key}=${bareOrQuoted(value)}`)].join(' ');
}

const identifier = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/);
const text = fc
  .string({ unit: 'grapheme', maxLength: 20 })
  .filter(value => !/[\x00-\x08\x0b\x0c\x0e-\x1f]/.test(value));
const name = fc.array(identifier, { minLength: 2, maxLength: 3 }).map(parts => parts.join('.'));
const keys = fc.array(fc.tuple(identifier, text), { maxLength: 3 });
const statement: fc.Arbitrary<Statement> = fc.oneof(
  fc.record(
    {
      kind: fc.constant('assign' as const),
      line: fc.constant(1),
      name,
      keys: fc.constant<[string, string][]>([]),
      value: text,
    },
    { noNullPrototype: true },
  ),
  fc.record(
    {
      kind: fc.constant('command' as const),
      line: fc.constant(1),
      name,
      keys: fc.constant<[string, string][]>([]),
      args: keys,
    },
    { noNullPrototype: true },
  ),
  fc
    .tuple(
      name,
      keys.filter(list => list.length > 0),
      identifier,
      text,
    )
    .map(([table, list, column, value]) => ({
      kind: 'assign' as const,
      line: 1,
      name: `${table}.${column}`,
      keys: list,
      value,
    })),
);

const only = (line: string): Statement => {
  const { statements, problems } = parseScript(line);
  assert.deepEqual(problems, []);
  assert.equal(statements.length, 1);
  return statements[0]!;
};

describe('script language', () => {
  it('reads the forms of an exported configuration', () => {
    assert.deepEqual(only('Web.ServerPort = "80"'), {
      kind: 'assign',
      line: 1,
      name: 'Web.ServerPort',
      keys: [],
      value: '80',
    });
    assert.deepEqual(only('Aaa.RadiusServers[Service=Cli Priority=1].AuthenticationHost = ""'), {
      kind: 'assign',
      line: 1,
      name: 'Aaa.RadiusServers.AuthenticationHost',
      keys: [
        ['Service', 'Cli'],
        ['Priority', '1'],
      ],
      value: '',
    });
    assert.deepEqual(only('SipEp.Gateway.DeleteAllRows'), {
      kind: 'command',
      line: 1,
      name: 'SipEp.Gateway.DeleteAllRows',
      keys: [],
      args: [],
    });
    assert.deepEqual(only('SipEp.ErrorMappingInsertCauseToSip Cause=31 SipCode=486'), {
      kind: 'command',
      line: 1,
      name: 'SipEp.ErrorMappingInsertCauseToSip',
      keys: [],
      args: [
        ['Cause', '31'],
        ['SipCode', '486'],
      ],
    });
  });

  it('reads unquoted values, spaces around the equals sign and both line ends', () => {
    const { statements } = parseScript('# c\r\n\r\n  Conf.ScriptsAllowRepeatedExecution =Disable \r\nA.b=x y\n');
    assert.deepEqual(
      statements.map(entry => [entry.line, entry.kind === 'assign' ? entry.value : '']),
      [
        [3, 'Disable'],
        [4, 'x y'],
      ],
    );
  });

  it('reads backslash escapes inside quotes', () => {
    assert.equal((only('A.b = "\\\\1 \\" \\n"') as { value: string }).value, '\\1 " \n');
  });

  it('reads a row command as a command', () => {
    assert.deepEqual(only('Scm.ServiceCommands[Name=SipEp].Restart').kind, 'command');
  });

  it('reads back every statement it writes', () => {
    fc.assert(
      fc.property(statement, entry => {
        assert.deepEqual(only(formatStatement(entry)), entry);
      }),
    );
  });

  it('reports line and column of every error in a script', () => {
    const { problems } = parseScript(
      'A.b = "x"\nno-name\nA.b = "open\nA.b = "x" y\nA[K=1 = 2\nA.b = "\\q"\nA.t[].c=1\n',
    );
    assert.deepEqual(
      problems.map(entry => entry.line),
      [2, 3, 4, 5, 6, 7],
    );
    assert.equal(problems[1]?.column, 7);
    for (const problem of problems) assert.ok(problem.column > 0 && problem.message !== '');
  });

  it('reads any bytes without throwing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        const { statements, problems } = parseScript(Buffer.from(bytes));
        assert.ok(Array.isArray(statements) && Array.isArray(problems));
      }),
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z.[\]="\\# \n]{0,80}$/), junk => {
        parseScript(junk);
      }),
    );
  });

  it('refuses a script that is no text or too large', () => {
    assert.match(parseScript(Buffer.from([0xff, 0xfe, 0x41])).problems[0]!.message, /UTF-8/);
    assert.match(parseScript('#'.repeat(5 * 1024 * 1024)).problems[0]!.message, /larger/);
    assert.match(parseScript('A.b = "\u0007"').problems[0]!.message, /control/);
  });
});
