// The shell behind the control socket: `{"command": "mdsh", "args": [LINE]}` carries a line out, its print comes as progress.
import type { ControlRequest } from '../../shared/control/server.ts';
import { UserError } from '../../shared/errors.ts';
import type { ShellContext } from './command.ts';
import { type LineAnswer, Shell } from './shell.ts';

/** Numbers that are offered to complete one. */
const MAX_OFFERED = 100;

/** @returns answers the requests with the command `mdsh`; with the option `numbers` the numbers that begin with the argument */
export function shellControl(
  context: ShellContext,
  shell = new Shell(context),
): (request: ControlRequest) => Promise<LineAnswer | string[]> {
  return async ({ args, options, progress }) => {
    const [line, ...rest] = args;
    if (line === undefined || rest.length > 0) throw new UserError(400, 'arguments', 'mdsh takes one line');
    if (options.numbers === true) return numbersLike(context, line);
    const request = { line, canAsk: options.canAsk === true, isConfirmed: options.isConfirmed === true };
    return await shell.run(request, lines => progress(lines));
  };
}

function numbersLike({ exchange }: ShellContext, start: string): string[] {
  const numbers: string[] = [];
  for (const { dir } of exchange.all('extensions')) {
    if (dir.startsWith(start)) numbers.push(dir);
    if (numbers.length === MAX_OFFERED) break;
  }
  return numbers;
}
