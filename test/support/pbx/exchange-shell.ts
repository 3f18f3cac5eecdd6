// The shell of an exchange over a control socket, as `pbx COMMAND` has it.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pbx } from '../../../pbx/app.ts';
import { ShellLink } from '../../../pbx/mdsh/client/link.ts';
import { shellControl } from '../../../pbx/mdsh/control.ts';
import { systemClock } from '../../../shared/clock.ts';
import { serveControl } from '../../../shared/control/server.ts';
import { silentLog } from '../../../shared/log.ts';

const clock = systemClock();

export interface Printed {
  /** 0 executed, 1 not executed, 2 wrong syntax. */
  exit: number;
  text: string;
}

export class ExchangeShell {
  readonly #folder: string;
  readonly #link: ShellLink;
  readonly #closeControl: () => Promise<void>;

  private constructor(folder: string, link: ShellLink, closeControl: () => Promise<void>) {
    this.#folder = folder;
    this.#link = link;
    this.#closeControl = closeControl;
  }

  static async open({ exchange, sources }: Pbx): Promise<ExchangeShell> {
    const folder = await mkdtemp(join(tmpdir(), 'exchange-'));
    const path = join(folder, 'control.sock');
    const context = { exchange, sources: () => sources, backups: join(folder, 'backups'), clock, log: silentLog };
    const closeControl = await serveControl({ path, run: shellControl(context), log: silentLog });
    return new ExchangeShell(folder, new ShellLink(path, clock), closeControl);
  }

  async command(line: string): Promise<Printed> {
    let text = '';
    const { exit } = await this.#link.run({ line }, part => {
      text += part;
    });
    return { exit, text };
  }

  /** Runs lines that are executed, one after the other. */
  async executed(...lines: string[]): Promise<void> {
    for (const line of lines) {
      const { exit, text } = await this.command(line);
      assert.equal(exit, 0, `${line}: ${text}`);
    }
  }

  async close(): Promise<void> {
    await this.#closeControl();
    await rm(this.#folder, { recursive: true });
  }
}
