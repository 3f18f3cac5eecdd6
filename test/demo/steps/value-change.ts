// An active notification of a change that is made on the page of the unit.
import { type Detail, eventText, expect, informWith, mark } from '../observe.ts';
import type { DemoWorld } from '../world.ts';

export async function valueChange(world: DemoWorld, detail: Detail, signal: AbortSignal): Promise<string> {
  const name = 'Device.X_0090F8_Mipt.DefaultSecurityRtpMode';
  const task = await world.api('POST', `/devices/${world.a.id}/tasks?wait=15`, {
    method: 'SetParameterAttributes',
    args: {
      ParameterList: [
        { Name: name, NotificationChange: true, Notification: 2, AccessListChange: false, AccessList: [] },
      ],
    },
  });
  expect(task.state === 'done', `SetParameterAttributes ended ${task.state}: ${JSON.stringify(task.fault ?? '')}`);
  const start = mark(world);
  // Someone weakens the media security on the unit's own page.
  await world.a.gateway.device.config.set([{ name, value: 'SecureWithFallback' }], 'web');
  const inform = await informWith(world, world.a, '4 VALUE CHANGE', start, signal);
  const reported = inform.ParameterList.find(value => value.Name === name);
  expect(reported?.Value === 'SecureWithFallback', `the Inform says ${reported?.Value}`);
  detail.events = inform.Event.map(eventText);
  detail.parameter = reported;
  return `4 VALUE CHANGE: ${name.replace('Device.X_0090F8_', '')} = ${reported.Value}`;
}
