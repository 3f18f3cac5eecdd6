// The exchange as a process that is killed and started again on the same data, and the ways in which operators reach it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ShellLink } from '../../../pbx/mdsh/client/link.ts';
import { systemClock } from '../../../shared/clock.ts';
import { type Program, program } from '../../support/processes/process.ts';
import { prints } from './commands.ts';
import type { Outcome } from './oracle.ts';

export class ExchangeProcess {
  readonly #main: string;
  readonly data: string;
  readonly #link: ShellLink;
  readonly #env: Record<string, string>;
  #running: Program | undefined;

  constructor(main: string, data: string, env: Record<string, string> = {}) {
    this.#main = main;
    this.data = data;
    this.#env = env;
    this.#link = new ShellLink(join(data, 'control.sock'), systemClock());
  }

  async start(): Promise<void> {
    const args = ['serve', '--tls-port', '0', '--license', 'VOIP-SECURITY', '--data', this.data];
    this.#running = program(this.#main, args, this.#env);
    await this.#running.ready();
  }

  /** SIGKILL: sent before this returns; resolves when the process is gone. */
  async kill(): Promise<void> {
    await this.#running?.stop('SIGKILL');
    this.#running = undefined;
  }

  /** Messages of errors in its log. */
  errors(): string[] {
    return this.#running?.lines.flatMap(({ level, msg }) => (level === 'error' ? [String(msg)] : [])) ?? [];
  }

  /** A line over the control socket. Rejects where no answer comes. */
  async run(line: string): Promise<Outcome> {
    let text = '';
    const { exit } = await this.#link.run({ line }, part => {
      text += part;
    });
    return { exit, text };
  }

  async state(): Promise<string> {
    const texts: string[] = [];
    for (const line of prints) texts.push((await this.run(line)).text);
    return texts.join('\n');
  }

  /** A shell that is fed by a pipe. */
  pipe(): PipedShell {
    return new PipedShell(this.#main, this.data);
  }
}

/** `pbx mdsh < lines`, with lines that are all carried out. */
class PipedShell {
  readonly #child: ChildProcess;
  #out = '';

  constructor(main: string, data: string) {
    const loader = main.endsWith('.ts') ? ['--import', 'tsx'] : [];
    this.#child = spawn(process.execPath, [...loader, main, 'mdsh', '--data', data], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.#child.stdin?.on('error', () => this.#child.kill('SIGKILL'));
    this.#child.stdout?.on('data', chunk => {
      this.#out += String(chunk);
    });
  }

  write(lines: readonly string[]): void {
    this.#child.stdin?.write(lines.map(line => `${line}\n`).join(''));
  }

  /** Number of lines that were acknowledged. */
  get acknowledged(): number {
    return this.#out.match(/^EXECUTED$/gm)?.length ?? 0;
  }

  /** Resolves when it has ended, as it does when its exchange is gone. */
  async ended(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'close');
  }
}
