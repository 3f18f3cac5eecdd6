// A CPE in session whose calls follow its quirks.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { Arguments, CpeMethod, ParameterValue, Results } from '../../../shared/cwmp/methods.ts';
import type { Cpe } from '../common/ports.ts';
import type { Quirks } from '../common/quirks.ts';

/** Wraps a CPE: calls are rewritten and split as its quirks require. */
export function adapted(cpe: Cpe, quirks: Quirks, root: string): Cpe {
  const { namesAtOnce = Number.POSITIVE_INFINITY } = quirks;
  return {
    call: async (method, args) => {
      const sent = rewritten(method, args as object, quirks, root) as typeof args;
      const { ParameterNames: names } = sent as { ParameterNames?: string[] };
      if (!names || names.length <= namesAtOnce) return await cpe.call(method, sent);
      return (await inParts(cpe, method, names, namesAtOnce)) as Results<typeof method>;
    },
  };
}

export function rewritten(method: CpeMethod, args: object, quirks: Quirks, root: string): object {
  if (method === 'GetParameterNames' && quirks.namesRoot) {
    const { ParameterPath } = args as Arguments<'GetParameterNames'>;
    return { ...args, ParameterPath: ParameterPath || root };
  }
  if (method !== 'SetParameterValues' || quirks.dateTimes === undefined) return args;
  const { ParameterList } = args as { ParameterList: ParameterValue[] };
  return { ...args, ParameterList: ParameterList.map(withMilliseconds) };
}

export function withMilliseconds(entry: ParameterValue): ParameterValue {
  if (entry.Type !== 'xsd:dateTime') return entry;
  return { ...entry, Value: entry.Value.replace(/^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?=Z|[+-]|$)/, '$1.000') };
}

/** A list of names is answered by a list: the answers to the parts make up the whole. */
async function inParts(cpe: Cpe, method: CpeMethod, names: string[], size: number): Promise<unknown> {
  if (method !== 'GetParameterValues' && method !== 'GetParameterAttributes')
    throw new CwmpFault(9003, `${method} with ${names.length} names`);
  const list: unknown[] = [];
  for (let at = 0; at < names.length; at += size) {
    const part = await cpe.call(method, { ParameterNames: names.slice(at, at + size) });
    for (const entry of part.ParameterList) list.push(entry);
  }
  return { ParameterList: list };
}
