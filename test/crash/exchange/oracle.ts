// The state that an exchange must have after commands: the same commands on data in memory alone, which no kill reaches.
import type { Change } from '../../../pbx/exchange/data.ts';
import { Exchange } from '../../../pbx/exchange/exchange.ts';
import { Shell } from '../../../pbx/mdsh/shell.ts';
import { VOIP_SECURITY } from '../../../pbx/policy/licenses.ts';
import { systemClock } from '../../../shared/clock.ts';
import { silentLog } from '../../../shared/log.ts';
import { prints } from './commands.ts';

const clock = systemClock();

export interface Outcome {
  exit: number;
  text: string;
}

export class Oracle {
  readonly #exchange: Exchange;
  readonly #shell: Shell;
  readonly #backups: string;

  /** @param backups folder of its own */
  constructor(
    backups: string,
    state: readonly Change[] = [{ table: 'licenses', key: VOIP_SECURITY, row: { tag: VOIP_SECURITY } }],
  ) {
    this.#backups = backups;
    this.#exchange = Exchange.inMemory(state);
    this.#shell = new Shell({ exchange: this.#exchange, sources: () => [], backups, clock, log: silentLog });
  }

  async run(line: string): Promise<Outcome> {
    let text = '';
    const { exit } = await this.#shell.run({ line }, lines => {
      text += lines.map(one => `${one}\n`).join('');
    });
    return { exit, text };
  }

  async state(): Promise<string> {
    const texts: string[] = [];
    for (const line of prints) texts.push((await this.run(line)).text);
    return texts.join('\n');
  }

  /** The state with further commands; the backups are shared. */
  async after(lines: readonly string[]): Promise<Oracle> {
    const copy = new Oracle(this.#backups, this.#exchange.snapshot());
    for (const line of lines) await copy.run(line);
    return copy;
  }
}
