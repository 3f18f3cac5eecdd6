// tshark listens to the loopback interface, and tells what it makes of the packets.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from './peers.ts';

const MOST_OUTPUT = 64 * 1024 * 1024;
/** Packets come to it in blocks: the last ones this much later than they were on the wire, at most. */
const LAST_PACKETS_MS = 300;

export interface Capture {
  /** Ends the recording. */
  stop(): Promise<void>;
  /** Reads what was recorded. @param options of tshark, as `-Y` and `-T` */
  read(...options: string[]): Promise<string>;
}

/** Records into a file, until it is stopped; needs the rights to do so. */
export async function capture(file: string, filter: string): Promise<Capture> {
  const child = spawn('tshark', ['-i', 'lo', '-w', file, '-f', filter, '-q'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit');
  // It says so when it has begun; what it records before that is lost.
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', chunk => {
      said += String(chunk);
      if (/Capture started/.test(said)) resolve();
    });
    child.once('exit', () => reject(new Error(`tshark ended: ${said}`)));
  });
  return {
    async stop() {
      // A second time, it has ended already.
      if (child.exitCode === null) await sleep(LAST_PACKETS_MS);
      child.kill('SIGINT');
      await ended;
    },
    read: async (...options) => (await run('tshark', ['-r', file, ...options], { maxBuffer: MOST_OUTPUT })).stdout,
  };
}
