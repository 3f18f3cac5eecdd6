// Trust: the gateway connects once its clock is set and it has the CA, and not before.
import { type Detail, expect, installCa, lastSession, mark, removeCa, sessionAfter } from '../observe.ts';
import type { DemoWorld } from '../world.ts';

export async function trust(world: DemoWorld, detail: Detail, signal: AbortSignal): Promise<string> {
  const { gateway } = world.a;
  const before = mark(world);
  const unset = await lastSession(world.a, signal);
  expect(!unset.ok && unset.error, 'a gateway whose clock is not set connected');
  expect(gateway.device.now() === undefined, 'the clock is set already');
  detail.clockUnset = { accepted: false, reason: unset.error.message };

  world.timeIsOn = true;
  await removeCa(world.a);
  await gateway.powerOff();
  const noCa = await sessionAfter(world.a, signal, () => gateway.boot());
  expect(!noCa.ok && noCa.error, 'a gateway without a CA connected');
  expect(gateway.device.now() !== undefined, 'SNTP did not set the clock');
  detail.noCa = { accepted: false, reason: noCa.error.message };
  expect(mark(world) === before, 'something was said to a server that was not trusted');

  await installCa(world, world.a);
  await gateway.powerOff();
  const both = await sessionAfter(world.a, signal, () => gateway.boot());
  expect(both.ok, `refused with clock and CA: ${both.error?.message}`);
  detail.clockAndCa = { accepted: true, tls: both.tls };
  return `clock unset: refused; no CA: refused; both there: accepted, ${both.tls?.version}`;
}
