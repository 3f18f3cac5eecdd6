// `extension_unregistration`: ends registrations, so that terminals read their configuration and register under the present policy.
import { Turns } from '../../../shared/turns.ts';
import { type Command, NotExecuted, type ShellContext } from '../command.ts';
import type { Arguments } from '../syntax/arguments.ts';
import { checkExists, dirs, forEachNumber } from './common.ts';
import { terminalsByNumber } from './terminals.ts';

/** Numbers whose terminals are told at a time: silent ones take two seconds each. */
const AT_ONCE = 500;
/** Numbers that are begun with without a break. */
const PORTION = 10;

async function unregister(context: ShellContext, args: Arguments): Promise<void> {
  const byNumber = terminalsByNumber(context);
  const wanted = (args.list('dir') ?? [...byNumber.keys()]).filter(dir => byNumber.has(dir));
  const turns = new Turns(PORTION);
  const queue = wanted.values();
  const work = async (): Promise<void> => {
    for (const dir of queue) {
      await turns.spent(1);
      await Promise.all(context.sources().map(source => source.unregister(dir)));
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, wanted.length) }, work));
}

/** A number may also be that of an account, which is registered without being an extension. */
async function check(context: ShellContext, args: Arguments): Promise<void> {
  if (context.sources().length === 0) throw new NotExecuted('NOTHING REGISTERS AT THIS EXCHANGE');
  const byNumber = terminalsByNumber(context);
  await forEachNumber(args, dir => {
    if (!byNumber.has(dir)) checkExists(context, dir);
  });
}

export const extensionUnregistration: Command = {
  name: 'extension_unregistration',
  kind: 'unix',
  about: 'unregister IP terminals',
  options: { dir: dirs },
  forms: [{ by: [], takes: ['dir'], asks: args => !args.has('dir'), check, act: unregister }],
  description:
    'Ends the registrations of the numbers, or all. The terminals are told to read their configuration again and register anew, and so come under the security policy that holds then.',
  examples: [
    { about: 'Have the terminals of 12345 register anew.', line: 'extension_unregistration -d 12345' },
    { about: 'All terminals.', line: 'extension_unregistration' },
  ],
  ours: 'Of the vendor is the option -d; ours are the texts of refusals, and that all are meant without it.',
};
