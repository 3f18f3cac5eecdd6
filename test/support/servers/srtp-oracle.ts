// libsrtp2 as a program that protects and unprotects packets one by one.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { SrtpKeying } from '../../../cpe/voice/media/srtp.ts';
import { type Needs, peersFolder, run } from './peers.ts';

const source = join(peersFolder, 'libsrtp', 'srtp-oracle.c');

export const srtpOracleNeeds: Needs = { programs: ['gcc'], files: ['/usr/include/srtp2/srtp.h', source] };

/** @returns the program, built into the folder */
export async function buildSrtpOracle(folder: string): Promise<string> {
  const program = join(folder, 'srtp-oracle');
  await run('gcc', ['-O2', source, '-o', program, '-lsrtp2']);
  return program;
}

export interface SrtpOracle {
  /** `p` protect, `u` unprotect, `pc` and `uc` the same for RTCP; answers the packet, or libsrtp's error. */
  ask(verb: 'p' | 'u' | 'pc' | 'uc', packet: Buffer): Promise<Buffer | string>;
  close(): Promise<void>;
}

/** @param suite by libsrtp's name; its NULL cipher takes a salt as `NULL30_HMAC_SHA1_80` alone */
export function startSrtpOracle(program: string, suite: string, keying: Pick<SrtpKeying, 'key' | 'salt'>): SrtpOracle {
  const key = Buffer.concat([keying.key, keying.salt]).toString('hex');
  const child: ChildProcessWithoutNullStreams = spawn(program, [suite, key]);
  const waiting: ((line: string) => void)[] = [];
  createInterface({ input: child.stdout }).on('line', line => waiting.shift()?.(line));
  child.stderr.resume();
  return {
    async ask(verb, packet) {
      const line = await new Promise<string>(resolve => {
        waiting.push(resolve);
        child.stdin.write(`${verb} ${packet.toString('hex')}\n`);
      });
      return /^[0-9a-f]*$/.test(line) ? Buffer.from(line, 'hex') : line;
    },
    async close() {
      const exit = once(child, 'exit');
      child.stdin.end();
      await exit;
    },
  };
}
