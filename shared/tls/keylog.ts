// The keys of TLS connections in a file of NSS key log lines, which Wireshark and tshark take as `tls.keylog_file`. Serves `--keylog` of the
// ACS, of the gateway and of the PBX.
import { closeSync, fchmodSync, openSync, writeSync } from 'node:fs';
import { UsageError } from '../config.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';

/** Receives each line as a handshake makes it, line end included. */
export type KeyLogger = (line: Buffer) => void;

export interface KeyLog {
  readonly write: KeyLogger;
  close(): void;
}

/**
 * Opens a key log to append to, mode 0600. Each line is on its way to the disk before the connection goes on, so that a capture can be read
 * while it is made. A line that cannot be written costs one log line and nothing else.
 * @throws UsageError when the file cannot be opened
 */
export function openKeyLog(file: string, log: Log): KeyLog {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'a', 0o600);
    fchmodSync(descriptor, 0o600);
  } catch (error) {
    throw new UsageError(`--keylog: ${messageOf(error)}`);
  }
  log.warn('TLS key log opened', { file, note: 'whoever reads it can read every TLS connection of this program' });
  let failing = false;
  return {
    write: line => {
      if (descriptor === undefined) return;
      try {
        writeSync(descriptor, line);
        failing = false;
      } catch (error) {
        if (!failing) log.error('TLS keys not written', { file, reason: messageOf(error) });
        failing = true;
      }
    },
    close: () => {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
}
