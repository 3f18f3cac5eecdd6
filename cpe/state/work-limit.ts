// The work that one request may cause: many names that each stand for many parameters must not hold up the unit.
import { CwmpFault } from '../../shared/cwmp/faults.ts';

/** Parameters that one request may reach, each counted as often as it is named: our choice, some twenty times a whole DGW. */
const MAX_REACHED = 50_000;

export class WorkLimit {
  #left = MAX_REACHED;

  /** @returns the parameters that were reached @throws CwmpFault 9004 */
  counted<T>(parameters: readonly T[]): readonly T[] {
    this.#left -= parameters.length;
    if (this.#left >= 0) return parameters;
    throw new CwmpFault(9004, `more than ${MAX_REACHED} parameters are too many for one request`);
  }
}
