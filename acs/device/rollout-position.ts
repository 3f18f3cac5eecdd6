// The position of a device in a rollout, as its row holds it. Its transitions are in rollout-transitions.ts.

export const rolloutStates = [
  'planned',
  'offered',
  'downloading',
  'installed',
  'soaking',
  'done',
  'failed',
  'skipped',
  'reverted',
] as const;

/**
 * `planned`: waits for its wave. `offered`: the image is wanted, the Download has not left. `downloading`: it has. `installed`: an Inform
 * told the new version. `soaking`: and a session with it ended well. `reverted`: back on what it ran before. From `failed` on only an
 * operator leads on, or evidence that comes late.
 */
export type RolloutState = (typeof rolloutStates)[number];

/** Where a device stands in a rollout; changed by the operations below alone (rules: store/position.ts). Times in milliseconds. */
export interface RolloutPosition {
  id: string;
  /** From 1; 0 for one that was skipped before it had any. */
  wave: number;
  state: RolloutState;
  /** The image: stored file, SHA-256 of it, and what the device reports once it runs it. */
  file: string;
  fileHash: string;
  version: string;
  /** Only devices of it; '' for any. */
  productClass: string;
  /** Time zone of the device's window, where that is not the rollout's. */
  zone: string;
  soakMs: number;
  /** How long nothing may be heard. */
  timeoutMs: number;
  /** What it ran before. */
  previous?: string;
  /** When the state was entered, this one and the earlier ones of this attempt. */
  since: number;
  times: Partial<Record<RolloutState, number>>;
  /** When it is to be looked at again, whatever is heard. */
  due?: number;
  /** An offer counts until then: the window closes. */
  until?: number;
  /** Its Download, and when the device said that it took the image. */
  task?: string;
  took?: number;
  /** It has restarted since the Download left. */
  booted?: true;
  /** Offers so far. */
  attempts: number;
  reason?: string;
  /** Of a failure: `transfer` is disproved by the new version when it is told after all, `health` by nothing. */
  cause?: 'transfer' | 'health';
  /** The image is what it ran before the rollout. */
  back?: true;
  /** A preset names the same version: what presets say counts again. */
  released?: true;
  /** The position in an earlier rollout, which counts until this one has moved the device. */
  before?: RolloutPosition;
}
