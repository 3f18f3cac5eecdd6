// The end of webhooks whose time is over.
import type { Webhooks } from './webhooks.ts';

/** A webhook whose time is over is shown for so long. */
const SHOWN_MS = 86_400_000;

/** Removes the webhooks that have ended a day ago. */
export async function removeEnded(webhooks: Pick<Webhooks, 'list' | 'remove'>, now: number): Promise<void> {
  for (const { name, until } of await webhooks.list())
    if (until !== undefined && until <= now - SHOWN_MS) await webhooks.remove(name);
}
