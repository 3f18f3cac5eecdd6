// Plays a scenario: its commands against an ACS over sockets, its expected lines against what follows from them.
import { ScenarioAcs } from './acs.ts';
import { ScenarioCpe } from './cpe.ts';
import { saysCpe } from './cpe-commands.ts';
import { Names } from './names.ts';
import { callApi, listenAs } from './outside.ts';
import { type Block, optionsOf, parseScript, wordsOf } from './script.ts';

/** @returns the lines that each block of the scenario brought about */
export async function playScenario(script: string): Promise<{ blocks: Block[]; results: string[][] }> {
  const blocks = parseScript(script);
  const scenario = new Scenario();
  const results: string[][] = [];
  try {
    for (const { commands } of blocks) results.push(commands.length > 0 ? await scenario.run(commands) : []);
  } finally {
    await scenario.end();
  }
  return { blocks, results };
}

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function millisecondsOf(text: string): number {
  const [, count = '', unit = ''] = /^(\d+)(ms|s|m|h|d)$/.exec(text) ?? [];
  const factor = units[unit];
  if (factor === undefined) throw new Error(`'${text}' is no duration`);
  return Number(count) * factor;
}

class Scenario {
  readonly #names = new Names();
  #lines: string[] = [];
  readonly #acs = new ScenarioAcs(this.#names);
  readonly #cpes = new Map<string, ScenarioCpe>();
  readonly #closing: (() => void)[] = [];

  async run(commands: readonly string[]): Promise<string[]> {
    for (const command of commands) {
      for (const [, name = ''] of command.matchAll(/\{([A-Z]|cpe)\}/g))
        this.#names.once(`{${name}}`, this.#cpe(name).id);
      await this.#command(this.#names.reveal(command));
      await this.#acs.settle();
    }
    const lines = [...this.#lines.splice(0), ...(await this.#acs.observed())];
    return lines.map(line => this.#names.hide(line));
  }

  async end(): Promise<void> {
    for (const close of this.#closing) close();
    await this.#acs.end();
  }

  async #command(text: string): Promise<void> {
    const [, name = 'cpe', rest = text] = /^([A-Z])> (.*)$/s.exec(text) ?? [];
    const [word = ''] = rest.split(' ', 1);
    const line = rest.slice(word.length + 1);
    if (!(await this.#aroundCpes(word, line))) await saysCpe(this.#cpe(name), word, line);
  }

  #cpe(name: string): ScenarioCpe {
    const known = this.#cpes.get(name);
    if (known) return known;
    const write = (line: string): void => void this.#lines.push(line);
    const cpe = new ScenarioCpe(name, { url: () => this.#acs.url, write, names: this.#names });
    this.#cpes.set(name, cpe);
    this.#closing.push(() => cpe.http.close());
    return cpe;
  }

  /** Commands to the ACS, its operators and its clock. @returns false for a word that is none of them */
  async #aroundCpes(word: string, line: string): Promise<boolean> {
    if (word === 'acs') await this.#acs.start(optionsOf(wordsOf(line)).options);
    else if (word === 'restart') {
      await this.#acs.stop();
      await this.#acs.start();
    } else if (word === 'advance') await this.#acs.advance(millisecondsOf(line));
    else if (word === 'listen') await this.#listen(line);
    else if (/^(GET|PUT|POST|PATCH|DELETE)$/.test(word)) {
      const [path = ''] = line.split(' ', 1);
      this.#lines.push(...(await callApi(this.#acs.api, word, path, line.slice(path.length + 1))));
    } else return false;
    return true;
  }

  async #listen(line: string): Promise<void> {
    const [name = '', status = '204'] = line.split(' ');
    const { url, close } = await listenAs(name, Number(status), heard => this.#lines.push(heard));
    this.#names.fix(`{${name}}`, url);
    this.#closing.push(close);
  }
}
