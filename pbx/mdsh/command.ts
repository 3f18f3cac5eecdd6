// A command of the shell as a row of a table: its options, its forms, and for each form the check, the effect and the print.
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import type { Change } from '../exchange/data.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { TerminalSource } from '../exchange/terminals.ts';
import type { Arguments } from './syntax/arguments.ts';
import type { ValueKind } from './syntax/values.ts';

export interface OptionSpec {
  /** `d` for `-d`. */
  letter?: string;
  /** True where `+s` and `++sort` are taken too. */
  plus?: true;
  /** Absent: the option takes no value. */
  kind?: ValueKind;
  /** True where the value may be left out. */
  isOptional?: true;
  /** True for codes and passwords, which history and log leave out. */
  isSecret?: true;
  help: string;
}

/** The surroundings that commands work on. */
export interface ShellContext {
  readonly exchange: Exchange;
  /** Parts of the exchange that terminals register at. */
  sources(): readonly TerminalSource[];
  /** Folder of the backups; undefined where the data is in memory alone. */
  readonly backups: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export type Lines = readonly string[];

/** A command that is not carried out: the lines below `NOT EXECUTED`. */
export class NotExecuted extends Error {
  override readonly name = 'NotExecuted';
  readonly lines: Lines;

  constructor(...lines: string[]) {
    super(lines.join(', '));
    this.lines = lines;
  }
}

/** One way to use a command, chosen by an option: `extension -i …`. */
export interface Form {
  /** Options that choose it; none where the command has one form alone. */
  by: readonly string[];
  needs?: readonly string[];
  takes?: readonly string[];
  /** True where an operator at a terminal is asked before. */
  asks?(args: Arguments): boolean;
  /** Nothing is changed where it throws. @throws NotExecuted */
  check?(context: ShellContext, args: Arguments): void | Promise<void>;
  /** Changes of the data, which are made in one step. */
  effect?(context: ShellContext, args: Arguments): readonly Change[] | Promise<readonly Change[]>;
  /** Work beyond the data. @throws NotExecuted */
  act?(context: ShellContext, args: Arguments): Promise<void>;
  /** Lines of the answer; absent: `EXECUTED`. */
  print?(context: ShellContext, args: Arguments): Lines | Promise<Lines>;
}

export interface Command {
  name: string;
  /** `unix`: options with dashes; `mml`: five letters and `NAME=VALUE` pairs. */
  kind: 'unix' | 'mml';
  /** Dash of the long options: commands of two generations differ. */
  dash?: '-' | '--';
  /** One line. */
  about: string;
  options: Readonly<Record<string, OptionSpec>>;
  forms: readonly Form[];
  description: string;
  examples: readonly { about: string; line: string }[];
  /** Parts of it that are no text of the vendor, for the documentation. */
  ours: string;
}
