// Calls about the server itself: how it is reached, whether it can work, what it keeps.
import type { Static } from 'typebox';
import type * as histories from '../../../north/schemas/monitoring/history.ts';
import type * as schemas from '../../../north/schemas/monitoring/server.ts';
import type * as settings from '../../../north/schemas/settings.ts';
import { call } from '../call.ts';
import { Problem } from '../problem.ts';

export type Server = Static<typeof schemas.server>;
export type HistoryRule = Static<typeof histories.historyRule>;
export type SecretsSetting = Static<typeof settings.secretsSetting>;

export const getServer = async (signal?: AbortSignal): Promise<Server> => await call('GET', '/server', { signal });

export interface Readiness {
  isReady: boolean;
  /** The reason why not. */
  reason: string;
}

/** Asks outside of the API, as a load balancer does. @throws Problem where no answer comes */
export async function getReadiness(signal?: AbortSignal): Promise<Readiness> {
  try {
    const answer = await fetch('/readyz', signal ? { signal } : {});
    return { isReady: answer.ok, reason: (await answer.text()).slice(0, 500) };
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem(0, { detail: String(error) });
  }
}

/** Undefined where no setting is stored. */
async function setting<T>(path: string, signal?: AbortSignal): Promise<T | undefined> {
  try {
    return await call<T>('GET', path, { signal });
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return undefined;
    throw error;
  }
}

export const getHistoryRule = async (signal?: AbortSignal): Promise<HistoryRule | undefined> =>
  await setting('/settings/history', signal);
export const putHistoryRule = async (rule: HistoryRule): Promise<HistoryRule> =>
  await call('PUT', '/settings/history', { body: rule });

export const getSecretNames = async (signal?: AbortSignal): Promise<readonly string[]> =>
  (await setting<SecretsSetting>('/settings/secrets', signal))?.names ?? [];
export const putSecretNames = async (names: readonly string[]): Promise<void> =>
  await call('PUT', '/settings/secrets', { body: { names } });
