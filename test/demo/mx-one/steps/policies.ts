// 5.2 and 6.2 of the vendor's description: policies are set, and count for who registers after that.
import { type Detail, expect } from '../../observe.ts';
import { executed, lastRefusal, notExecuted, registrationBy } from '../observe.ts';
import type { MxOneWorld } from '../world.ts';

export const MITEL = 'Mitel 6867i/5.1.0';
export const OTHER = 'AnyPhone 1.0';

/** 6.2.3: all secure, and an exception for one number. */
export async function extensionException(world: MxOneWorld, detail: Detail, signal: AbortSignal): Promise<string> {
  const before = await world.exchange.registrations();
  await executed(world, 'sec_policy -set 2');
  expect((await world.exchange.registrations()).length === before.length, 'a registration has ended');
  const insecure = await world.telephone('4300', '', { userAgent: OTHER, protocol: 'udp' });
  expect((await insecure.register()).status === 200, 'the number with security exception is not registered');
  const inClear = await world.telephone('4200', '8642', { userAgent: MITEL, protocol: 'udp' });
  const refused = await inClear.register();
  expect(refused.status === 403, `a secure telephone in clear gets ${refused.status}`);
  const secure = await world.telephone('4200', '8642', { userAgent: MITEL, protocol: 'tls' });
  expect((await secure.register()).status === 200, 'a secure telephone is not registered over TLS');
  detail.exception = await registrationBy(world, '4300', 'Table 3 row 4', signal);
  detail.secure = await registrationBy(world, '4200', 'Table 3 row 3', signal);
  detail.refusal = await lastRefusal(world, '4200');
  detail.warning = refused.headers.get('Warning');
  return '4300 in clear by Table 3 row 4; 4200 in clear refused by Table 3 row 3, over TLS registered';
}

/** 5.2 and 6.2.2: All secure is refused while there is an exception, and set once there is none. */
export async function allSecure(world: MxOneWorld, detail: Detail): Promise<string> {
  detail.refused = await notExecuted(world, 'sec_policy -set 1');
  expect(
    (detail.refused as string[]).includes('DIRECTORY NUMBERS WITH SECURITY EXCEPTION EXIST'),
    `it prints ${String(detail.refused)}`,
  );
  await executed(world, 'auth_code -i -d 4300 --auth-code 9753 --csp 1 --cil 4300');
  await executed(world, 'extension -c -d 4300 --security-exception no');
  await executed(world, 'sec_policy -set 1');
  detail.back = await notExecuted(world, 'extension -c -d 4300 --security-exception yes');
  detail.policy = await executed(world, 'sec_policy -print');
  const registrations = await world.exchange.registrations();
  expect(registrations.length === 5, `${registrations.length} registrations are left`);
  detail.registrations = registrations.map(({ user, row }) => ({ user, row }));
  return 'NOT EXECUTED with exceptions, then executed; 5 registrations stay as they were';
}

/** 6.4.1.2 and 6.2.1: media encryption stays on under a policy; without one every terminal registers. */
export async function noPolicy(world: MxOneWorld, detail: Detail, signal: AbortSignal): Promise<string> {
  detail.refused = await notExecuted(world, 'media_encryption_disable -type extension');
  await executed(world, 'sec_policy -remove');
  await executed(world, 'media_encryption_disable -type extension');
  const telephone = await world.telephone('4300', '9753', { userAgent: OTHER, protocol: 'udp' });
  expect((await telephone.register()).status === 200, 'the telephone is refused without a policy');
  detail.registration = await registrationBy(world, '4300', 'Table 1 row 6', signal);
  return 'encryption could not be switched off under a policy; without one 4300 registers in clear, Table 1 row 6';
}
