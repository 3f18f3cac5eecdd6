// What a device refuses of its wanted state, and who is to blame.
import type { Refusal } from '../presets/desired.ts';

/** Something a preset asks for that this device refuses: the preset is set aside with a fault, the others go on. */
export class Refused extends Error {
  readonly culprits: readonly Refusal[];
  constructor(culprits: readonly Refusal[]) {
    super(culprits.map(refusal => refusal.message).join('; '));
    this.culprits = culprits;
  }
}
