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
 * `planned`: waits for its wave. `offered`: the image is desired, the Download has not left. `downloading`: it has. `installed`: an Inform
 * reported the new version. `soaking`: a session with it ended well. `reverted`: back on the version before. A position leaves `failed`
 * only through an operator, or by late evidence.
 */
export type RolloutState = (typeof rolloutStates)[number];

/** The position of a device in a rollout, which only operations change. Times in milliseconds. */
export interface RolloutPosition {
  id: string;
  /** From 1; 0 for one that was skipped before it had any. */
  wave: number;
  state: RolloutState;
  /** The image: stored file, its SHA-256, and the version that the device reports once it runs it. */
  file: string;
  fileHash: string;
  version: string;
  /** The product class that the image is for; '' for any. */
  productClass: string;
  /** Time zone of the device's window; '' for that of the rollout. */
  zone: string;
  soakMs: number;
  /** The longest silence between two steps before the position fails. */
  timeoutMs: number;
  /** The version before. */
  previous?: string;
  /** Times at which the state was entered: the current one, and all of this attempt. */
  since: number;
  times: Partial<Record<RolloutState, number>>;
  /** Time of the next check, whatever the device reports. */
  due?: number;
  /** End of the window, until which an offer counts. */
  until?: number;
  /** Its Download, and the time at which the device reported that it took the image. */
  task?: string;
  took?: number;
  /** The device has restarted since the Download left. */
  booted?: true;
  /** Offers so far. */
  attempts: number;
  reason?: string;
  /** Of a failure: a late report of the new version disproves `transfer`, nothing disproves `health`. */
  cause?: 'transfer' | 'health';
  /** The image is the one that it ran before the rollout. */
  back?: true;
  /** Presets decide the firmware again. */
  released?: true;
  /** The position in an earlier rollout, which counts until this one has changed the device. */
  before?: RolloutPosition;
}
