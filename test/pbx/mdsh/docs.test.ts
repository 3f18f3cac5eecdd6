// The help pages and docs/pbx.md: they say what the table of commands says.
import assert from 'node:assert/strict';
import { helpPage, synopsis } from '../../../pbx/mdsh/help.ts';
import { readArguments } from '../../../pbx/mdsh/syntax/forms.ts';
import { parseLine } from '../../../pbx/mdsh/syntax/parse.ts';
import { commands, commandTable } from '../../../pbx/mdsh/table.ts';
import { withCommands } from '../../support/pbx/commands-doc.ts';
import { testShell } from '../../support/pbx/mdsh.ts';
import { textOf } from '../../support/source/files.ts';

describe('documentation of the shell', () => {
  it('docs/pbx.md lists the commands of the table: npm run generate', () => {
    const page = textOf('docs/pbx.md');
    assert.equal(withCommands(page), page);
  });

  it('README.md leads to docs/pbx.md', () => {
    assert.match(textOf('README.md'), /\]\(docs\/pbx\.md\)/);
  });

  it('names of commands and long options are each once in the table', () => {
    const names = commands.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    for (const { name, kind } of commands) assert.match(name, kind === 'mml' ? /^[a-z]{5}$/ : /^[a-z_]+$/);
  });

  for (const command of commandTable.values()) {
    it(`${command.name} has forms of options that it has, and examples that are right`, () => {
      for (const { by, needs = [], takes = [] } of command.forms)
        for (const name of [...by, ...needs, ...takes]) assert.ok(Object.hasOwn(command.options, name), name);
      const letters = Object.values(command.options).flatMap(({ letter }) => letter ?? []);
      assert.equal(new Set(letters).size, letters.length);
      for (const { line } of command.examples) {
        const parsed = parseLine(commandTable, line);
        assert.ok(parsed.kind === 'command' && parsed.command.name === command.name, line);
        readArguments(command, parsed.given, line.length);
      }
    });

    it(`${command.name} -? prints a page with all parts, the parameters in alphabetical order`, async () => {
      const { exit, lines } = await testShell().run(`${command.name} -?`);
      assert.equal(exit, 0);
      const headings = lines.filter(line => /^[A-Z]+$/.test(line));
      assert.deepEqual(headings, ['NAME', 'SYNOPSIS', 'PARAMETERS', 'DESCRIPTION', 'EXAMPLES']);
      const names = lines.flatMap(line => /^ {5}(?:[-+]\w, )*-{0,2}([\w-]+)(?:, .*)?$/.exec(line)?.[1] ?? []);
      const parameters = names.slice(0, -1).map(name => name.toLowerCase());
      assert.deepEqual(parameters.toSorted(), parameters);
      assert.equal(lines.at(-1), `For more complete help type '${command.name} --help-complete'.`);
      for (const line of lines) assert.ok(line.length <= 100, line);
    });
  }

  it('a complete page has the common options and what is ours', () => {
    const extension = commandTable.get('extension');
    assert.ok(extension);
    const page = helpPage(extension, true).join('\n');
    assert.match(page, /--verbose-to-syslog/);
    assert.match(page, /--domain-name is not offered/);
    assert.doesNotMatch(helpPage(extension, false).join('\n'), /--verbose-to-syslog/);
  });

  it('a synopsis shows what is needed and what may be left out', () => {
    const print = commandTable.get('extension')?.forms.find(({ by }) => by.join() === 'print');
    const extension = commandTable.get('extension');
    assert.ok(extension && print);
    assert.equal(
      synopsis(extension, print),
      'extension -p [-l x] [-d m] [--csp x] [±s [s]] [--customer x] [--type s] [--format s]',
    );
  });
});
