// Scripts that complete the command line in a shell: commands, their options, and names of operations after `call`.
import type { OptionSpecs } from '../../../shared/config.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export interface CompletedCommand {
  name: string;
  specs: OptionSpecs;
  /** Words that may follow it. */
  words?: readonly string[];
}

const optionsOf = (specs: OptionSpecs): string[] => [...Object.keys(specs), 'help'].map(name => `--${name}`);

export function completionScript(shell: Shell, commands: readonly CompletedCommand[]): string {
  if (shell === 'fish') return fish(commands);
  return shell === 'bash' ? bash(commands) : `autoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`;
}

function bash(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(
    ({ name, specs, words = [] }) => `    ${name}) words="${[...words, ...optionsOf(specs)].join(' ')}" ;;`,
  );
  return [
    '_tandem_acs() {',
    `  local current="\${COMP_WORDS[COMP_CWORD]}" words`,
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    words="${commands.map(({ name }) => name).join(' ')} --help"`,
    '  else',
    `    case "\${COMP_WORDS[1]}" in`,
    ...cases,
    '    *) words="" ;;',
    '    esac',
    '  fi',
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '}',
    'complete -o default -F _tandem_acs tandem-acs',
    '',
  ].join('\n');
}

function fish(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  const lines = [
    `complete -c tandem-acs -n "not __fish_seen_subcommand_from ${names}" -f -a "${names}"`,
    ...commands.flatMap(({ name, specs, words = [] }) => [
      ...(words.length > 0
        ? [`complete -c tandem-acs -n "__fish_seen_subcommand_from ${name}" -a "${words.join(' ')}"`]
        : []),
      ...Object.keys(specs).map(
        option => `complete -c tandem-acs -n "__fish_seen_subcommand_from ${name}" -l ${option}`,
      ),
    ]),
  ];
  return `${lines.join('\n')}\n`;
}
