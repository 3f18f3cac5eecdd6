// Requests of /status: for someone who has signed in, and for a program with the name and password of an account.
import { send, sendText } from './answers.ts';
import { unitStatus } from './unit-status.ts';
import type { Visit } from './visit.ts';

const JSON_TYPE = { 'Content-Type': 'application/json; charset=utf-8' };

export async function answerStatus(visit: Visit, isKnown: boolean): Promise<void> {
  const { site, request, response } = visit;
  if (!isKnown) {
    const given = credentialsOf(request.headers.authorization);
    const outcome = given && (await site.logins.check(request, ...given));
    if (!outcome || 'said' in outcome) {
      response.setHeader('WWW-Authenticate', 'Basic realm="unit", charset="UTF-8"');
      return sendText(
        response,
        outcome?.status === 429 ? 429 : 401,
        outcome?.said ?? 'An account of the unit is needed.',
      );
    }
  }
  send(response, 200, `${JSON.stringify(unitStatus(site.unit), null, 2)}\n`, JSON_TYPE);
}

/** RFC 7617. */
function credentialsOf(header: string | undefined): [user: string, password: string] | undefined {
  const [, encoded = ''] = /^Basic +([A-Za-z0-9+/=]{1,1024})$/i.exec(header ?? '') ?? [];
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : [text.slice(0, colon), text.slice(colon + 1)];
}
