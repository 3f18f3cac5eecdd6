// The shell of the exchange for tests: data in memory, terminals as given, lines in, text out.

import type { Change } from '../../../pbx/exchange/data.ts';
import { Exchange } from '../../../pbx/exchange/exchange.ts';
import type { RegisteredTerminal, TerminalSource } from '../../../pbx/exchange/terminals.ts';
import type { ShellContext } from '../../../pbx/mdsh/command.ts';
import { type LineRequest, Shell } from '../../../pbx/mdsh/shell.ts';
import { VirtualClock } from '../../../shared/clock.ts';
import { silentLog as log } from '../../../shared/log.ts';

export const securityLicense: Change = { table: 'licenses', key: 'VOIP-SECURITY', row: { tag: 'VOIP-SECURITY' } };

export interface TestShell {
  exchange: Exchange;
  shell: Shell;
  /** Exit code, question and lines of one command. */
  run(line: string, more?: Partial<LineRequest>): Promise<{ exit: number; question?: string; lines: string[] }>;
  /** Runs commands that must be executed. */
  all(...lines: string[]): Promise<void>;
}

export function testShell(options: Partial<ShellContext> & { changes?: readonly Change[] } = {}): TestShell {
  const exchange = options.exchange ?? Exchange.inMemory([securityLicense, ...(options.changes ?? [])]);
  const context = { sources: () => [], backups: undefined, clock: new VirtualClock(), log, ...options, exchange };
  const shell = new Shell(context);
  const run: TestShell['run'] = async (line, more = {}) => {
    const lines: string[] = [];
    const answer = await shell.run({ line, ...more }, part => void lines.push(...part));
    return { ...answer, lines };
  };
  const all: TestShell['all'] = async (...commands) => {
    for (const line of commands) {
      const { exit, lines } = await run(line);
      if (exit !== 0) throw new Error(`${line}: ${lines.join(' / ')}`);
    }
  };
  return { exchange, shell, run, all };
}

/** A source with these terminals; it notes the numbers that were unregistered. */
export function terminalSource(terminals: readonly RegisteredTerminal[]): TerminalSource & { ended: string[] } {
  const ended: string[] = [];
  return {
    ended,
    terminals: dir => terminals.filter(one => (dir ?? one.dir) === one.dir),
    unregister: async dir => ended.push(dir),
  };
}

export const terminal = (dir: string, more: Partial<RegisteredTerminal> = {}): RegisteredTerminal => ({
  dir,
  kind: 'SIP',
  protocol: 'tls',
  port: 5061,
  remote: { host: '10.1.93.142', port: 40_000 },
  contact: `sip:${dir}@10.1.93.142`,
  product: 'Mitel 6865i/5.0.0.2036',
  isSecure: true,
  row: 'Table 1 row 2',
  since: 0,
  expires: 0,
  ...more,
});
