// A CPE in session whose faults quote no secret: some devices repeat the value that they refuse.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import { secretsIn } from '../../../shared/cwmp/redaction.ts';
import { withoutTexts, withoutUrlSecrets } from '../../../shared/model/secret-names.ts';
import type { Cpe } from '../common/ports.ts';

/** Wraps a CPE: the secrets of a call become `***` in the fault that answers it. */
export function discreet(cpe: Cpe, isSecret: (name: string) => boolean): Cpe {
  return {
    call: async (method, args) => {
      try {
        return await cpe.call(method, args);
      } catch (error) {
        if (error instanceof CwmpFault) silence(error, secretsIn(args, isSecret));
        throw error;
      }
    },
  };
}

function silence(fault: CwmpFault, secrets: readonly string[]): void {
  const silent = (text: string): string => withoutUrlSecrets(withoutTexts(text, secrets));
  fault.message = silent(fault.message);
  for (const [at, parameter] of fault.parameters.entries())
    fault.parameters[at] = { ...parameter, message: silent(parameter.message) };
}
