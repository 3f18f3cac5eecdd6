// The files of the action Log to File: lines are added to the newest one until it is full, and the oldest gives way.

interface LogFile {
  readonly name: string;
  lines: string[];
  bytes: number;
}

export interface FileLimits {
  baseName: string;
  /** Of one file, in bytes. */
  maxSize: number;
  maxFiles: number;
}

export class LogFiles {
  #files: readonly LogFile[] = [];
  #next = 1;

  add(line: string, { baseName, maxSize, maxFiles }: FileLimits): void {
    const bytes = Buffer.byteLength(line) + 1;
    let newest = this.#files[0];
    if (!newest || newest.bytes + bytes > maxSize) {
      newest = { name: `${baseName}${this.#next++}.log`, lines: [], bytes: 0 };
      this.#files = [newest, ...this.#files].slice(0, maxFiles);
    }
    newest.lines.push(line);
    newest.bytes += bytes;
  }

  /** Newest first. */
  list(): readonly { name: string; text: string }[] {
    return this.#files.map(({ name, lines }) => ({ name, text: `${lines.join('\n')}\n` }));
  }
}

/** The vendor's guide leaves the action out on small units. */
export const hasLogFiles = (productClass: string): boolean => !/^(4102S|C7)/.test(productClass);
