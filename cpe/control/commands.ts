// The commands of the control socket of a running unit: one table, for the unit and for the command line.
import type { ControlRequest } from '../../shared/control/server.ts';
import { UserError } from '../../shared/errors.ts';
import type { SipTrace } from '../../shared/sip/trace/trace.ts';
import { MAX_DURATION } from '../options.ts';
import type { NamedValue } from '../services/common/named-values.ts';
import type { PackedProfile } from '../services/common/unit-profile.ts';
import type { Call } from '../voice/call/call.ts';
import type { FaxReport } from '../voice/fax/fax-session.ts';
import type { CallNumbers } from './call-numbers.ts';
import type { UnitCalls } from './calls.ts';
import { ladderOf } from './ladder.ts';
import type { UnitStatus } from './status.ts';

/** The parts of a unit that commands work on. */
export interface UnitControl {
  readonly calls: UnitCalls;
  readonly numbers: CallNumbers;
  /** Absent: no messages are kept. */
  readonly trace: SipTrace | undefined;
  status(): UnitStatus;
  /** Values of variables. @throws UserError for an unknown name, or too many values */
  values(names: readonly string[]): NamedValue[];
  /** The local log of notifications, oldest first. */
  log(): string[];
  /** The customer profile that its settings make. */
  profile(): PackedProfile;
  /** Runs a configuration script. @throws UserError when it cannot be read or lines of it failed */
  runScript(text: string): Promise<void>;
}

interface Command {
  /** Names of its arguments, in order, for usage texts; one in brackets may be left out, one with … may be repeated. */
  readonly args: readonly string[];
  readonly help: string;
  /** Runs inside the unit; the result crosses the socket as JSON. */
  run(unit: UnitControl, request: ControlRequest): unknown;
}

/** The file of the socket, in the directory of the state. */
export const SOCKET = 'control.sock';

const argument = ({ args }: ControlRequest, at: number): string => args[at] ?? '';

export const commands = {
  call: {
    args: ['TO'],
    help: 'places a call, lets it last, and reports what was agreed, carried and heard',
    run: ({ calls }, request) => {
      const { from, duration } = request.options;
      return calls.place(argument(request, 0), {
        ...(typeof from === 'string' ? { from } : {}),
        duration: Math.min(Math.max(Number(duration) || 0, 0), MAX_DURATION),
        signal: request.signal,
        onUp: info => request.progress(info),
      });
    },
  },
  calls: { args: [], help: 'lists the calls there are, in both directions', run: ({ calls }) => calls.list() },
  hold: {
    args: ['ID'],
    help: 'puts the peer of a call on hold',
    run: ({ calls }, request) => calls.find(argument(request, 0)).hold(),
  },
  resume: {
    args: ['ID'],
    help: 'ends the hold of a call',
    run: ({ calls }, request) => calls.find(argument(request, 0)).resume(),
  },
  transfer: {
    args: ['ID', 'TO'],
    help: 'transfers the peer of a call to TO, or (call:ID) to the peer of another call',
    run: ({ calls }, request) => calls.transfer(argument(request, 0), argument(request, 1)),
  },
  dtmf: {
    args: ['ID', 'DIGITS'],
    help: 'sends digits to the peer of a call',
    run: ({ calls }, request) => calls.find(argument(request, 0)).sendDigits(argument(request, 1)),
  },
  fax: {
    args: ['ID'],
    help: 'changes a call to fax by T.38, sends a test page, and reports how that went',
    run: ({ calls }, request) => faxed(calls.find(argument(request, 0))),
  },
  hangup: {
    args: ['ID'],
    help: 'ends a call',
    run: ({ calls }, request) => calls.find(argument(request, 0)).hangup(),
  },
  status: {
    args: [],
    help: 'shows SIP gateways, connections, registrations and the LEDs',
    run: unit => unit.status(),
  },
  get: {
    args: ['NAME…'],
    help: 'shows the values of variables, or of all rows of a table',
    run: (unit, { args }) => unit.values(args),
  },
  log: { args: [], help: 'shows the notifications of the local log', run: unit => unit.log() },
  script: {
    args: ['FILE'],
    help: 'runs a configuration script on the unit',
    run: (unit, request) => unit.runScript(argument(request, 0)),
  },
  'pack-profile': {
    args: [],
    help: 'prints the customer profile that the settings of the unit make, for run --profile',
    run: unit => unit.profile(),
  },
  ladder: {
    args: ['[CALL]'],
    help: 'shows the SIP messages of a call, or of all (run --ladder)',
    run: ({ trace, numbers }, { args }) => ladderOf(trace, numbers, args[0]),
  },
} as const satisfies Readonly<Record<string, Command>>;

/** Rows of an A4 page at the standard resolution. */
const A4_ROWS = 1143;

/** @throws UserError with the reason where the page did not arrive */
async function faxed(call: Call): Promise<FaxReport> {
  // The code tables of fax are loaded on first use: every start of the program reads this table of commands.
  const { testPage } = await import('../voice/fax/test-page.ts');
  const report = await call.fax.send(testPage(A4_ROWS));
  if (report.state === 'complete') return report;
  throw new UserError(409, 'fax-failed', `the fax failed: ${report.reason}`);
}

export type CommandName = keyof typeof commands;

export const isCommand = (name: string): name is CommandName => Object.hasOwn(commands, name);

/** Arguments in the place of one that may be repeated. */
const MOST_NAMES = 50;

/** The usage that a wrong number of arguments breaks, or undefined. */
export function usageOf(command: CommandName, args: readonly string[]): string | undefined {
  const wanted: readonly string[] = commands[command].args;
  const least = wanted.filter(name => !name.startsWith('[')).length;
  const most = wanted.at(-1)?.endsWith('…') ? MOST_NAMES : wanted.length;
  return args.length < least || args.length > most ? [command, ...wanted].join(' ') : undefined;
}

/** @throws UserError for an unknown command or a wrong number of arguments */
export function runCommand(unit: UnitControl, request: ControlRequest): unknown {
  const { command, args } = request;
  if (!isCommand(command)) throw new UserError(404, 'unknown-command', `'${command}' is none of ${names()}`);
  const usage = usageOf(command, args);
  if (usage !== undefined) throw new UserError(400, 'arguments', `usage: ${usage}`);
  return commands[command].run(unit, request);
}

const names = (): string => Object.keys(commands).join(', ');
