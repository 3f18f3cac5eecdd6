// The error for parts of the desired state that a device refuses.
import type { Refusal } from '../presets/desired.ts';

/** Each refusal suspends its preset with a fault; the rest of the desired state is still brought about. */
export class Refused extends Error {
  readonly refusals: readonly Refusal[];
  constructor(refusals: readonly Refusal[]) {
    super(refusals.map(({ message }) => message).join('; '));
    this.refusals = refusals;
  }
}
