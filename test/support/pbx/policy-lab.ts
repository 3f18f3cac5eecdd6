// An exchange with extensions under security policies, and telephones of chosen products, for tests.
import assert from 'node:assert/strict';
import type { Pbx } from '../../../pbx/app.ts';
import { type Change, defaultSettings, type Extension, type PolicyNumber } from '../../../pbx/exchange/data.ts';
import { Exchange } from '../../../pbx/exchange/exchange.ts';
import type { TerminalSource } from '../../../pbx/exchange/terminals.ts';
import type { Protocol } from '../../../shared/sip/flow-types.ts';
import { pbxLab } from '../cpe/pbx-lab.ts';
import type { Softphone } from '../cpe/softphone.ts';

/** User-Agent of a secure terminal, and of an insecure one of the same maker. */
export const SECURE = 'Mitel 6867i/5.1.0';
export const INSECURE = 'DBC 422 01/R1';

/** Changes that make a SIP extension: with security exception, without code, for one terminal unless the facts differ. */
export function extension(dir: string, facts: Partial<Extension> & { code?: string } = {}): Change[] {
  const { code, ...rest } = facts;
  const row = { dir, lim: 1, csp: 1, customer: 0, securityException: true, thirdPartyClient: false, maxTerminals: 1 };
  return [
    { table: 'extensions', key: dir, row: { ...row, ...rest } },
    { table: 'ipExtensions', key: dir, row: { dir, protocol: 'SIP' } },
    ...(code === undefined ? [] : [codeChange(dir, code)]),
  ];
}

const codeChange = (dir: string, code: string): Change => ({
  table: 'authorizationCodes',
  key: `dir:${dir}`,
  row: { code, dir, customer: 0, csp: 1, cil: '', isRestricted: false },
});

export const policyChange = (policy: PolicyNumber): Change => ({
  table: 'settings',
  key: 'system',
  row: { ...defaultSettings, policy },
});

export function sipTerminals({ sources }: Pbx): TerminalSource {
  const [source] = sources;
  assert.ok(source);
  return source;
}

/** For use in a `describe`: as `pbxLab`, with exchanges made of changes. */
export function policyLab() {
  const { start, phone, statusOf } = pbxLab();
  const system = (...changes: Change[][]): Promise<Pbx> => start({ exchange: Exchange.inMemory(changes.flat()) });
  const telephone = (
    pbx: Pbx,
    dir: string,
    protocol: Protocol,
    { userAgent = SECURE, password = 'wrong' }: { userAgent?: string; password?: string } = {},
  ): Promise<Softphone> => phone(pbx, dir, protocol, { userAgent, password });
  const registered = async (...args: Parameters<typeof telephone>): Promise<Softphone> => {
    const made = await telephone(...args);
    assert.equal((await made.register()).status, 200);
    return made;
  };
  return { system, telephone, registered, statusOf };
}
