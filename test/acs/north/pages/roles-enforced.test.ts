// x-role of the description, tried out: each operation with each role, with a role that names it, and with none.
import assert from 'node:assert/strict';
import { includesLevel, levels } from '../../../../acs/fleet/access/rights.ts';
import { describe as describeApi } from '../../../../acs/north/openapi.ts';
import { operations } from '../../../../acs/north/operations.ts';
import { type Answer, type TestApi, testApi } from '../../../support/acs/api.ts';

interface Call {
  operationId: string;
  'x-role': (typeof levels)[number];
  'x-scope': string;
  security?: unknown[];
}

const described = callsOf();

describe('x-role of the description', () => {
  let api: TestApi;
  const tokens = new Map<string, string>();
  before(async () => {
    api = await testApi();
    for (const role of levels) {
      const { json } = await api.call('POST', '/tokens', { body: { name: role, role } });
      tokens.set(role, String(json.token));
    }
  });
  after(async () => await api.close());

  /** A call that is refused after the rights were judged at the latest: its names and its body are of nothing. */
  const attempt = async (method: string, path: string, token: string | undefined): Promise<Answer> =>
    await api.call(method, path.replace(/\{\w+\}/g, 'x'), { token, body: method === 'GET' ? undefined : {} });
  const isForbidden = ({ status, json }: Answer): boolean => status === 403 && json.code === 'forbidden';

  for (const { method, path, call } of described) {
    const { operationId: name, 'x-role': needed } = call;
    it(`of ${name} is what is enforced`, async () => {
      const isOpen = call.security?.length === 0;
      if (!isOpen) assert.equal((await attempt(method, path, undefined)).status, 401);
      // Where it is allowed the stream of events answers without an end (live-rights.test.ts).
      for (const role of name === 'streamEvents' ? [] : levels) {
        const answer = await attempt(method, path, tokens.get(role));
        const isAllowed = isOpen || call['x-scope'] === 'self' || includesLevel(role, needed);
        assert.equal(isForbidden(answer), !isAllowed, `${role}: ${answer.status} ${answer.text.slice(0, 300)}`);
      }
    });
  }
});

function callsOf(): { method: string; path: string; call: Call }[] {
  const { paths } = describeApi(operations) as { paths: Record<string, Record<string, Call>> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, call]) => ({ method: method.toUpperCase(), path, call })),
  );
}
