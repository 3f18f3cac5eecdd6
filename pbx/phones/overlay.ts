// The operator's own files for telephones: those of one folder, by their names alone, bounded, and without secrets.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { ThrottledLog } from '../../shared/throttled-log.ts';
import { isSecret } from './files.ts';

export interface OwnFile {
  text: string;
  /** Milliseconds since the epoch. */
  modified: number;
}

const MAX_BYTES = 1024 * 1024;
/** A plain name: no folder, nothing hidden. */
const name = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const kinds = ['.cfg', '.txt', '.pem'];

export const isPhoneFileName = (file: string): boolean =>
  name.test(file) && kinds.some(kind => file.toLowerCase().endsWith(kind));

/** The operator's folder; undefined: there is none. Lines of the log are written once a minute for each file. */
export class OwnFiles {
  readonly #folder: string | undefined;
  readonly #log: Log;
  readonly #throttled: ThrottledLog;

  constructor(folder: string | undefined, log: Log, throttled: ThrottledLog) {
    this.#folder = folder;
    this.#log = log;
    this.#throttled = throttled;
  }

  /** Undefined where the folder has no such file, or one that is not served. A link is not followed. */
  async read(file: string): Promise<OwnFile | undefined> {
    if (this.#folder === undefined || !isPhoneFileName(file)) return undefined;
    try {
      return await this.#readIn(this.#folder, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      const reason = messageOf(error);
      this.#throttled.write(more => this.#log.warn('phone file not served', { file, reason, ...more }), file);
      return undefined;
    }
  }

  async #readIn(folder: string, file: string): Promise<OwnFile> {
    const handle = await open(join(folder, file), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const about = await handle.stat();
      if (!about.isFile() || about.size > MAX_BYTES) throw new Error('it is no file, or longer than 1 MB');
      return { text: this.#withoutSecrets(await handle.readFile('utf8'), file), modified: Math.trunc(about.mtimeMs) };
    } finally {
      await handle.close();
    }
  }

  #withoutSecrets(text: string, file: string): string {
    if (text.includes('PRIVATE KEY-----')) throw new Error('it holds a private key');
    if (file.endsWith('.pem')) return text;
    const all = text.split('\n');
    const kept = all.filter(line => !isSecret(/^[^=:]*/.exec(line)?.[0] ?? ''));
    const lines = all.length - kept.length;
    if (lines > 0)
      this.#throttled.write(
        more => this.#log.warn('phone settings with secrets left out', { file, lines, ...more }),
        `${file} secrets`,
      );
    return kept.join('\n');
  }
}
