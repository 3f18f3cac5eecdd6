// A telephone of pjsua2 that stays at its server and is told what to do (test/peers/pjsua2/phone.py).
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { eventually } from '../eventually.ts';
import { pjsua2Python } from './pjsua2.ts';

const script = fileURLToPath(new URL('../../peers/pjsua2/phone.py', import.meta.url));

/** One call of the telephone, in the order in which they came about. */
export interface PhoneCall {
  state: 'starting' | 'up' | 'ended';
  media: 'none' | 'active' | 'held by us' | 'held by peer';
  /** The last status of SIP, and that which a transfer came to. */
  status: number;
  transfer: number;
  /** RTP packets. */
  sent: number;
  received: number;
  /** The stream runs by a profile of SRTP. */
  secured: boolean;
}

interface Line {
  registered?: number;
  answer?: string;
  problem?: string;
  calls?: PhoneCall[];
}

export class PjsuaPhone {
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

  /** Starts one and waits until it is registered. @param server host:port of the proxy */
  static async start(
    user: string,
    password: string,
    domain: string,
    server: string,
    srtp: 'mandatory' | 'optional' | 'none' = 'mandatory',
  ): Promise<PjsuaPhone> {
    const words = [script, user, password, domain, server, srtp];
    const child = spawn(pjsua2Python, words, { stdio: ['pipe', 'pipe', 'ignore'] });
    const phone = new PjsuaPhone(child);
    await phone.#next('the registration of pjsua2', line => line.registered === 200);
    return phone;
  }

  /** Gives a command: `call URI`, `hold N`, `resume N`, `transfer N URI`, `attend N M`, `hangup N`, `calls`. */
  async command(...words: (string | number)[]): Promise<PhoneCall[]> {
    this.#child.stdin?.write(`${words.join(' ')}\n`);
    const { calls = [], problem } = await this.#next(`pjsua2 ${words[0]}`, line => line.answer === words[0]);
    if (problem !== undefined) throw new Error(`pjsua2: ${problem}`);
    return calls;
  }

  /** Waits until one of its calls fits. */
  async until(at: number, fits: (call: PhoneCall) => boolean, what: string): Promise<PhoneCall> {
    return eventually(
      what,
      async () => {
        const call = (await this.command('calls'))[at];
        return call && fits(call) ? call : undefined;
      },
      15_000,
      100,
    );
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.stdin?.end('quit\n');
    await exit;
  }

  #next(what: string, fits: (line: Line) => boolean): Promise<Line> {
    return eventually(
      what,
      async () => {
        const at = this.#lines.findIndex(fits);
        return at < 0 ? undefined : this.#lines.splice(at, 1)[0];
      },
      15_000,
      10,
    );
  }
}
