// A data model: every object and parameter a CPE may have, read from a Broadband Forum document. Immutable and shared.

import { readFile } from 'node:fs/promises';
import { buildModel } from './catalog.ts';
import type { LoadOptions, Model } from './definitions.ts';
import { readDocument } from './document.ts';

/**
 * Reads a data-model document in the Broadband Forum's format.
 * @param source XML text
 * @throws UserError 400 `bad-model`, naming what is wrong
 */
export async function loadModel(source: string | Buffer, options: LoadOptions = {}): Promise<Model> {
  return buildModel(await readDocument(source, options));
}

const cache = new Map<string, Promise<Model>>();

/** The models that come with the program; read once, on first use. */
export function builtinModel(name: 'dgw' | 'device'): Promise<Model> {
  let model = cache.get(name);
  if (!model) {
    model = readSchema(`${name}.xml`).then(text => loadModel(text));
    cache.set(name, model);
  }
  return model;
}

/** schemas/ lies two levels up from the sources and three up from the compiled files. */
async function readSchema(file: string): Promise<Buffer> {
  try {
    return await readFile(new URL(`../../schemas/${file}`, import.meta.url));
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error;
    return readFile(new URL(`../../../schemas/${file}`, import.meta.url));
  }
}
