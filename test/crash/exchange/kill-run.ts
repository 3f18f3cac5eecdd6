// Operators give commands to an exchange that is killed at seeded moments. After each start its state is that of the acknowledged
// commands, and of each one that was under way: whole or not at all.
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Random, seededRandom } from '../../../shared/clock.ts';
import { eventually } from '../../support/eventually.ts';
import {
  administrator,
  codeOperator,
  commonCodeOperator,
  lonelyAdministrator,
  longCommand,
  type Operator,
} from './commands.ts';
import { Evidence, type KillReport } from './evidence.ts';
import { ExchangeProcess } from './exchange-process.ts';

interface KillSettings {
  main: string;
  seed: number;
  kills: number;
  /** Commands of the administrator, on the average, between two kills. */
  commands: number;
}

/** Milliseconds from a command to the kill. */
const DELAYS = [0, 0, 0, 1, 1, 2, 3, 5];
/** Lines that wait in a pipe: more than are carried out before the kill. */
const PIPED = 500;

export async function killRun(settings: KillSettings): Promise<KillReport> {
  const folder = await mkdtemp(join(tmpdir(), 'exchange-killed-'));
  const run = new KillRun(settings, folder);
  try {
    return await run.run();
  } finally {
    await run.stop();
    await rm(folder, { recursive: true });
  }
}

class KillRun {
  readonly #settings: KillSettings;
  readonly #random: Random;
  readonly #exchange: ExchangeProcess;
  readonly #evidence: Evidence;
  readonly #folder: string;

  constructor(settings: KillSettings, folder: string) {
    this.#settings = settings;
    this.#folder = folder;
    this.#random = seededRandom(settings.seed);
    this.#exchange = new ExchangeProcess(settings.main, join(folder, 'data'));
    this.#evidence = new Evidence(this.#exchange, join(folder, 'oracle'));
  }

  async run(): Promise<KillReport> {
    const { report } = this.#evidence;
    await mkdir(this.#exchange.data, { mode: 0o700 });
    await this.#exchange.start();
    for (let life = 1; life <= this.#settings.kills; life++) {
      const under = this.#random.int(0, 2) === 0 ? await this.#together() : await this.#alone();
      await this.#exchange.start();
      await this.#evidence.judge(`kill ${life} of seed ${this.#settings.seed}`, under);
    }
    const left = (await readdir(join(this.#folder, 'data', 'backups'))).filter(name => name.endsWith('.new'));
    if (left.length > 1) report.findings.push(`unfinished backups pile up: ${left.join(', ')}`);
    return report;
  }

  async stop(): Promise<void> {
    await this.#exchange.kill();
  }

  /** One operator, who backs up and restores as well. @returns the commands that were under way */
  async #alone(): Promise<string[]> {
    const killing = { at: this.#random.int(1, 2 * this.#settings.commands), after: this.#delay() };
    return await this.#operate(lonelyAdministrator, killing);
  }

  /** Three operators at once: two over the control socket, one over a pipe. */
  async #together(): Promise<string[]> {
    const piped = Array.from({ length: PIPED }, () => codeOperator(this.#random));
    const shell = this.#exchange.pipe();
    shell.write(piped);
    await eventually('the piped shell is heard', () => shell.acknowledged > 0);
    const other = seededRandom(this.#random.int(1, 1 << 30));
    const killing = { at: this.#random.int(1, this.#settings.commands), after: this.#delay() };
    const lost = await Promise.all([
      this.#operate(administrator, killing),
      this.#operate(commonCodeOperator, { at: Number.POSITIVE_INFINITY, after: 0 }, other),
    ]);
    await shell.ended();
    const done = shell.acknowledged;
    for (const line of piped.slice(0, done)) await this.#evidence.acknowledged(line);
    return [...lost.flat(), ...piped.slice(done, done + 1)];
  }

  /** Gives commands until one is not answered; the exchange is killed some time after the one with that number. */
  async #operate(
    operator: Operator,
    killing: { at: number; after: number },
    random: Random = this.#random,
  ): Promise<string[]> {
    for (let number = 1; ; number++) {
      const isLast = number >= killing.at;
      const line = isLast && random.int(0, 1) === 0 ? longCommand(random) : operator(random);
      const kill = isLast ? sleep(killing.after).then(() => this.#exchange.kill()) : undefined;
      const answer = await this.#exchange.run(line).catch(() => undefined);
      await kill;
      if (!answer) return [line];
      await this.#evidence.acknowledged(line, answer.exit);
      if (kill) return [];
    }
  }

  #delay(): number {
    return DELAYS[this.#random.int(0, DELAYS.length - 1)] ?? 0;
  }
}
