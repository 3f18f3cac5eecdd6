// `extension`: the directory numbers of extensions and what they may do.
import type { Change, DirectoryNumber, Extension } from '../../exchange/data.ts';
import { checkExtensionChange } from '../../policy/checks.ts';
import { columns } from '../columns.ts';
import { type Command, NotExecuted, type OptionSpec, type ShellContext } from '../command.ts';
import type { Arguments } from '../syntax/arguments.ts';
import { abbreviated, integer, oneOf, someOf, yesOrNo } from '../syntax/values.ts';
import { checkExists, chosen, dirs, flags, forEachNumber, forNumbers, NOTHING, numbersOf, refuseBy } from './common.ts';
import { featureOptions, numberOptions } from './extension-features.ts';
import { extensionRow, formats, sortKeys, summaryLines, typesOf } from './extension-print.ts';

const kept = { ...featureOptions, ...numberOptions };

const options: Readonly<Record<string, OptionSpec>> = {
  ...flags,
  dir: dirs,
  csp: { kind: integer(0, 500), help: 'Common service profile.' },
  customer: { kind: integer(0, 50_000), help: 'Customer that the extension belongs to; 0 by default.' },
  format: { kind: abbreviated(...formats), help: 'Columns of the print; long by default.' },
  lim: { letter: 'l', kind: integer(1, 124), help: 'Server that keeps the extension.' },
  'max-terminals': {
    kind: integer(1, 8),
    help: 'Terminals that may be logged on with the number at a time; 1 by default. -c can only raise it.',
  },
  'security-exception': {
    kind: yesOrNo,
    help: 'yes: a terminal may log on without TLS and call without SRTP, as far as the security policy lets it. no: it must use both where it can. yes by default.',
  },
  sort: {
    letter: 's',
    plus: true,
    isOptional: true,
    kind: oneOf(...sortKeys),
    help: 'Order of the print; by number without a value. + turns it round.',
  },
  summary: { help: 'Prints totals alone.' },
  'third-party-client': {
    kind: yesOrNo,
    help: 'yes: SIP telephones of other makers may register. no by default.',
  },
  type: {
    kind: someOf('all', 'edn', 'dect', 'h323', 'remote', 'sip', 'typed', 'virtual', 'undefined', 'emergency'),
    help: 'Kinds of extensions to print. One that has no terminal type yet is undefined, and cannot be used.',
  },
  ...kept,
};

/** Options that set a field of the extension. */
const settings = ['csp', 'customer', 'max-terminals', 'security-exception', 'third-party-client', ...Object.keys(kept)];

function settingsOf(args: Arguments, before: Extension): Extension {
  const given = Object.keys(kept).filter(name => args.has(name));
  const values = given.map(
    name => [name, String(args.text(name) ?? args.number(name) ?? yesNoOf(args, name))] as const,
  );
  const features = { ...before.features, ...Object.fromEntries(values) };
  return {
    ...before,
    csp: args.number('csp') ?? before.csp,
    customer: args.number('customer') ?? before.customer,
    maxTerminals: args.number('max-terminals') ?? before.maxTerminals,
    securityException: args.flag('security-exception') ?? before.securityException,
    thirdPartyClient: args.flag('third-party-client') ?? before.thirdPartyClient,
    ...(Object.keys(features).length > 0 && { features }),
  };
}

const yesNoOf = (args: Arguments, name: string): string => (args.flag(name) ? 'yes' : 'no');

const made = (args: Arguments, dir: DirectoryNumber): Extension =>
  settingsOf(args, {
    dir,
    lim: args.number('lim') ?? 1,
    csp: 0,
    customer: 0,
    securityException: true,
    thirdPartyClient: false,
    maxTerminals: 1,
  });

const changed = ({ exchange }: ShellContext, args: Arguments, dir: DirectoryNumber): Extension[] => {
  const before = exchange.get('extensions', dir);
  return before ? [settingsOf(args, before)] : [];
};

/** Extensions that the exchange keeps. */
const MAX_EXTENSIONS = 100_000;

async function checkNew(context: ShellContext, args: Arguments): Promise<void> {
  const { exchange } = context;
  await forEachNumber(args, dir => {
    if (exchange.get('extensions', dir)) throw new NotExecuted(`DIRECTORY NUMBER ${dir} IS ALREADY INITIATED`);
    refuseBy(checkExtensionChange(exchange, made(args, dir)));
  });
  if (exchange.size('extensions') + numbersOf(args).length > MAX_EXTENSIONS)
    throw new NotExecuted(`THE EXCHANGE KEEPS AT MOST ${MAX_EXTENSIONS} EXTENSIONS`);
}

async function checkChange(context: ShellContext, args: Arguments): Promise<void> {
  const most = args.number('max-terminals');
  await forEachNumber(args, dir => {
    checkExists(context, dir);
    const before = context.exchange.get('extensions', dir)?.maxTerminals ?? 0;
    if (most !== undefined && most <= before)
      throw new NotExecuted(`MAX TERMINALS OF ${dir} IS ${before} AND CAN ONLY BE RAISED`);
    for (const after of changed(context, args, dir)) refuseBy(checkExtensionChange(context.exchange, after));
  });
}

/** The number with all that hangs on it. */
const erasure = (dir: DirectoryNumber): Change[] => [
  { table: 'extensions', key: dir },
  { table: 'ipExtensions', key: dir },
  { table: 'authorizationCodes', key: `dir:${dir}` },
];

async function print(context: ShellContext, args: Arguments): Promise<readonly string[]> {
  const { exchange } = context;
  const types = args.list('type') ?? ['all'];
  const found = await chosen(
    args,
    () => exchange.all('extensions'),
    dir => exchange.get('extensions', dir),
  );
  const rows = found.filter(
    one =>
      (args.number('lim') ?? one.lim) === one.lim &&
      (args.number('csp') ?? one.csp) === one.csp &&
      (args.number('customer') ?? one.customer) === one.customer &&
      (types.includes('all') || typesOf(exchange, one).some(type => types.includes(type))),
  );
  if (args.has('summary')) return await summaryLines(exchange, rows);
  if (rows.length === 0) return [NOTHING];
  const { heading, cells, key } = extensionRow(exchange, args.text('format') ?? 'long');
  const sortKey = args.has('sort') ? (args.text('sort') ?? 'DIR') : undefined;
  const sorted = sortKey === undefined ? rows : rows.toSorted((a, b) => byKey(key(a, sortKey), key(b, sortKey)));
  return await columns(heading, args.isPlus('sort') ? sorted.toReversed() : sorted, cells);
}

const isNumber = (text: string): boolean => /^\d+$/.test(text);

/** Numbers by their value, before all else. */
function byKey(a: string, b: string): number {
  if (isNumber(a) !== isNumber(b)) return isNumber(a) ? -1 : 1;
  return (isNumber(a) ? a.length - b.length : 0) || (a < b ? -1 : Number(a > b));
}

export const extension: Command = {
  name: 'extension',
  kind: 'unix',
  about: 'manage an extension',
  options,
  forms: [
    { by: ['change'], needs: ['dir'], takes: settings, check: checkChange, effect: changes },
    {
      by: ['erase'],
      needs: ['dir'],
      asks: () => true,
      check: (context, args) => forEachNumber(args, dir => checkExists(context, dir)),
      effect: (_, args) => forNumbers(args, erasure),
    },
    {
      by: ['initiate'],
      needs: ['dir', 'lim', 'csp'],
      takes: settings.filter(name => name !== 'csp'),
      check: checkNew,
      effect: (_, args) =>
        forNumbers(args, dir => [{ table: 'extensions', key: dir, row: made(args, dir) } satisfies Change]),
    },
    { by: ['print'], takes: ['lim', 'dir', 'csp', 'sort', 'customer', 'type', 'format'], print },
    { by: ['print', 'summary'], takes: ['lim'], print },
  ],
  description:
    'Initiates, changes, erases and prints extensions. A range is carried out whole or not at all. An extension can be used when ip_extension has given it a terminal type.',
  examples: [
    { about: 'Make extension 4525 on server 3.', line: 'extension -i -d 4525 -l 3 --csp 7' },
    { about: 'Two terminals may log on with the number 4525.', line: 'extension -c -d 4525 --max-terminals 2' },
    {
      about: 'No security exception for the numbers 4100 to 4328.',
      line: 'extension -c -d 4100..4328 --security-exception no',
    },
    { about: 'Erase the extensions 5235 and 5240.', line: 'extension -e -d 5235,5240' },
    {
      about: 'Print the extensions of service profile 15, the highest number first.',
      line: 'extension -p --csp 15 +s dir',
    },
  ],
  ours: 'Of the vendor are the options, their defaults and the columns of the print up to CSP; ours are the columns after it, the summary and the texts of refusals. --domain-name is not offered. Erasing a number erases its terminal type and its individual authorization code too.',
};

async function changes(context: ShellContext, args: Arguments): Promise<Change[]> {
  return await forNumbers(args, dir =>
    changed(context, args, dir).map(row => ({ table: 'extensions', key: dir, row }) satisfies Change),
  );
}
