// What a device refuses of its wanted state, and who is to blame.
import type { Culprit } from '../presets/desired.ts';

/** Something a preset asks for that this device refuses: the preset is set aside with a fault, the others go on. */
export class Refused extends Error {
  readonly culprits: readonly Culprit[];
  constructor(culprits: readonly Culprit[]) {
    super(culprits.map(culprit => culprit.message).join('; '));
    this.culprits = culprits;
  }
}
