// Reads that are too large for a device (fault 9004, TR-069 A.3.2.2), split into smaller ones.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { ParameterValue } from '../../../shared/cwmp/methods.ts';
import { MAX_PARAMETERS } from '../common/context.ts';
import { type Cpe, OversizedAnswer } from '../common/ports.ts';

/** RPCs that one read may be split into. */
const MAX_CALLS = 2000;

/** Wraps a CPE: its GetParameterValues is split for as long as the answer is 9004. @param most values that all parts may have */
export function splitting(cpe: Cpe, most = MAX_PARAMETERS): Cpe {
  return {
    call: async (method, args) => {
      try {
        return await cpe.call(method, args);
      } catch (error) {
        if (method !== 'GetParameterValues' || !isTooLarge(error)) throw error;
        const { ParameterNames } = args as unknown as { ParameterNames: string[] };
        return { ParameterList: await inPieces(cpe, ParameterNames, error, most) } as never;
      }
    },
  };
}

const isTooLarge = (error: unknown): error is CwmpFault => error instanceof CwmpFault && error.code === 9004;

/** @param names too large a read together */
async function inPieces(cpe: Cpe, names: string[], refused: CwmpFault, most: number): Promise<ParameterValue[]> {
  const found: ParameterValue[] = [];
  let calls = 0;
  /** A stack, whose top is the next piece in the order of the names. */
  const waiting: string[][] = (await halves(cpe, names, refused)).reverse();
  for (let piece = waiting.pop(); piece; piece = waiting.pop()) {
    if (++calls > MAX_CALLS) throw refused;
    try {
      for (const value of (await cpe.call('GetParameterValues', { ParameterNames: piece })).ParameterList)
        found.push(value);
      if (found.length > most) throw new OversizedAnswer('GetParameterValues', found.length, most);
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      waiting.push(...(await halves(cpe, piece, error)).reverse());
    }
  }
  return found;
}

/** Halves a list; a single partial path is replaced by the names just below it. @throws the refusal when there is nothing smaller */
async function halves(cpe: Cpe, names: string[], refused: CwmpFault): Promise<string[][]> {
  let parts = names;
  const [only = ''] = names;
  if (names.length === 1) {
    if (only !== '' && !only.endsWith('.')) throw refused;
    const { ParameterList } = await cpe.call('GetParameterNames', { ParameterPath: only, NextLevel: true });
    // A name that is not below would make this endless.
    parts = ParameterList.map(({ Name }) => Name).filter(name => name.length > only.length && name.startsWith(only));
  }
  if (parts.length === 0) throw refused;
  const middle = Math.ceil(parts.length / 2);
  return [parts.slice(0, middle), parts.slice(middle)].filter(part => part.length > 0);
}
