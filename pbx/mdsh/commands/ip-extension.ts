// `ip_extension`: extensions get their terminal type, and where their terminals are registered is seen.
import type { Change, DirectoryNumber, IpExtension } from '../../exchange/data.ts';
import type { RegisteredTerminal } from '../../exchange/terminals.ts';
import { cell, columns } from '../columns.ts';
import { type Command, NotExecuted, type ShellContext } from '../command.ts';
import type { Arguments } from '../syntax/arguments.ts';
import { integer, oneOf } from '../syntax/values.ts';
import { checkExists, chosen, dirs, flags, forEachNumber, forNumbers, NOTHING } from './common.ts';
import { terminalsByNumber } from './terminals.ts';

async function checkNew(context: ShellContext, args: Arguments): Promise<void> {
  const most = args.number('max-terminals');
  await forEachNumber(args, dir => {
    checkExists(context, dir);
    if (context.exchange.get('ipExtensions', dir)) throw new NotExecuted(`IP EXTENSION ${dir} IS ALREADY INITIATED`);
    if (most !== undefined) checkMost(context, dir, most);
  });
}

function checkMost({ exchange }: ShellContext, dir: DirectoryNumber, most: number): void {
  const allowed = exchange.get('extensions', dir)?.maxTerminals ?? 1;
  if (most > allowed) throw new NotExecuted(`MAX TERMINALS OF EXTENSION ${dir} IS ${allowed}`);
}

function checkIpExtension({ exchange }: ShellContext, dir: DirectoryNumber): void {
  if (!exchange.get('ipExtensions', dir)) throw new NotExecuted(`IP EXTENSION ${dir} IS NOT INITIATED`);
}

async function checkChange(context: ShellContext, args: Arguments): Promise<void> {
  const most = args.number('max-terminals') ?? 1;
  await forEachNumber(args, dir => {
    checkIpExtension(context, dir);
    const before = context.exchange.get('ipExtensions', dir)?.maxTerminals ?? 0;
    if (most <= before) throw new NotExecuted(`MAX TERMINALS OF ${dir} IS ${before} AND CAN ONLY BE RAISED`);
    checkMost(context, dir, most);
  });
}

const row = (args: Arguments, dir: DirectoryNumber, before?: IpExtension): IpExtension => {
  const most = args.number('max-terminals');
  const protocol = args.text('protocol') === 'SIP' ? 'SIP' : 'IP';
  return { dir, protocol: before?.protocol ?? protocol, ...(most !== undefined && { maxTerminals: most }) };
};

const change = (dir: DirectoryNumber, of?: IpExtension): Change => ({
  table: 'ipExtensions',
  key: dir,
  ...(of && { row: of }),
});

async function print(context: ShellContext, args: Arguments): Promise<readonly string[]> {
  const { exchange } = context;
  const rows = await chosen(
    args,
    () => exchange.all('ipExtensions'),
    dir => exchange.get('ipExtensions', dir),
  );
  if (rows.length === 0) return [NOTHING];
  const terminals = terminalsByNumber(context);
  const heading = ['Dir', 'Protocol', 'Terminal', 'Transport', 'Port', 'IP-Address', 'Signaling', 'Row'];
  const lines = rows.flatMap(({ dir, protocol }) => {
    const registered = terminals.get(dir) ?? [];
    return registered.length === 0 ? [{ dir, protocol }] : registered.map(one => ({ dir, protocol, one }));
  });
  const empty = heading.slice(2).map(() => '-');
  const cells = (line: { dir: string; protocol: string; one?: RegisteredTerminal }): string[] => [
    line.dir,
    line.protocol,
    ...(line.one ? registration(line.one) : empty),
  ];
  return await columns(heading, lines, cells);
}

const registration = (one: RegisteredTerminal): string[] => [
  one.kind,
  one.protocol,
  String(one.port),
  cell(one.remote.host),
  one.protocol === 'tls' ? 'encrypted' : 'not-encrypted',
  cell(one.row),
];

export const ipExtension: Command = {
  name: 'ip_extension',
  kind: 'unix',
  about: 'initiate, erase or print an IP extension',
  options: {
    ...flags,
    dir: dirs,
    'max-terminals': {
      kind: integer(1, 8),
      help: 'Terminals that may be logged on at a time, at most those of the extension; as many as those unless given. -c can only raise it.',
    },
    protocol: {
      kind: oneOf('SIP', 'IP'),
      help: 'SIP: SIP terminals may register. IP: SIP and H.323 terminals may. IP by default.',
    },
  },
  forms: [
    {
      by: ['change'],
      needs: ['dir', 'max-terminals'],
      check: checkChange,
      effect: (context, args) =>
        forNumbers(args, dir => [change(dir, row(args, dir, context.exchange.get('ipExtensions', dir)))]),
    },
    {
      by: ['erase'],
      needs: ['dir'],
      asks: () => true,
      check: (context, args) => forEachNumber(args, dir => checkIpExtension(context, dir)),
      effect: (_, args) => forNumbers(args, dir => [change(dir)]),
    },
    {
      by: ['initiate'],
      needs: ['dir'],
      takes: ['max-terminals', 'protocol'],
      check: checkNew,
      effect: (_, args) => forNumbers(args, dir => [change(dir, row(args, dir))]),
    },
    { by: ['print'], takes: ['dir'], print },
  ],
  description:
    'Makes extensions IP extensions, so that terminals may register with their numbers. The print has a line for each registered terminal with the port that it registered at: secure H.323 terminals at 3727 instead of 1719, SIP terminals at 5061 instead of 5060, unless other ports are configured.',
  examples: [
    { about: 'SIP terminals may register as 2773.', line: 'ip_extension -i -d 2773 --protocol SIP' },
    { about: 'See where the terminals of 4100 to 4328 are registered.', line: 'ip_extension -p -d 4100..4328' },
  ],
  ours: 'Of the vendor are the options; ours are the default of --max-terminals, the columns of the print after the number and the texts of refusals. Terminals with a fixed identity, MAC addresses and remote extensions are not offered.',
};
