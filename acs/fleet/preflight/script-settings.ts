// Configuration scripts as the preflight reads them: their plain assignments to values that TLS depends on; the last one of a name
// counts. Only the unit's own reader judges everything else in a script.

import { builtinModel } from '../../../shared/model/datamodel.ts';
import type { Model } from '../../../shared/model/definitions.ts';
import { parseScriptName, withInstances } from '../../../shared/model/path.ts';
import { UserError } from '../../errors.ts';
import type { Files } from '../files/files.ts';
import type { StoredFile } from '../files/stored-file.ts';
import type { WantedTls } from './tls-settings.ts';

/** Values by path. */
type Assignments = ReadonlyMap<string, string>;

/** The assignments of scripts by `contentKey`. */
export type Scripts = ReadonlyMap<string, Assignments>;

/** A file's name and content in one text. */
export const contentKey = ({ name, sha256 }: Pick<StoredFile, 'name' | 'sha256'>): string => `${name} ${sha256}`;

const none: Assignments = new Map();
const MAX_KEPT = 200;

/** Reads the scripts that presets want, and keeps what it read for other runs. */
export class ScriptReader {
  readonly #files: Pick<Files, 'bytesOf'>;
  readonly #kept = new Map<string, Assignments>();

  constructor(files: Pick<Files, 'bytesOf'>) {
    this.#files = files;
  }

  /** @returns all scripts of these wanted states, which stay readable whatever other runs read and forget meanwhile */
  async load(wanted: Iterable<WantedTls>): Promise<Scripts> {
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
    const loaded = new Map<string, Assignments>();
    for (const { files } of wanted)
      for (const { kind, file } of files) {
        const key = contentKey(file);
        if (kind !== 'script' || loaded.has(key)) continue;
        const assignments = this.#kept.get(key) ?? (await this.#read(file));
        this.#kept.set(key, assignments);
        loaded.set(key, assignments);
      }
    return loaded;
  }

  /** A script that was deleted meanwhile, or is too large for any gateway, sets nothing. */
  async #read(file: StoredFile): Promise<Assignments> {
    try {
      return await settingsIn(await this.#files.bytesOf(file));
    } catch (error) {
      if (error instanceof UserError) return none;
      throw error;
    }
  }
}

/** Looks up the assignments of a wanted script by its name. */
export const scriptLookup =
  ({ files }: WantedTls, scripts: Scripts) =>
  (name: string): Assignments => {
    const file = files.find(entry => entry.file.name === name)?.file;
    return (file && scripts.get(contentKey(file))) ?? none;
  };

/** Of a line without white space around it. */
const assignment = /^([A-Za-z_]\w*(?:\.\w+)*(?:\[[^\]]*\](?:\.\w+)*)?)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|(\S.*))$/;

/** Values by path. Of rows, only the one named `default` is recognized, which every unit has as its first. */
async function settingsIn(script: Buffer): Promise<Assignments> {
  const model = await builtinModel('dgw');
  const found = new Map<string, string>();
  for (const line of script.toString('utf8').split(/\r?\n/)) {
    const [, name = '', quoted, bare = ''] = assignment.exec(line.trim()) ?? [];
    const path = name === '' ? undefined : pathOf(model, name);
    if (path !== undefined) found.set(path, quoted?.replace(/\\(.)/g, '$1') ?? bare);
  }
  return found;
}

function pathOf(model: Model, name: string): string | undefined {
  const parsed = parseScriptName(name);
  const found = parsed && model.variable(name);
  if (!found) return undefined;
  if (parsed.keys.length === 0) return found.parameter.path;
  return parsed.keys.some(([, value]) => value === 'default') ? withInstances(found.parameter.path, [1]) : undefined;
}
