// The wire log: each CWMP envelope as a file, numbered in the order in which they were sent. Serves `--wire` of the ACS and of the gateway.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from './config.ts';
import { messageOf } from './errors.ts';
import type { Log } from './log.ts';

interface WireLog {
  tap(from: 'cpe' | 'acs', xml: string): void;
  /** Resolves when every envelope so far is written. */
  done(): Promise<void>;
}

/** Characters that may wait for the disk. Envelopes beyond it are left out, with one line in the log. */
const MAX_WAITING = 64 * 1024 * 1024;

/**
 * Opens a wire log in a directory, made with mode 0700. A file that cannot be written costs one log line and nothing else.
 * @throws UsageError when the directory cannot be made
 */
export async function openWireLog(directory: string, log: Log): Promise<WireLog> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new UsageError(`--wire: ${messageOf(error)}`);
  }
  let number = 0;
  let waiting = 0;
  let failing = false;
  let writing: Promise<void> = Promise.resolve();

  const fail = (reason: string): void => {
    if (!failing) log.error('envelope not written', { directory, reason });
    failing = true;
  };
  const write = async (name: string, xml: string): Promise<void> => {
    try {
      // Envelopes hold passwords.
      await writeFile(join(directory, name), xml, { mode: 0o600 });
      failing = false;
    } catch (error) {
      fail(messageOf(error));
    } finally {
      waiting -= xml.length;
    }
  };

  return {
    tap: (from, xml) => {
      const name = `${String(++number).padStart(4, '0')}-${from}.xml`;
      if (waiting + xml.length > MAX_WAITING) {
        fail('the disk does not keep up');
        return;
      }
      waiting += xml.length;
      writing = writing.then(() => write(name, xml));
    },
    done: () => writing,
  };
}
