// The calls of a user agent as a counter of them sees it.
import type { Call } from './call.ts';

export interface CallWatch {
  /** A call is asked for: by a peer, or by the unit. */
  begun(user: string, direction: Call['direction']): void;
  /** It came to nothing. */
  failed(user: string, direction: Call['direction']): void;
  /** It was answered and its media is settled. */
  up(call: Call): void;
  /** One that was up ends, and neither side has hung up. */
  lost(user: string): void;
}
