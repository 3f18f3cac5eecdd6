// The commands of the control socket of a running unit: one table, for the unit and for the command line.
import type { ControlRequest } from '../../shared/control/server.ts';
import { UserError } from '../../shared/errors.ts';
import type { UnitCalls } from './calls.ts';

interface Command {
  /** Names of its arguments, in order, for usage texts. */
  readonly args: readonly string[];
  readonly help: string;
  /** Runs inside the unit; the result crosses the socket as JSON. */
  run(calls: UnitCalls, request: ControlRequest): unknown;
}

/** The file of the socket, in the directory of the state. */
export const SOCKET = 'control.sock';

/** Longest call that can be asked for, seconds. */
export const MAX_DURATION = 86_400;

const argument = ({ args }: ControlRequest, at: number): string => args[at] ?? '';

export const commands = {
  call: {
    args: ['TO'],
    help: 'places a call, lets it last, and reports what was agreed, carried and heard',
    run: (calls, request) => {
      const { from, duration } = request.options;
      return calls.place(argument(request, 0), {
        ...(typeof from === 'string' ? { from } : {}),
        duration: Math.min(Math.max(Number(duration) || 0, 0), MAX_DURATION),
        signal: request.signal,
        onUp: info => request.progress(info),
      });
    },
  },
  calls: { args: [], help: 'lists the calls there are, in both directions', run: calls => calls.list() },
  hold: {
    args: ['ID'],
    help: 'puts the peer of a call on hold',
    run: (calls, request) => calls.find(argument(request, 0)).hold(),
  },
  resume: {
    args: ['ID'],
    help: 'ends the hold of a call',
    run: (calls, request) => calls.find(argument(request, 0)).resume(),
  },
  dtmf: {
    args: ['ID', 'DIGITS'],
    help: 'sends digits to the peer of a call',
    run: (calls, request) => calls.find(argument(request, 0)).sendDigits(argument(request, 1)),
  },
  hangup: {
    args: ['ID'],
    help: 'ends a call',
    run: (calls, request) => calls.find(argument(request, 0)).hangup(),
  },
} as const satisfies Readonly<Record<string, Command>>;

export type CommandName = keyof typeof commands;

export const isCommand = (name: string): name is CommandName => Object.hasOwn(commands, name);

/** @throws UserError for an unknown command or a wrong number of arguments */
export function runCommand(calls: UnitCalls, request: ControlRequest): unknown {
  const { command, args } = request;
  if (!isCommand(command)) throw new UserError(404, 'unknown-command', `'${command}' is none of ${names()}`);
  const { args: wanted, run }: Command = commands[command];
  if (args.length !== wanted.length) throw new UserError(400, 'arguments', `usage: ${[command, ...wanted].join(' ')}`);
  return run(calls, request);
}

export const names = (): string => Object.keys(commands).join(', ');
