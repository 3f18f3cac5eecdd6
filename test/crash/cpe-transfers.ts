// The transfers of a device of a crash run: ordered by an RPC, made at once or after the session, reported until that is answered.
import { createHash } from 'node:crypto';
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import type { CpeState } from './cpe-state.ts';

export type TransferMethod = 'Download' | 'Upload' | 'ScheduleDownload';

interface Transfer {
  method: TransferMethod;
  key: string;
  url: string;
  file: string;
  isImage: boolean;
}

/** A transfer that has ended and is not reported yet. */
export interface EndedTransfer {
  method: TransferMethod;
  key: string;
  code: number;
}

const NEVER = '0001-01-01T00:00:00Z';
/** Attempts to reach the file server: it comes back within seconds. */
const FETCHES = 400;

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));
const shaOf = (bytes: string): string => createHash('sha256').update(bytes).digest('hex');

export class CpeTransfers {
  readonly #state: CpeState;
  readonly #files: FileMover;
  #ordered: Transfer[] = [];
  #ended: EndedTransfer[] = [];

  constructor(state: CpeState) {
    this.#state = state;
    this.#files = new FileMover(state);
  }

  /** Those that have ended and are not reported yet. */
  get ended(): readonly EndedTransfer[] {
    return this.#ended;
  }

  reported(transfer: EndedTransfer): void {
    this.#ended = this.#ended.filter(other => other !== transfer);
  }

  forget(): void {
    this.#ordered = [];
    this.#ended = [];
  }

  /** Some transfers are done before the answer (Status 0), the others after the session. */
  async order(method: TransferMethod, args: Record<string, unknown>): Promise<object> {
    const { manner, random } = this.#state.settings;
    const url = String(args.URL);
    const transfer = {
      method,
      key: String(args.CommandKey),
      url,
      file: decodeURIComponent(url.split('/').at(-1) ?? ''),
      isImage: manner !== undefined && args.FileType === '1 Firmware Upgrade Image',
    };
    if (transfer.isImage && manner === 'refuse') throw new CwmpFault(9010, 'no room for it');
    const atOnce =
      !transfer.isImage && method !== 'ScheduleDownload' && !transfer.file.startsWith('site') && random.int(1, 4) === 1;
    if (!atOnce) {
      this.#ordered.push(transfer);
      return method === 'ScheduleDownload' ? {} : { Status: 1, StartTime: NEVER, CompleteTime: NEVER };
    }
    const status = await this.#files.move(transfer);
    if (status >= 300) throw new CwmpFault(9010, `the file server said ${status}`);
    return { Status: 0, StartTime: NEVER, CompleteTime: NEVER };
  }

  /** Makes all that were ordered, whether or not the ACS has heard the answer. */
  async carryOut(): Promise<void> {
    for (const transfer of this.#ordered.splice(0)) await this.#finish(transfer);
  }

  async #finish(transfer: Transfer): Promise<void> {
    for (let attempt = 0; attempt < FETCHES; attempt++) {
      const status = await this.#files.move(transfer);
      if (status > 0 && status < 500) {
        const { method, key } = transfer;
        this.#ended.push({ method, key, code: status < 300 ? 0 : 9010 });
        return;
      }
      await pause(50);
    }
    throw new Error(`${transfer.url}: no answer from the file server`);
  }
}

/** Moves the files of transfers, and writes images. */
class FileMover {
  readonly #state: CpeState;

  constructor(state: CpeState) {
    this.#state = state;
  }

  /** @returns the HTTP status; 0 without an answer */
  async move(transfer: Transfer): Promise<number> {
    try {
      return transfer.method === 'Upload' ? await this.#upload(transfer) : await this.#download(transfer);
    } catch {
      // The server is down: TR-069 A.3.2.8 lets the device try again before it reports the transfer.
      return 0;
    }
  }

  async #download({ url, isImage, key }: Transfer): Promise<number> {
    const answer = await fetch(url);
    const text = await answer.text();
    if (isImage && answer.status === 200) this.#flash(key, text);
    return answer.status;
  }

  async #upload({ url, file, key }: Transfer): Promise<number> {
    const { id, journal } = this.#state;
    const body = `configuration of ${id} for ${key}`;
    journal.add({ kind: 'uploading', device: id, file, value: shaOf(body) });
    const answer = await fetch(url, { method: 'PUT', body });
    await answer.arrayBuffer();
    if (answer.status < 300) journal.add({ kind: 'uploaded', device: id, file });
    return answer.status;
  }

  /** An image is the text of its version. */
  #flash(key: string, image: string): void {
    const state = this.#state;
    if (state.settings.manner === 'good') state.version = image;
    state.journal.add({ kind: 'flashed', device: state.id, key, image, version: state.version });
    state.addEvents('1 BOOT');
  }
}
