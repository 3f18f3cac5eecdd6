// `extension_info` and `ip_extension_info`: registered terminals, in the columns that scripts of operators read.
import { mapInTurns } from '../../../shared/turns.ts';
import type { DirectoryNumber } from '../../exchange/data.ts';
import type { RegisteredTerminal } from '../../exchange/terminals.ts';
import { cell, columns } from '../columns.ts';
import type { Command, ShellContext } from '../command.ts';
import type { Arguments } from '../syntax/arguments.ts';
import { abbreviated } from '../syntax/values.ts';
import { dirs, flags, NOTHING, PORTION } from './common.ts';
import { productParts, terminalsByNumber } from './terminals.ts';

function registered(context: ShellContext, args: Arguments): RegisteredTerminal[] {
  const byNumber = terminalsByNumber(context);
  const wanted = args.list('dir') ?? [...byNumber.keys()].sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  return wanted.flatMap((dir: DirectoryNumber) => byNumber.get(dir) ?? []);
}

/** Widths of all columns but the last, as in the vendor's print. */
const widths = [11, 9, 19, 36];
const fixed = (cells: readonly string[]): string =>
  cells
    .map((text, at) => (widths[at] === undefined ? text : `${text.padEnd(widths[at] - 1)} `))
    .join('')
    .trimEnd();

async function printTerminals(context: ShellContext, args: Arguments): Promise<readonly string[]> {
  const lines = await mapInTurns(registered(context, args), PORTION, ({ dir, kind, product, remote, instance }) => {
    const { vendor, revision } = productParts(product);
    const host = remote.host.includes(':') ? `[${remote.host}]` : remote.host;
    // The vendor's column may hold blanks, as in the vendor's print.
    return fixed([
      dir,
      kind === 'SIP' ? 'SIP' : 'H323',
      cell(revision),
      vendor === '' ? '-' : vendor,
      `sip:${dir}@${host}${instance === undefined ? '' : `;instance=${cell(instance)}`}`,
    ]);
  });
  if (lines.length === 0) return [NOTHING];
  return [
    'Extension Info',
    fixed(['Dir', 'Terminal', 'Revision', 'Vendor', 'Terminal']),
    fixed(['', 'Type', '', 'Info', 'Identity']),
    ...lines,
  ];
}

async function printRegistrations(context: ShellContext, args: Arguments): Promise<readonly string[]> {
  const found = registered(context, args);
  if (found.length === 0) return [NOTHING];
  const now = context.clock.now();
  const heading = ['Dir', 'Terminal', 'IP-Address', 'Remote-Port', 'Transport', 'Port', 'Since', 'Expires'];
  return await columns(heading, found, ({ dir, kind, remote, protocol, port, expires, since }) => [
    dir,
    kind,
    cell(remote.host),
    String(remote.port),
    protocol,
    String(port),
    new Date(since).toISOString(),
    String(Math.max(0, Math.round((expires - now) / 1000))),
  ]);
}

export const extensionInfo: Command = {
  name: 'extension_info',
  kind: 'unix',
  about: 'print information on registered terminals',
  options: {
    dir: dirs,
    print: flags.print,
    'terminal-info': { help: 'Prints type, revision, maker and identity of each terminal.' },
  },
  forms: [{ by: ['print'], takes: ['dir', 'terminal-info'], print: printTerminals }],
  description: 'Prints the terminals that are registered with the numbers, or all.',
  examples: [{ about: 'The terminals of 1200 to 1222.', line: 'extension_info -d 1200..1222 -p --terminal-info' }],
  ours: 'Of the vendor are the options and the columns. Revision and maker are taken from what the terminal calls itself, NAME/VERSION.',
};

export const ipExtensionInfo: Command = {
  name: 'ip_extension_info',
  kind: 'unix',
  about: 'print where IP extensions are registered',
  options: {
    dir: dirs,
    format: { letter: 'f', kind: abbreviated('registration'), help: 'Columns of the print; there is one format.' },
    print: flags.print,
  },
  forms: [{ by: [], takes: ['dir', 'format', 'print'], print: printRegistrations }],
  description: 'Prints a line for each registered terminal: its number first, its address in the third column.',
  examples: [{ about: 'The address of 1204.', line: 'ip_extension_info -d 1204 -f reg' }],
  ours: 'Of the vendor are the options, the number first and the address in the third column; ours are the other columns.',
};
