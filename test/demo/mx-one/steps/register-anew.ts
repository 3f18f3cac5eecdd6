// 5.2 of the vendor's description, step 3: all terminals are unregistered, and the policy decides when they register anew.
import { type Detail, expect, until } from '../../observe.ts';
import { atRest, choosePreset, executed, lastRefusal, registrationBy } from '../observe.ts';
import type { MxOneWorld } from '../world.ts';
import { MITEL, OTHER } from './policies.ts';

/** The terminals are told to read their configuration. Gateways do so by an Inform to their ACS, which has a preset for the new policy. */
export async function unregister(world: MxOneWorld, detail: Detail, signal: AbortSignal): Promise<string> {
  const gatewaysRest = await choosePresets(world, 1);
  const mark = world.lines.wire.length;
  await executed(world, 'extension_unregistration');
  const inform = await until('no Inform after check-sync', signal, () =>
    world.lines.wire.slice(mark).find(({ body }) => body.kind === 'request' && body.method === 'Inform'),
  );
  const { body } = inform;
  detail.inform = body.kind === 'request' && body.method === 'Inform' ? body.args : undefined;
  await gatewaysRest(signal);
  detail.rtpMode = world.lines.gateway.device.config.variable('Mipt.DefaultSecurityRtpMode');
  expect(detail.rtpMode === 'Secure', `SRTP is ${String(detail.rtpMode)}`);
  return `NOTIFY check-sync, Inform, and the preset of policy 1: SRTP ${String(detail.rtpMode)}, without fallback`;
}

export async function registerAnew(world: MxOneWorld, detail: Detail, signal: AbortSignal): Promise<string> {
  const lines = [];
  for (const dir of ['4100', '4101', '4150']) lines.push(await registrationBy(world, dir, 'Table 2 row 3', signal));
  const secure = await world.telephone('4200', '8642', { userAgent: MITEL, protocol: 'tls' });
  expect((await secure.register()).status === 200, 'the secure telephone is refused');
  lines.push(await registrationBy(world, '4200', 'Table 2 row 3', signal));
  const insecure = await world.telephone('4300', '9753', { userAgent: OTHER, protocol: 'udp' });
  expect((await insecure.register()).status === 403, 'the insecure telephone is not refused');
  const refusal = await lastRefusal(world, '4300');
  expect(refusal?.row === 'Table 2 row 4', `refused by ${refusal?.row}`);
  const all = await world.exchange.registrations();
  expect(all.length === 4 && all.every(one => one.signalling === 'encrypted'), 'a registration is not encrypted');
  detail.registrations = lines;
  detail.refusal = refusal;
  return '4100, 4101, 4150 and 4200 encrypted by Table 2 row 3; 4300 refused by Table 2 row 4';
}

/** 6.2.4: for SIP terminals this policy is as All secure. */
export async function typeException(world: MxOneWorld, detail: Detail, signal: AbortSignal): Promise<string> {
  const gatewaysRest = await choosePresets(world, 3);
  await executed(world, 'sec_policy -set 3');
  await executed(world, 'extension_unregistration');
  await gatewaysRest(signal);
  const lines = [];
  for (const dir of ['4100', '4101', '4150']) lines.push(await registrationBy(world, dir, 'Table 4 row 3', signal));
  const insecure = await world.telephone('4300', '9753', { userAgent: OTHER, protocol: 'udp' });
  expect((await insecure.register()).status === 403, 'the insecure telephone is not refused');
  detail.registrations = lines;
  const refusal = await lastRefusal(world, '4300');
  detail.refusal = refusal;
  return `lines and trunk by Table 4 row 3; 4300 refused by ${refusal?.row}, as under policy 1`;
}

/** Chooses the preset of a policy for both gateways. Returns the wait until they have it. */
async function choosePresets(world: MxOneWorld, policy: 1 | 3): Promise<(signal: AbortSignal) => Promise<void>> {
  const units = [world.lines, world.trunk];
  const before: unknown[] = [];
  for (const unit of units) before.push(await choosePreset(world, unit, policy));
  return async signal => {
    for (const [at, unit] of units.entries()) await atRest(world, unit, before[at], signal);
  };
}
