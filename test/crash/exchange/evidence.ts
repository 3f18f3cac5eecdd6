// The evidence of a run with kills: what was acknowledged, and whether the exchange has it after each start.
import type { ExchangeProcess } from './exchange-process.ts';
import { Oracle } from './oracle.ts';

export interface KillReport {
  findings: string[];
  /** Commands by what became of them. */
  executed: number;
  refused: number;
  unknown: number;
}

export class Evidence {
  readonly report: KillReport = { findings: [], executed: 0, refused: 0, unknown: 0 };
  readonly #exchange: ExchangeProcess;
  #oracle: Oracle;

  /** @param backups folder for those of the oracle */
  constructor(exchange: ExchangeProcess, backups: string) {
    this.#exchange = exchange;
    this.#oracle = new Oracle(backups);
  }

  /** The oracle follows. It must come to the same answer. */
  async acknowledged(line: string, exit = 0): Promise<void> {
    const expected = await this.#oracle.run(line);
    if (expected.exit !== exit)
      this.report.findings.push(`${line}: exit ${exit}, expected ${expected.exit}: ${expected.text}`);
    if (exit === 0) this.report.executed += 1;
    else this.report.refused += 1;
  }

  /** The exchange has what was acknowledged, and each of the commands that were under way whole or not at all. */
  async judge(what: string, under: readonly string[]): Promise<void> {
    this.report.unknown += under.length;
    const found = await this.#exchange.state();
    const expected: string[] = [];
    for (const lines of subsets(under.filter(line => line !== 'data_backup'))) {
      const candidate = await this.#oracle.after(lines);
      const state = await candidate.state();
      if (state === found) {
        this.#oracle = candidate;
        if (under.includes('data_backup')) await this.#backUpBoth();
        return;
      }
      expected.push(state);
    }
    const told = `${what}, under way ${JSON.stringify(under)}: ${difference(found, expected[0] ?? '')}`;
    throw new Error([...this.report.findings, told].join('\n'));
  }

  /** A backup that was under way may be there or not; the next restore takes a later one. */
  async #backUpBoth(): Promise<void> {
    const { exit } = await this.#exchange.run('data_backup');
    await this.acknowledged('data_backup', exit);
  }
}

function subsets(lines: readonly string[]): string[][] {
  const [first, ...rest] = lines;
  if (first === undefined) return [[]];
  return subsets(rest).flatMap(one => [one, [first, ...one]]);
}

/** The lines that one text has and the other has not. */
function difference(found: string, expected: string): string {
  const [one, other] = [found, expected].map(text => new Set(text.split('\n'))) as [Set<string>, Set<string>];
  const lost = [...other].filter(line => !one.has(line)).map(line => `- ${line}`);
  const added = [...one].filter(line => !other.has(line)).map(line => `+ ${line}`);
  return [...lost, ...added].slice(0, 20).join('\n');
}
