// --wire: every envelope of the CWMP listeners as a file, in the order in which they went.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../shared/config.ts';
import { messageOf } from '../shared/errors.ts';
import type { Log } from '../shared/log.ts';

export interface WireFiles {
  tap(from: 'cpe' | 'acs', xml: string): void;
  /** Resolves when all that was tapped is written. */
  done(): Promise<void>;
}

/** Characters that may wait to be written; beyond that envelopes are left out, with one line in the log. */
const MAX_WAITING = 64 * 1024 * 1024;

/** @throws UsageError when the directory cannot be made */
export async function openWire(directory: string, log: Log): Promise<WireFiles> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new UsageError(`--wire: ${messageOf(error)}`);
  }
  let number = 0;
  let waiting = 0;
  let failing = false;
  let writing: Promise<void> = Promise.resolve();

  const write = async (name: string, xml: string): Promise<void> => {
    try {
      // Envelopes hold passwords.
      await writeFile(join(directory, name), xml, { mode: 0o600 });
      failing = false;
    } catch (error) {
      if (!failing) log.error('envelope not written', { directory, reason: messageOf(error) });
      failing = true;
    } finally {
      waiting -= xml.length;
    }
  };

  return {
    tap: (from, xml) => {
      const name = `${String(++number).padStart(4, '0')}-${from}.xml`;
      if (waiting + xml.length > MAX_WAITING) {
        if (!failing) log.error('envelope not written', { directory, reason: 'the disk does not keep up' });
        failing = true;
        return;
      }
      waiting += xml.length;
      writing = writing.then(() => write(name, xml));
    },
    done: () => writing,
  };
}
