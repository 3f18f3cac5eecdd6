// pjsua2 as the other telephone: a script of test/peers/pjsua2 run by the interpreter that has the library.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './peers.ts';

export const pjsua2Python = join(process.env.TANDEM_PEERS_PY ?? join(homedir(), '.tandem-peers'), 'bin', 'python');
const script = fileURLToPath(new URL('../../peers/pjsua2/caller.py', import.meta.url));

/** The needs of a suite: the interpreter of the peers' virtual environment. */
export const pjsua2Needs = { files: [pjsua2Python] };

/** True when that interpreter has the library. */
export async function hasPjsua2(): Promise<boolean> {
  if (!existsSync(pjsua2Python)) return false;
  return run(pjsua2Python, ['-c', 'import pjsua2']).then(
    () => true,
    () => false,
  );
}

export interface PjsuaCall {
  /** The call was up. */
  confirmed: boolean;
  /** The last status of SIP; 503 where no connection came about. */
  status: number;
  /** RTP packets. */
  sent: number;
  received: number;
}

/** Calls the address and hangs up after two seconds. @param words options of the script: `--ca FILE`, `--cert FILE --key FILE` */
export async function callWithPjsua2(uri: string, ...words: string[]): Promise<PjsuaCall> {
  const { stdout } = await run(pjsua2Python, [script, uri, ...words], { timeout: 40_000 });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as PjsuaCall;
}
