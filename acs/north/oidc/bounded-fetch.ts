// Requests to an identity provider: bounded in number, time and size, and told apart where nothing, or a server's failure, came back.
import { messageOf } from '../../../shared/errors.ts';
import { gathered } from '../bounded-bytes.ts';

/** A whole answer; documents and tokens of real providers have a few kilobytes. */
export const MAX_ANSWER = 1024 * 1024;
/** Requests at the same time: strangers can bring them about. */
const MAX_AT_ONCE = 50;

/** Thrown when a provider gives no answer that says anything. */
export class ProviderUnavailable extends Error {
  override readonly name = 'ProviderUnavailable';
}

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** @returns a fetch that throws ProviderUnavailable @param send the fetch of the platform */
export function boundedFetch(send: Fetch): Fetch {
  let running = 0;
  return async (url, init) => {
    if (running >= MAX_AT_ONCE) throw new ProviderUnavailable(`${running} requests to it run already`);
    running++;
    try {
      const { host } = new URL(url);
      const answer = await sent(send, url, init);
      if (answer.status >= 500) throw new ProviderUnavailable(`${host} answers ${answer.status}`);
      const { status, headers } = answer;
      return new Response(bodiless.has(status) ? null : new Uint8Array(await bodyOf(answer, host)), {
        status,
        headers,
      });
    } finally {
      running--;
    }
  };
}

/** Statuses that `Response` takes no body with. */
const bodiless: ReadonlySet<number> = new Set([204, 205, 304]);

async function sent(send: Fetch, url: string, init: RequestInit): Promise<Response> {
  try {
    return await send(url, init);
  } catch (error) {
    throw unavailable(new URL(url).host, error);
  }
}

async function bodyOf(answer: Response, host: string): Promise<Buffer> {
  const refusal = () => new ProviderUnavailable(`${host} answers with more than ${MAX_ANSWER} bytes`);
  try {
    return await gathered(answer.body ?? [], MAX_ANSWER, refusal);
  } catch (error) {
    throw error instanceof ProviderUnavailable ? error : unavailable(host, error);
  }
}

function unavailable(host: string, error: unknown): ProviderUnavailable {
  const isLate = error instanceof DOMException && error.name === 'TimeoutError';
  const { cause } = error as { cause?: unknown };
  return new ProviderUnavailable(isLate ? `${host} does not answer in time` : `${host}: ${messageOf(cause ?? error)}`);
}
