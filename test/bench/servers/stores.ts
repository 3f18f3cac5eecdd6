// Stores that are filled once, and copied for each server that starts on one.
import { constants } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openData } from '../../../acs/server/data-directory.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { fillStore, type Modelled, storeModels } from './fill.ts';

/** The content of a store when its server starts. */
export interface Stored {
  devices: number;
  modelled?: Modelled;
}

export interface DataDirectory {
  directory: string;
  serverKey: Buffer;
}

export class FilledStores {
  readonly #folder: string;
  /** By their number of devices. */
  readonly #filled = new Map<number, string>();
  #sequence = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** A data directory with a filled store. */
  async copy({ devices, modelled }: Stored): Promise<DataDirectory> {
    const data = await this.empty();
    const file = join(data.directory, 'tandem.db');
    await copyFile(await this.#filledWith(devices, data.serverKey), file, constants.COPYFILE_FICLONE);
    if (modelled) await storeModels(file, modelled);
    return data;
  }

  /** A data directory without a store, for a server whose store is elsewhere. */
  async empty(): Promise<DataDirectory> {
    const directory = join(this.#folder, `acs${++this.#sequence}`);
    await mkdir(directory);
    // One key for all, so that one filled store fits every data directory.
    const { serverKey } = await openData(join(this.#folder, 'key'), systemClock(), systemRandom());
    await copyFile(join(this.#folder, 'key', 'server-key'), join(directory, 'server-key'));
    return { directory, serverKey };
  }

  async #filledWith(devices: number, serverKey: Buffer): Promise<string> {
    const known = this.#filled.get(devices);
    if (known) return known;
    const file = join(this.#folder, `filled${devices}.db`);
    await fillStore({ file, devices, serverKey });
    this.#filled.set(devices, file);
    return file;
  }
}
