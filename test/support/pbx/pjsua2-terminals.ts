// pjsua2 as terminals of the exchange (test/peers/pjsua2/registrations.py): one process, an account for each number.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { eventually } from '../eventually.ts';
import { pjsua2Python } from '../servers/pjsua2.ts';
import { exchangeDomain, type LogonReport, type TerminalMaker } from './terminals.ts';

const script = fileURLToPath(new URL('../../peers/pjsua2/registrations.py', import.meta.url));

interface Line {
  ready?: boolean;
  number?: string;
  status?: number;
  reason?: string;
  removed?: boolean;
  challenges?: number;
  problem?: string;
  request?: string;
  event?: string;
}

/** The program whose telephones name themselves after products. */
export class Pjsua2Program {
  readonly #child: ChildProcess;
  readonly #lines: Line[] = [];

  private constructor(child: ChildProcess) {
    this.#child = child;
    if (!child.stdout) throw new Error('pjsua2 has no output');
    createInterface({ input: child.stdout }).on('line', line => {
      // The library writes to the same place before it can be told not to.
      if (line.startsWith('{')) this.#lines.push(JSON.parse(line) as Line);
    });
  }

  static async start(): Promise<Pjsua2Program> {
    const program = new Pjsua2Program(spawn(pjsua2Python, [script], { stdio: ['pipe', 'pipe', 'ignore'] }));
    await program.#next('pjsua2 starts', line => line.ready === true);
    return program;
  }

  /** Terminals of one product. */
  maker(product: string): TerminalMaker {
    return {
      product,
      logOn: async ({ number, pin = '-', protocol, port }) => {
        this.#write('register', number, pin, exchangeDomain, `127.0.0.1:${port}`, protocol, product);
        return await this.#outcome(number);
      },
      logOff: async number => {
        this.#write('remove', number);
        await this.#next(`pjsua2 removes ${number}`, line => line.number === number && line.removed === true);
      },
      stop: async () => undefined,
    };
  }

  /** Registers a number again, over the transport that it has. */
  async refresh(number: string): Promise<LogonReport> {
    this.#write('refresh', number);
    return await this.#outcome(number);
  }

  /** The next request that arrives for the number. */
  async request(number: string): Promise<{ method: string; event: string }> {
    const line = await this.#next(`a request for ${number}`, one => one.number === number && one.request !== undefined);
    return { method: line.request ?? '', event: line.event ?? '' };
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.stdin?.end('quit\n');
    await exit;
  }

  async #outcome(number: string): Promise<LogonReport> {
    const fits = (line: Line): boolean =>
      line.number === number && (line.status !== undefined || line.problem !== undefined);
    const { status, challenges = 0, problem } = await this.#next(`pjsua2 ${number} is answered`, fits);
    if (problem !== undefined || status === undefined) throw new Error(`pjsua2: ${problem}`);
    return { isRegistered: status === 200, status, wasChallenged: challenges > 0 };
  }

  #write(...words: string[]): void {
    this.#child.stdin?.write(`${words.join(' ')}\n`);
  }

  async #next(what: string, fits: (line: Line) => boolean): Promise<Line> {
    return await eventually(
      what,
      () => {
        const at = this.#lines.findIndex(fits);
        return at < 0 ? undefined : this.#lines.splice(at, 1)[0];
      },
      15_000,
      10,
    );
  }
}
