// What a configuration script sets of the values that TLS hangs on: its plain assignments, the last of a name counts. The unit's own
// reader is the judge of everything else in it.
import { builtinModel } from '../../../shared/model/datamodel.ts';
import type { Model } from '../../../shared/model/definitions.ts';
import { parseScriptName, withInstances } from '../../../shared/model/path.ts';

const assignment = /^\s*([A-Za-z_]\w*(?:\.\w+)*(?:\[[^\]]*\])?(?:\.\w+)*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|(\S.*?))\s*$/;

/** Values by path. Rows other than those of the gateway that every unit has are not told apart here. */
export async function settingsIn(script: Buffer): Promise<ReadonlyMap<string, string>> {
  const model = await builtinModel('dgw');
  const found = new Map<string, string>();
  for (const line of script.toString('utf8').split(/\r?\n/)) {
    const [, name = '', quoted, bare = ''] = assignment.exec(line) ?? [];
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
