// pycrate as the other codec of H.225.0: a script of test/peers/h323 run by the interpreter that has the library.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { run } from './peers.ts';
import { pjsua2Python } from './pjsua2.ts';

const script = fileURLToPath(new URL('../../peers/h323/codec.py', import.meta.url));

export type AsnType = 'RasMessage' | 'H323-UserInformation';

interface Coded {
  /** Aligned packed encoding. */
  hex: string;
  value: unknown;
}

/** True when the peers' interpreter has the library. */
export async function hasPycrate(): Promise<boolean> {
  return run(pjsua2Python, ['-c', 'import pycrate_asn1rt']).then(
    () => true,
    () => false,
  );
}

export class Pycrate {
  readonly #child: ChildProcessByStdio<Writable, Readable, null> = spawn(pjsua2Python, [script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  readonly #lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();

  /** A random message of that name with its encoding. */
  make(type: AsnType, message: string, seed: number): Promise<Coded> {
    return this.#ask({ type, message, seed });
  }

  /** Decodes a message and encodes it again. */
  decode(type: AsnType, bytes: Buffer): Promise<Coded> {
    return this.#ask({ type, hex: bytes.toString('hex') });
  }

  close(): void {
    this.#child.stdin.end();
  }

  async #ask(request: object): Promise<Coded> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('pycrate ended');
    const answer = JSON.parse(value) as Coded & { problem?: string };
    if (answer.problem !== undefined) throw new Error(`pycrate: ${answer.problem}`);
    return answer;
  }
}
