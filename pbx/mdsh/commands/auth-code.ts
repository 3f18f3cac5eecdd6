// `auth_code`: authorization codes; the individual one of a number is its PIN.
import type { AuthorizationCode, Change, DirectoryNumber } from '../../exchange/data.ts';
import { checkCodeErasure } from '../../policy/checks.ts';
import { cell, columns, yesNo } from '../columns.ts';
import { type Command, NotExecuted, type ShellContext } from '../command.ts';
import type { Arguments } from '../syntax/arguments.ts';
import { integer, oneOf, text } from '../syntax/values.ts';
import { dirs, flags, NOTHING, refuseBy } from './common.ts';

/** Common codes that the exchange keeps. */
const MAX_CODES = 100_000;

/** The numbers whose individual codes are meant; undefined: a common code. */
const targets = (args: Arguments): readonly (DirectoryNumber | undefined)[] => args.list('dir') ?? [undefined];

const keyOf = (args: Arguments, dir: DirectoryNumber | undefined): string =>
  dir === undefined ? `code:${args.text('auth-code') ?? ''}` : `dir:${dir}`;

const nameOf = (dir: DirectoryNumber | undefined): string =>
  dir === undefined ? 'THE AUTHORIZATION CODE' : `THE AUTHORIZATION CODE OF ${dir}`;

/** An individual code takes the place of an older one: where the policy asks for a code, it cannot be erased before. */
function checkNew({ exchange }: ShellContext, args: Arguments): void {
  if (!args.has('dir') && exchange.get('authorizationCodes', keyOf(args, undefined)))
    throw new NotExecuted(`${nameOf(undefined)} IS ALREADY INITIATED`);
  if (exchange.size('authorizationCodes') + targets(args).length > MAX_CODES)
    throw new NotExecuted(`THE EXCHANGE KEEPS AT MOST ${MAX_CODES} AUTHORIZATION CODES`);
}

const made = (args: Arguments, dir: DirectoryNumber | undefined): AuthorizationCode => ({
  code: args.text('auth-code') ?? '',
  ...(dir !== undefined && { dir }),
  customer: args.number('customer') ?? 0,
  csp: args.number('csp') ?? 0,
  cil: args.text('cil') ?? dir ?? '',
  isRestricted: args.has('restricted'),
  ...((args.text('hash-type') ?? 'cleartext') !== 'cleartext' && { isHidden: true }),
});

function checkErase({ exchange }: ShellContext, args: Arguments): void {
  if (!args.has('dir') && !args.has('auth-code')) throw new NotExecuted('EITHER DIR OR AUTH CODE IS NEEDED');
  for (const dir of targets(args)) {
    if (!exchange.get('authorizationCodes', keyOf(args, dir))) throw new NotExecuted(`${nameOf(dir)} IS NOT INITIATED`);
    if (dir !== undefined) refuseBy(checkCodeErasure(exchange, dir));
  }
}

async function print({ exchange }: ShellContext, args: Arguments): Promise<string[]> {
  const found = args.has('dir')
    ? targets(args).flatMap(dir => exchange.get('authorizationCodes', keyOf(args, dir)) ?? [])
    : exchange.all('authorizationCodes');
  if (found.length === 0) return [NOTHING];
  return await columns(
    ['Customer', 'Dir', 'Auth-Code', 'CSP', 'CIL', 'Restricted'],
    found,
    ({ code, dir, customer, csp, cil, isRestricted, isHidden }) => [
      String(customer),
      cell(dir),
      isHidden ? '********' : cell(code),
      String(csp),
      cell(cil),
      yesNo(isRestricted),
    ],
  );
}

export const authCode: Command = {
  name: 'auth_code',
  kind: 'unix',
  about: 'manage authorization codes',
  options: {
    initiate: flags.initiate,
    erase: flags.erase,
    print: flags.print,
    dir: dirs,
    'auth-code': {
      kind: text(2, 64, { pattern: /^[!-~]+$/, about: 'Printable characters without blanks' }),
      isSecret: true,
      help: 'The code.',
    },
    cil: {
      kind: text(1, 20, { pattern: /^[\w*#+-]+$/, about: 'Digits, letters and signs' }),
      help: 'Identity in call information; the number itself by default.',
    },
    csp: { kind: integer(0, 500), help: 'Common service profile of calls with the code.' },
    customer: { kind: integer(0, 50_000), help: 'Customer; 0 by default.' },
    'hash-type': {
      kind: oneOf('cleartext', 'md5a1', 'sha256', 'sha256_md5a1'),
      help: 'Any but cleartext: the code is left out of prints.',
    },
    restricted: { help: 'The code is for its own number alone.' },
  },
  forms: [
    {
      by: ['erase'],
      takes: ['dir', 'auth-code'],
      asks: () => true,
      check: checkErase,
      effect: (_, args) => targets(args).map((dir): Change => ({ table: 'authorizationCodes', key: keyOf(args, dir) })),
    },
    {
      by: ['initiate'],
      needs: ['auth-code'],
      takes: ['dir', 'cil', 'csp', 'customer', 'hash-type', 'restricted'],
      check: checkNew,
      effect: (_, args) =>
        targets(args).map(
          (dir): Change => ({ table: 'authorizationCodes', key: keyOf(args, dir), row: made(args, dir) }),
        ),
    },
    { by: ['print'], takes: ['dir'], print },
  ],
  description:
    'Initiates, erases and prints authorization codes. With -d the code is the individual one of a number: terminals prove it as PIN when they register. It may be given before the number is initiated, as a strict security policy asks for. Without -d it is a common code. Shell history and logs leave codes out.',
  examples: [
    {
      about: 'The PIN of 1204 is 4711.',
      line: 'auth_code -i -d 1204 --auth-code 4711 --csp 1 --cil 1204 --restricted',
    },
    { about: 'No PIN any more.', line: 'auth_code -e -d 1204' },
  ],
  ours: 'Of the vendor are the options and the code in the third column of the print; ours are the other columns, the texts of refusals, and that -i replaces an individual code. Whatever the --hash-type, the code is kept as it is, because digest authentication needs it.',
};
