// The wait that an HTTP server asks for (Retry-After, RFC 9110 10.2.3).

/** The longest wait that a server may ask for: a day, in seconds. */
const MAX_RETRY_AFTER = 86_400;

/** Seconds of Retry-After, a number or a date by the server's own clock; undefined where it is neither. */
export function retryAfterOf(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): number | undefined {
  const text = String(headers['retry-after'] ?? '').trim();
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.parse(String(headers.date))) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(Math.ceil(seconds), 0), MAX_RETRY_AFTER);
}
