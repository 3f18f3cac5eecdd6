// The command `pack-firmware`: writes an image in our container.
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { messageOf, UserError } from '../shared/errors.ts';
import { FirmwareError, packFirmware } from '../shared/firmware.ts';

export interface PackOptions {
  product: string;
  version: string;
  out: string;
  payload?: string | undefined;
  /** Bytes of filler where no payload is named. */
  size: number;
}

/** @returns the size of the image in bytes @throws UserError when a file cannot be read or written, or a text does not fit */
export async function writeImage(options: PackOptions): Promise<number> {
  const { product, version } = options;
  try {
    const payload =
      options.payload === undefined ? filler(`${product} ${version}`, options.size) : await readFile(options.payload);
    const image = packFirmware({ product, version, payload });
    await writeFile(options.out, image);
    return image.length;
  } catch (error) {
    if (error instanceof FirmwareError || (error as NodeJS.ErrnoException).code) {
      throw new UserError(400, 'no-image', messageOf(error));
    }
    throw error;
  }
}

/** Bytes that neither compress nor repeat, as firmware does not; the same for the same name. */
function filler(name: string, size: number): Buffer {
  const blocks: Buffer[] = [];
  for (let length = 0, at = 0; length < size; length += 32, at++) {
    blocks.push(createHash('sha256').update(`${name} ${at}`).digest());
  }
  return Buffer.concat(blocks, Math.max(size, 0));
}
