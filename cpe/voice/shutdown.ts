// The orderly end of a user agent: the last requests, for a bounded time.
import { sleepOrAbort } from '../../shared/abort.ts';
import { messageOf } from '../../shared/errors.ts';
import type { UserAgentEnv } from './settings.ts';
import type { SipStack } from './stack.ts';

type Env = Pick<UserAgentEnv, 'clock' | 'log'>;

/** Most time for hanging up and unregistering. */
const SHUTDOWN_MS = 2000;

/** Runs `finish`, but waits for it no longer than SHUTDOWN_MS. Never rejects for it. */
async function withinShutdownTime({ clock, log }: Env, finish: () => Promise<void>): Promise<void> {
  const limit = new AbortController();
  const timeout = sleepOrAbort(clock, SHUTDOWN_MS, limit.signal);
  const failed = (error: unknown): void => log.warn('SIP gateway shutdown failed', { reason: messageOf(error) });
  await Promise.race([finish().catch(failed), timeout]);
  limit.abort();
}

/** Ends the work of a user agent. @param silent sends nothing, as in a power cut */
export async function shutDown(env: Env, stack: SipStack, silent: boolean): Promise<void> {
  stack.stopWork();
  if (!silent) await withinShutdownTime(env, () => stack.leave());
  await stack.close();
}
