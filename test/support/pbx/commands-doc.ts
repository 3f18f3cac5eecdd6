// The list of the shell's commands in docs/pbx.md, made of their table.
import { synopsis } from '../../../pbx/mdsh/help.ts';
import { commands } from '../../../pbx/mdsh/table.ts';

const START = '<!-- commands: npm run generate -->';
const END = '<!-- end of commands -->';

/** The page with the list between its marks made anew. */
export function withCommands(page: string): string {
  const start = page.indexOf(START) + START.length;
  const end = page.indexOf(END);
  if (start < START.length || end < start) throw new Error('docs/pbx.md has no marks for the list of commands');
  return `${page.slice(0, start)}\n\n${commandList()}\n\n${page.slice(end)}`;
}

function commandList(): string {
  const sorted = commands.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const lines = sorted.flatMap(command => command.forms.map(form => synopsis(command, form)));
  const rows = sorted.map(({ name, kind, about, ours }) => {
    const shown = kind === 'mml' ? name.toUpperCase() : name;
    return `| \`${shown}\` | ${about} | ${ours.replaceAll('|', '\\|')} |`;
  });
  return ['```', ...lines, '```', '', "| command | to | the vendor's, and ours |", '|---|---|---|', ...rows].join('\n');
}
