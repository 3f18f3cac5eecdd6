// The wire log: each CWMP envelope as a file, numbered in the order in which they were sent, and the heads of all HTTP messages in one more
// file. Serves `--wire` of the ACS, of the gateway and of fleets.
import { appendFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from './config.ts';
import { wireText } from './cwmp/redaction.ts';
import { messageOf } from './errors.ts';
import { maskedHeader } from './header-masking.ts';
import type { Log } from './log.ts';
import { withoutUrlSecrets } from './model/secret-names.ts';

interface WireLog {
  tap(from: 'cpe' | 'acs', xml: string): void;
  /** Adds the head of an HTTP message, empty ones and challenges included, to the file of heads. */
  head(from: 'cpe' | 'acs', head: string): void;
  /** Resolves when every envelope so far is written. */
  done(): Promise<void>;
}

interface WireOptions {
  /** Secrets are written as `***`. */
  isMasked?: boolean;
}

interface WireParts {
  directory: string;
  log: Log;
  ready: Promise<void>;
}

/** Characters that may wait for the disk. Envelopes beyond it are left out, with one line in the log. */
const MAX_WAITING = 64 * 1024 * 1024;
/** The file of heads. */
const HEADS = 'heads.txt';
/** Files of an earlier run, which would mix with those of this one. */
const own = /^(\d{4,}-(cpe|acs)\.xml|heads\.txt)$/;

/**
 * Opens a wire log in a directory, made with mode 0700, without the files of an earlier one. A file that cannot be written costs one log
 * line and nothing else.
 * @throws UsageError when the directory cannot be made
 */
export async function openWireLog(directory: string, log: Log, options: WireOptions = {}): Promise<WireLog> {
  try {
    await prepare(directory);
  } catch (error) {
    throw new UsageError(`--wire: ${messageOf(error)}`);
  }
  return new FileWireLog({ directory, log, ready: Promise.resolve(), ...options });
}

/** A wire log whose directory is made at once and not waited for; one that cannot be made costs one log line. */
export function wireLogAt(directory: string, log: Log, options: WireOptions = {}): WireLog {
  return new FileWireLog({ directory, log, ready: prepare(directory), ...options });
}

async function prepare(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  for (const entry of await readdir(directory, { withFileTypes: true }))
    if (entry.isFile() && own.test(entry.name)) await rm(join(directory, entry.name), { force: true });
}

/** The head of a message without logins, answers to challenges, and the values of cookies. */
const maskedHead = (head: string): string => head.split('\n').map(maskedLine).join('\n');

function maskedLine(line: string): string {
  const at = line.indexOf(': ');
  if (at < 0) return withoutUrlSecrets(line);
  const name = line.slice(0, at);
  return `${withoutUrlSecrets(name)}: ${maskedHeader(name, line.slice(at + 2), { isDigestShown: true })}`;
}

class FileWireLog implements WireLog {
  readonly #directory: string;
  readonly #log: Log;
  readonly #isMasked: boolean;
  #number = 0;
  #waiting = 0;
  #failing = false;
  #writing: Promise<void>;

  constructor({ directory, log, ready, isMasked = false }: WireOptions & WireParts) {
    this.#directory = directory;
    this.#log = log;
    this.#isMasked = isMasked;
    this.#writing = ready.catch((error: unknown) => this.#fail(messageOf(error)));
  }

  /** Properties, because they are handed on as functions. */
  readonly tap = (from: 'cpe' | 'acs', xml: string): void => {
    const file = join(this.#directory, `${String(++this.#number).padStart(4, '0')}-${from}.xml`);
    this.#queue(xml, () => writeFile(file, this.#isMasked ? wireText(xml) : xml, { mode: 0o600 }));
  };
  readonly head = (from: 'cpe' | 'acs', head: string): void => {
    const text = `${from}: ${this.#isMasked ? maskedHead(head) : head}\n\n`;
    this.#queue(text, () => appendFile(join(this.#directory, HEADS), text, { mode: 0o600 }));
  };
  readonly done = (): Promise<void> => this.#writing;

  #queue(text: string, write: () => Promise<void>): void {
    if (this.#waiting + text.length > MAX_WAITING) {
      this.#fail('the disk does not keep up');
      return;
    }
    this.#waiting += text.length;
    this.#writing = this.#writing.then(async () => {
      try {
        await write();
        this.#failing = false;
      } catch (error) {
        this.#fail(messageOf(error));
      } finally {
        this.#waiting -= text.length;
      }
    });
  }

  #fail(reason: string): void {
    if (!this.#failing) this.#log.error('envelope not written', { directory: this.#directory, reason });
    this.#failing = true;
  }
}
